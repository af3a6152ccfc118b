"""How a tested generator relates to what a fit was trained on: itself, a near copy, its family."""

from __future__ import annotations

from typing import Literal

from grid.records.experiments import NOT_TRAINED_CLASSES, FitRecord, SetRecord, TrainRecord

Relation = Literal["trained", "classes", "related", "family", "other", "family_unknown", "unknown"]
RELATIONS: dict[Relation, str] = {
    "trained": "trained on this generator",
    "classes": "trained on other classes of this generator",
    "related": "trained on a near copy of it",
    "family": "trained on its family",
    "other": "trained on other families",
    "family_unknown": "family unknown",
    "unknown": "training images unknown",
}
# Generators that are new to a fit. Near copies of a trained one are not, nor are its classes.
UNSEEN: tuple[Relation, ...] = ("family", "other", "family_unknown")
UNKNOWN_FAMILY = "unknown"


def relation_of(fit: FitRecord, record: SetRecord) -> Relation:
    """Return how the generator of a test set relates to what a fit was trained on."""
    train = fit["train"]
    if train is None:
        return "unknown"
    if record["generator"] in train["generators"]:
        return "classes" if _has_other_classes(train, record) else "trained"
    if record["generator_group"] in train["groups"]:
        return "related"
    if record["family"] != UNKNOWN_FAMILY and record["family"] in train["families"]:
        return "family"
    is_known = UNKNOWN_FAMILY not in (record["family"], *train["families"])
    return "other" if is_known else "family_unknown"


def _has_other_classes(train: TrainRecord, record: SetRecord) -> bool:
    """Say whether a test set holds none of the classes that a fit has seen, as far as is known."""
    classes, seen = record["classes"], train.get("classes", [""])
    if isinstance(classes, list):
        return "" not in seen and not set(classes) & set(seen)
    return classes == NOT_TRAINED_CLASSES
