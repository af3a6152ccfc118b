"""How a tested generator relates to what a fit was trained on: itself, a near copy, its family.

A fit that began with the weights of another has seen what that one was trained on; one that began
with a file, what was stated of it.
"""

from __future__ import annotations

from typing import Literal

from analysis.matrices.lineage import SeenGenerators
from analysis.selecting.stated import UNKNOWN_FAMILY
from grid.records.experiments import NOT_TRAINED_CLASSES, FitRecord, SetRecord, TrainRecord

Relation = Literal[
    "trained", "before", "classes", "related", "family", "other", "family_unknown", "unknown"
]
RELATIONS: dict[Relation, str] = {
    "trained": "trained on this generator",
    "before": "trained on before, by a fit that it began from",
    "classes": "trained on other classes of this generator",
    "related": "trained on a near copy of it",
    "family": "trained on its family",
    "other": "trained on other families",
    "family_unknown": "family unknown",
    "unknown": "not known: it began with given weights",
}
# Generators that are new to a fit. Near copies of a trained one are not, nor are its classes, nor
# what an ancestor was trained on; of given weights only what was stated of them is known.
UNSEEN: tuple[Relation, ...] = ("family", "other", "family_unknown")


def relation_of(fit: FitRecord, seen: SeenGenerators, record: SetRecord) -> Relation:
    """Return how the generator of a test set relates to what a fit was trained on.

    Args:
        fit: the fit.
        seen: what it and its ancestors were trained on.
        record: the test set.
    """
    train = fit["train"]
    if record["generator"] in seen.generators:
        if train is not None and _has_other_classes(train, record):
            return "classes"
        return "trained" if record["generator"] in seen.own else "before"
    if record["generator_group"] in seen.groups:
        return "related"
    if not seen.all_known:
        return "unknown"
    if record["family"] != UNKNOWN_FAMILY and record["family"] in seen.families:
        return "family"
    is_known = UNKNOWN_FAMILY not in (record["family"], *seen.families)
    return "other" if is_known else "family_unknown"


def _has_other_classes(train: TrainRecord, record: SetRecord) -> bool:
    """Say whether a test set holds none of the classes that a fit has seen, as far as is known."""
    classes, seen = record["classes"], train.get("classes", [""])
    if isinstance(classes, list):
        return "" not in seen and not set(classes) & set(seen)
    return classes == NOT_TRAINED_CLASSES
