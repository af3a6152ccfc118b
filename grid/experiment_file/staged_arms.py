"""An arm with stages as a chain of arms, each of which begins with the weights of the one before.

`{name: tuned, stages: [A, B]}` is the arms `tuned.stage1`, which trains as A says, and `tuned`,
which trains as B says from `weights: {from: tuned.stage1}`. So all that holds for such arms holds
for stages: what an earlier stage saw counts as seen, and each is a fit with an identity.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from grid.experiment_file.schema import Arm
from grid.experiment_file.train_spec import StageSpec
from grid.experiment_file.weights_spec import WeightsSpec


def chain_of(arm: Arm) -> list[Arm]:
    """Return the arms that an arm stands for, in order: itself, or one for each of its stages."""
    if not arm.stages:
        return [arm]
    chain: list[Arm] = []
    for number, stage in enumerate(arm.stages, 1):
        weights = arm.weights
        if chain:
            begun = {"from": chain[-1].name, "where": stage.where}
            weights = (WeightsSpec.model_validate(begun),)
        changed: dict[str, Any] = {
            "name": arm.stage_name(number),
            "train": (stage.train,) if stage.train is not None else arm.train,
            "augment": (stage.augment,) if stage.augment is not None else arm.augment,
            "recipe": (stage_recipe(arm.recipe[0], stage),),
            "weights": weights,
            "stages": (),
        }
        chain.append(arm.model_copy(update=changed))
    return chain


def unscored(arms: Iterable[Arm]) -> set[str]:
    """Return the names of the stages that are steps on the way: trained, and not tested."""
    return {
        step.name
        for arm in arms
        for step, stage in zip(chain_of(arm), arm.stages, strict=False)
        if step.name != arm.name and not stage.scored
    }


def stage_recipe(of_arm: str | dict[str, Any], stage: StageSpec) -> dict[str, Any]:
    """Return the recipe of a stage: the arm's, with what the stage says on top of it."""
    values: dict[str, Any] = {"base": of_arm} if isinstance(of_arm, str) else dict(of_arm)
    if isinstance(stage.recipe, str):
        values = {"base": stage.recipe}
    elif stage.recipe is not None:
        values = dict(stage.recipe) if "base" in stage.recipe else {**values, **stage.recipe}
    if stage.epochs is not None:
        values.pop("steps", None)
        values["epochs"] = stage.epochs
    if stage.lr is not None:
        values["lr"] = stage.lr
    if stage.freeze is not None:
        values["freeze"] = list(stage.freeze)
    return values
