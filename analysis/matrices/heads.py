"""The heads of a matrix's rows and columns: their names, families and order."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from analysis.matrices.lineage import ancestors, seen_generators
from grid.records.experiments import FitRecord, SetRecord
from grid.records.weights_origin import name_of_weights

MIXED = "mixed"


@dataclass(frozen=True)
class Row:
    """What fits were trained on, in this order: `B after A`; `family` is of all of it together.

    It is MIXED where there are several, "" where none is known.
    """

    label: str
    family: str


@dataclass(frozen=True)
class Column:
    """A test set; `key` tells it from every other of the experiment, see `set_key`."""

    label: str
    family: str
    key: tuple[object, ...]


def blocks(families: Sequence[str]) -> list[tuple[str, int]]:
    """Return runs of one family, with their lengths: what is drawn as a block."""
    return [(family, len(list(run))) for family, run in groupby(families)]


def row_head(fit: FitRecord, fits: Mapping[str, FitRecord], prefix: str) -> Row:
    """Return the head of a row: its name without the prefix that all rows have, its family.

    The training sets of the fits that it began from are told, where they are others.

    Args:
        fit: one of the row's.
        fits: of the same experiment's record, by id.
        prefix: see `shared_prefix`.
    """
    before = [each["train"]["label"] for each in ancestors(fit, fits) if each["train"] is not None]
    names = dict.fromkeys((row_name(fit), *before))
    families = seen_generators(fit, fits).families
    return Row(
        label=" after ".join(name.removeprefix(prefix) for name in names),
        family=families[0] if len(families) == 1 else MIXED if families else "",
    )


def row_name(fit: FitRecord) -> str:
    """Return the name of a training set, or of given weights; fits of one name are one row."""
    if fit["train"] is not None:
        return fit["train"]["label"]
    return f"given weights {name_of_weights(fit['weights'] or {})}".strip()


def row_place(
    fit: FitRecord, families: Sequence[str], place: dict[str, int]
) -> tuple[float, float]:
    """Rows in the order of the columns, so that the diagonal is one; mixtures come last."""
    train = fit["train"]
    if train is None or len(set(train["families"])) != 1:
        return (math.inf, 0)
    family = train["families"][0]
    first = min((place.get(g, len(place)) for g in train["generators"]), default=len(place))
    return (families.index(family) if family in families else len(families), first)


def column_heads(records: Sequence[SetRecord]) -> tuple[Column, ...]:
    """Return the heads of some test sets, each with a name of its own."""
    names = [record["name"] for record in records]
    prefix = shared_prefix(names)
    made = []
    for record in records:
        label = record["name"].removeprefix(prefix)
        if names.count(record["name"]) > 1:
            label = f"{label} ({_told_apart(record, records)})"
        made.append(Column(label, record["family"], set_key(record)))
    return tuple(made)


def _told_apart(record: SetRecord, records: Sequence[SetRecord]) -> str:
    """Say what tells a test set from others of its name: its classes, else its reals."""
    same = [each["classes"] for each in records if each["name"] == record["name"]]
    classes = record["classes"]
    if all(each == classes for each in same):
        return "+".join(record["real_pools"])
    if classes is None:
        return "all classes"
    return classes.replace("_", " ") if isinstance(classes, str) else "+".join(classes)


def shared_prefix(names: Sequence[str]) -> str:
    """Return "dataset/" where all names begin with the same one."""
    prefixes = {name.partition("/")[0] if "/" in name else "" for name in names}
    return f"{prefixes.pop()}/" if len(prefixes) == 1 and "" not in prefixes else ""


def set_key(record: SetRecord) -> tuple[object, ...]:
    """Return what tells test sets apart: two may share a name and differ in classes."""
    classes = record["classes"]
    return (
        record["name"],
        tuple(classes) if isinstance(classes, list) else classes,
        tuple(record["real_pools"]),
        tuple(record["fake_pools"]),
    )
