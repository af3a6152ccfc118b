"""What a kind of table is, and finding all of them: one file in `tables/kinds/` is one kind."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import analysis.tables.kinds
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
    found = {}
    for module in pkgutil.iter_modules(analysis.tables.kinds.__path__):
        name = module.name
        kind = getattr(importlib.import_module(f"analysis.tables.kinds.{name}"), "TABLE", None)
        if not isinstance(kind, TableKind):
            raise TypeError(
                f"analysis/tables/kinds/{name}.py: it assigns no TABLE = TableKind(...), which is "
                "what a file there is for; add it, or move the file."
            )
        found[name] = kind
    return dict(sorted(found.items()))
