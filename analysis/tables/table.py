"""A table as data: what is in its cells, before it is text of any kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Mark = Literal["", "best", "not_worse"]
"""`best` of its column; `not_worse`: not shown to be worse than the best, by a corrected p."""


@dataclass(frozen=True, kw_only=True)
class TableCell:
    """One cell: words, or a share of 1 with what is known of its spread.

    `sd` is over seeds, `low` and `high` an interval; all are shares of 1. A value of None is
    missing or undefined, never 0. Beside a value `text` is a sign such as † that a note explains.
    """

    text: str = ""
    value: float | None = None
    sd: float | None = None
    low: float | None = None
    high: float | None = None
    mark: Mark = ""


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table with one head row; `notes` say what its numbers are and belong below it."""

    name: str
    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[TableCell, ...], ...]
    notes: tuple[str, ...] = ()
