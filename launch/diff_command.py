"""`crossgen diff`: in which fields of their identity two fits differ."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from grid import records
from grid.refusal import Problem, Refused, did_you_mean
from grid.why import differing_fields
from launch.desk import store_of


def print_difference(first: str, second: str, store: str | None) -> None:
    """Print a table of the identity fields that differ between two fits of a store.

    Raises:
        Refused: the store knows no such fit.
    """
    opened = store_of(store)
    known = {
        fit["fit_id"]: fit["description"]
        for experiment in records.read_experiments(opened)
        for fit in experiment["fits"]
    }
    known.update({k: c["description"] for k, c in records.read_commits(opened).items()})
    fields = differing_fields(_described(first, known), _described(second, known))
    console = Console()
    if not fields:
        console.print("the same fit" if first == second else "no field differs")
        return
    table = Table("field", escape(first), escape(second))
    for name, (one, other) in fields.items():
        table.add_row(name, Text(_said(one)), Text(_said(other)))
    console.print(table)


def _described(fit_id: str, known: dict[str, dict[str, Any]]) -> dict[str, Any]:
    found = [name for name in known if name == fit_id or name.startswith(fit_id)]
    if fit_id in found:
        found = [fit_id]
    if len(found) != 1:
        why = "the store knows no such fit" if not found else f"{len(found)} fits begin with it"
        raise Refused([Problem(what=fit_id, why=why, mend=did_you_mean(fit_id, known))])
    return known[found[0]]


def _said(value: Any) -> str:
    return "default" if value is None else str(value)
