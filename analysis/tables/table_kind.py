"""What a kind of table is, and finding all of them: one file in `tables/kinds/` is one kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import analysis.tables.kinds
from analysis.by_presence import found_in
from analysis.comparing.evidence import Evidence
from analysis.tables.table import Table

Average = Literal["macro", "pooled"]
"""Each test set counts once, or each image."""


@dataclass(frozen=True)
class Asked:
    """What the numbers of a table are to be: a metric by its name, and how means are taken."""

    metric: str
    average: Average = "macro"


@dataclass(frozen=True, kw_only=True)
class TableKind:
    """A kind of table: `make` gives the tables of an experiment.

    It gives none where there is nothing to show; `needs` then says what has to be there.
    """

    title: str
    needs: str
    make: Callable[[Evidence, Asked], Iterable[Table]]


def all_tables() -> dict[str, TableKind]:
    """Return the kinds of tables by the name of their file, sorted.

    Raises:
        TypeError: a file there assigns no TABLE.
    """
    return found_in(analysis.tables.kinds, "TABLE", TableKind)
