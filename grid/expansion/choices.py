"""The product of an arm's axes, point by point, and the patterns that pick points out of it."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from data.operation_registry import Kind
from data.operations import parse
from detectors.contract import load_card
from grid.experiment_file.schema import Arm, Experiment, InputSpec
from grid.experiment_file.weights_spec import WeightsSpec
from grid.refusal import Problems, did_you_mean
from grid.sources.catalog import Catalog
from grid.sources.training_sets import TrainingSet, training_sets

_PIPELINES: dict[str, Kind] = {"augment": "augmentation", "equalise": "equalise"}


@dataclass(frozen=True)
class Choice:
    """One point of an arm's product, before it has an id."""

    arm: Arm
    detector: str
    options: Mapping[str, Any]
    training: TrainingSet | None
    input: str | InputSpec
    augment: str | None
    recipe: str | Mapping[str, Any]
    weights: WeightsSpec | None
    seed: int | None
    equalise: str

    @property
    def values(self) -> dict[str, Any]:
        """What `exclude`, `--only` and `weights: {where: ...}` can match."""
        recipe = self.recipe if isinstance(self.recipe, str) else self.recipe.get("base", "own")
        return {
            "arm": self.arm.name,
            "detector": self.detector,
            "train": self.training.label if self.training else "none",
            "augment": self.augment or "default",
            "input": self.input if isinstance(self.input, str) else self.input.model_dump(),
            "recipe": recipe,
            "seed": self.seed,
            "equalise": self.equalise,
            **{f"{self.detector}.{k}": v for k, v in self.options.items()},
        }


def choices(
    arm: Arm, experiment: Experiment, catalog: Catalog, problems: Problems
) -> Iterator[Choice]:
    """Form the product of an arm's axes."""
    all_known = all(map(_is_known, arm.detector))  # else the mistake is named elsewhere
    for detector in arm.options:
        if detector not in arm.detector and all_known:
            problems.add(
                f"arms.{arm.name}: {detector}.{next(iter(arm.options[detector]))}",
                f"the arm has no detector {detector!r}",
                did_you_mean(detector, arm.detector),
            )
    trainings: list[TrainingSet | None] = []
    for spec in arm.train:
        trainings.extend([None] if spec is None else training_sets(spec, catalog, problems))
    for detector in arm.detector:
        axes = arm.options.get(detector, {})
        for values in itertools.product(*axes.values()):
            options = dict(zip(axes, values, strict=True))
            for training, input_, augment, recipe, weights, equalise in itertools.product(
                trainings,
                arm.input,
                arm.augment,
                arm.recipe,
                arm.weights,
                arm.equalise or (experiment.equalise or "none",),
            ):
                # Given weights know neither a recipe nor a seed: one fit per checksum.
                seeds = (arm.seeds or experiment.seeds) if training is not None else (None,)
                for seed in seeds:
                    yield Choice(
                        arm,
                        detector,
                        options,
                        training,
                        input_,
                        augment,
                        recipe,
                        weights,
                        seed,
                        equalise,
                    )


def matches(values: Mapping[str, Any], pattern: Mapping[str, Any]) -> bool:
    """Whether a fit's values are those of a pattern; a list there matches any of its members."""
    return all(
        key in values
        and any(
            _comparable(key, values[key]) == _comparable(key, option)
            for option in (wanted if isinstance(wanted, list | tuple) else [wanted])
        )
        for key, wanted in pattern.items()
    )


def _comparable(key: str, value: Any) -> Any:
    """Pipelines are equal when they say the same: `blur_jpeg(p=.5)` and `blur_jpeg(p=0.5)`."""
    kind = _PIPELINES.get(key)
    if kind is not None and isinstance(value, str) and value != "default":
        with contextlib.suppress(ValueError):
            return parse(value, kind).canonical
    return value


def _is_known(detector: str) -> bool:
    try:
        load_card(detector)
    except ValueError:
        return False
    return True
