"""Names and values of arms that are wrong whatever the data: found even where data is missing.

`grid.expansion` finds the same mistakes, fit by fit; but an arm whose training images are missing
has no fits, and a user wants to mend a file once.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

from data.degradation_presets import preset_meant
from data.operations import parse
from data.view import view_of
from detectors.contract import load_card, parse_options
from detectors.recipes import resolve_recipe
from grid.experiment_file.pipelines import chosen_pipelines
from grid.experiment_file.schema import Arm, Experiment, TestSpec
from grid.experiment_file.staged_arms import chain_of
from grid.refusal import Problems, did_you_mean


def check_arms(experiment: Experiment, problems: Problems) -> None:
    """Note every detector, option, preset, recipe and operation that does not exist or fit."""
    for arm in experiment.arms:
        check_arm(arm, problems)
    check_degradations("test", experiment.test, problems)
    used = {detector for arm in experiment.arms for detector in arm.detector}
    for detector in experiment.resources:
        if detector not in used:
            problems.add(
                f"resources.{detector}", "no arm has this detector", did_you_mean(detector, used)
            )


def check_degradations(where: str, test: TestSpec, problems: Problems) -> None:
    """Note every degradation that does not exist, and is no preset either."""
    for text in test.degradations:
        try:
            view_of(degradation=text)
        except ValueError as error:
            mend = preset_meant(text) or "Correct it in the file"
            problems.add(where, str(error), mend)


def check_arm(arm: Arm, problems: Problems) -> None:
    """Note what does not exist or fit in one arm."""
    where = f"arms.{arm.name}"
    for detector in arm.detector:
        try:
            card = load_card(detector)
        except ValueError as error:
            problems.add(f"{where}.detector", str(error), "Correct the name")
            continue
        axes = arm.options.get(detector, {})
        for values in itertools.product(*axes.values()):
            given = dict(zip(axes, values, strict=True))
            _noted(where, problems, partial(parse_options, card, given))
        for chosen in arm.input:
            pipelines = _noted(
                where, problems, partial(chosen_pipelines, card, card.options(), chosen)
            )
            for text in (pipelines.train, pipelines.test) if pipelines else ():
                _noted(where, problems, partial(parse, text, "geometry"))
        recipes = [recipe for step in chain_of(arm) for recipe in step.recipe]
        for recipe in recipes if arm.train != (None,) else ():
            _noted(where, problems, partial(resolve_recipe, card, recipe))
    for text in (text for step in chain_of(arm) for text in step.augment):
        _noted(where, problems, partial(parse, text or "none", "augmentation"))
    if arm.test is not None:
        check_degradations(f"{where}.test", arm.test, problems)


def _noted(where: str, problems: Problems, resolve: Callable[[], Any]) -> Any:
    """Return what `resolve` gives, or None and a problem where it refuses."""
    try:
        return resolve()
    except ValueError as error:
        problems.add(where, str(error), "Correct it in the file")
        return None
