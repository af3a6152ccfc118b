"""The two sides that curves are drawn of: generators trained on, and others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from analysis.matrices.matrix import Matrix
from analysis.matrices.relations import UNSEEN, Relation

Found = TypeVar("Found")

OWN: tuple[Relation, ...] = ("trained",)
OTHERS: tuple[Relation, ...] = (*UNSEEN, "unknown")
"""Near copies, other classes and what an ancestor was trained on are neither."""

OWN_TITLE, OTHERS_TITLE = "trained generators", "other generators"
SIDES: dict[str, tuple[Relation, ...]] = {OWN_TITLE: OWN, OTHERS_TITLE: OTHERS}

EXPLAINED = (
    "Other generators: those not trained on as far as is known; near copies of trained ones count "
    "on neither side."
)


def of_side(
    matrix: Matrix, found: Mapping[tuple[int, int], Found], relations: Sequence[Relation]
) -> list[Found]:
    """Return what was found of a matrix's entries of some relations, by (row, column)."""
    return [
        each
        for (row, column), each in found.items()
        if (entry := matrix.entries[row][column]) is not None and entry.relation in relations
    ]
