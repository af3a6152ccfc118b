"""What an arm trains on, and by which recipe, made small."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

EPOCHS = 2
BATCH = 8
STEPS = 4
FRACTION = 0.5
MOST_CLASSES = 4  # lists of so many stay; of longer ones the square root of their length
FIRST_TOTAL, STEP_OF_TOTALS = 12, 4


def spread(arms: Iterable[Mapping[str, Any]]) -> dict[int, int]:
    """Return a small number for each `total_images`, in their order: they stay an axis."""
    totals = sorted(
        {
            train["total_images"]
            for arm in arms
            for train in trainings(arm)
            if isinstance(train.get("total_images"), int)
        }
    )
    return {total: FIRST_TOTAL + STEP_OF_TOTALS * rank for rank, total in enumerate(totals)}


def named_in_where(arms: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the training sets that `where:` names: of the generators of `each` these stay."""
    found = []
    for arm in arms:
        given = [arm.get("weights"), *(arm.get("stages") or ())]
        for each in (one for some in given for one in (some if isinstance(some, list) else [some])):
            where = each.get("where") if isinstance(each, dict) else None
            found += [str((where or {}).get("train", ""))]
    return [name for name in found if name]


def trainings(arm: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield every mapping of an arm that names training images."""
    axis = arm.get("train")
    stages = [stage.get("train") for stage in arm.get("stages") or () if isinstance(stage, dict)]
    for train in (*(axis if isinstance(axis, list) else [axis]), *stages):
        if isinstance(train, dict):
            yield train


def smaller_training(
    train: Mapping[str, Any], totals: Mapping[int, int], wanted: Iterable[str]
) -> dict[str, Any]:
    """Return a training set with few images, few steps, and at most two generators of `each`."""
    made = dict(train)
    if "each" in made:
        names = [made["each"]] if isinstance(made["each"], str) else list(made["each"])
        first = [name for name in names if name in set(wanted)]
        made["each"] = list(dict.fromkeys((*first, *names)))[:2]
    if "classes" in made:
        made["classes"] = smaller_classes(made["classes"])
    if made.get("total_images") in totals:
        made["total_images"] = totals[made["total_images"]]
    if "fraction" in made:
        made["fraction"] = max(FRACTION, made["fraction"])
    if "steps" in made:
        made["steps"] = min(STEPS, made["steps"])
    return made


def smaller_classes(classes: list[str]) -> list[str]:
    """Return the first of some classes; of longer lists more."""
    if len(classes) <= MOST_CLASSES:
        return list(classes)
    return list(classes[: max(MOST_CLASSES, math.isqrt(len(classes)))])


def smaller_label(label: str, totals: Mapping[int, int]) -> str:
    """Return how the variant calls a training set that the file calls by a label."""
    said = re.sub(r",total=(\d+)", lambda m: f",total={totals.get(int(m[1]), m[1])}", label)
    return re.sub(r",steps=(\d+)", lambda m: f",steps={min(STEPS, int(m[1]))}", said)


def smaller_recipe(recipe: Any) -> dict[str, Any]:
    """Return a recipe of the same kind: two epochs, small batches, float32."""
    made: dict[str, Any] = {"base": recipe} if isinstance(recipe, str) else dict(recipe)
    for key in ("steps", "micro_batch"):
        made.pop(key, None)
    made["epochs"] = EPOCHS
    made["batch_size"] = BATCH
    made["precision"] = "float32"
    if isinstance(made.get("views"), int):
        made["views"] = min(EPOCHS, made["views"])
    if "keep_epochs" in made:
        kept = [e for e in made["keep_epochs"] if isinstance(e, str) or e <= EPOCHS]
        made["keep_epochs"] = kept or ["selected", "last"]
    if "validate_on" not in made and "validation_fraction" not in made:
        made["validation_fraction"] = 0.25
    return made
