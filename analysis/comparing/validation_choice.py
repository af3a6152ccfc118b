"""What the fits' own validation images say of a level: by them a sweep's winner may be chosen.

They are images of what was trained on, none of them tested, so that a level chosen by them is no
oracle on any tested generator.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import fmean

from analysis.comparing.compared_cells import ComparedCell
from analysis.selecting.selection import StoreSelection
from grid.records.commits import Commit
from grid.records.readable import readable_histories

ValidationAuc = Callable[[Sequence[ComparedCell]], float | None]
"""Gives the mean validation AUC of the fits behind some cells; None where it is not known."""


def validation_auc_of(selection: StoreSelection) -> ValidationAuc:
    """Return a function that reads the histories of fits, at the epoch that was selected.

    Args:
        selection: of the experiment.
    """
    known: dict[str, float | None] = {}

    def mean_of(cells: Sequence[ComparedCell]) -> float | None:
        wanted = dict.fromkeys(cell.fit["fit_id"] for cell in cells)
        commits = [selection.commits[each] for each in wanted if each in selection.commits]
        known.update(_read(selection, [c for c in commits if c["fit_id"] not in known]))
        found = [known.get(each) for each in wanted]
        values = [value for value in found if value is not None]
        return fmean(values) if values and len(values) == len(found) else None

    return mean_of


def _read(selection: StoreSelection, commits: Sequence[Commit]) -> dict[str, float | None]:
    if not commits:
        return {}
    histories, damaged = readable_histories(selection.store, commits)
    selection.damaged.update(damaged)
    found: dict[str, float | None] = {}
    for commit in commits:
        table = histories.get(commit["fit_id"])
        rows = table.select(["epoch", "validation_auc"]).to_pylist() if table is not None else []
        at = {row["epoch"]: row["validation_auc"] for row in rows}
        found[commit["fit_id"]] = at.get(commit["selected_epoch"])
    return found
