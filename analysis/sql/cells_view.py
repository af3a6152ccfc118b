"""The view `cells`: one row per complete cell, its numbers beside what was trained and tested.

What a row says of its fit is read from the experiment's record and not kept with the numbers: a
name can change, and a new column makes no kept number invalid.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analysis.measuring.cell_cache import count_types
from analysis.measuring.cell_measures import Measured
from analysis.measuring.cells import measured_cells
from analysis.measuring.metric_registry import known_metrics
from analysis.selecting.selection import StoreSelection
from analysis.selecting.stated import said_of_generator, said_of_set
from analysis.sql.fit_facts import fit_facts
from grid.records.ensembles import EnsembleCell
from grid.records.experiments import Cell, ExperimentRecord
from grid.records.simulated_parts import is_simulated_set

if TYPE_CHECKING:
    import pyarrow as pa

_OF_THE_FIT = ("detector", "options", "train", "augment", "recipe", "seed")


def cells_table(selection: StoreSelection) -> pa.Table:
    """Return the complete cells of a selection, one row each, in the columns of `cells_schema()`.

    A cell that several experiments want under the same leakage rule is one row.
    """
    import pyarrow as pa

    rows: dict[str, dict[str, Any]] = {}
    trained = _Trained(selection)
    for each in measured_cells(selection):
        if each.key not in rows:
            rows[each.key] = {
                **_facts(each.cell, each.experiment, selection),
                **trained.facts_of(each.cell.fit_id, each.experiment),
                **vars(each.measured.counts),
                **_metrics(each.measured),
            }
        row, experiment = rows[each.key], each.experiment
        record = each.cell.record
        shown = (row["generator"], row["family"], row["generator_group"])
        if said_of_set(record) > said_of_generator(*shown):
            row.update(family=record["family"], generator_group=record["generator_group"])
        if experiment["name"] not in row["experiments"]:
            row["experiments"].append(experiment["name"])
        row["partial"] = row["partial"] or experiment["limit"] is not None
        row["simulated"] = row["simulated"] or is_simulated_set(record, experiment)
    return pa.Table.from_pylist(list(rows.values()), schema=cells_schema())


def cells_schema() -> Any:
    """Return the columns of the view `cells`; analysis/README.md says what each means."""
    import pyarrow as pa

    words = pa.list_(pa.string())
    counts = count_types()
    constant = counts.pop("constant")
    return pa.schema(
        [
            ("experiments", words),
            ("fit_id", pa.string()),
            ("members", words),
            ("detector", pa.string()),
            ("options", pa.string()),
            ("train", pa.string()),
            ("train_group", pa.string()),
            ("augment", pa.string()),
            ("recipe", pa.string()),
            ("seed", pa.int64()),
            ("epoch", pa.int32()),
            ("is_selected", pa.bool_()),
            ("test_set", pa.string()),
            ("dataset", pa.string()),
            ("generator", pa.string()),
            ("family", pa.string()),
            ("generator_group", pa.string()),
            ("classes", words),
            ("degradation", pa.string()),
            ("test_pipeline", pa.string()),
            ("equalise", pa.string()),
            ("leakage", pa.string()),
            ("partial", pa.bool_()),
            ("simulated", pa.bool_()),
            *counts.items(),
            *(
                (f"{each.name}{bound}", pa.float64())
                for each in known_metrics()
                for bound in ("", "_low", "_high")
            ),
            ("constant", constant),
        ]
    )


def _metrics(measured: Measured) -> dict[str, float | None]:
    """Return each metric and, beside it, the bounds of its interval."""
    row: dict[str, float | None] = {}
    for name, value in measured.metrics.items():
        low, high = measured.intervals[name] or (None, None)
        row |= {name: value, f"{name}_low": low, f"{name}_high": high}
    return row


class _Trained:
    """What rows say of their fits, made once per fit: it has many cells."""

    def __init__(self, selection: StoreSelection) -> None:
        self._selection = selection
        self._made: dict[tuple[str, str], dict[str, Any]] = {}

    def facts_of(self, fit_id: str, experiment: ExperimentRecord) -> dict[str, Any]:
        key = experiment["digest"], fit_id
        if key not in self._made:
            fits = self._selection.fits_of(experiment)
            facts = fit_facts(fits[fit_id], fits)
            groups = facts["train_groups"]
            self._made[key] = {
                **{name: facts[name] for name in _OF_THE_FIT},
                "train_group": None if groups is None else "+".join(sorted(groups)),
            }
        return self._made[key]


def _facts(cell: Cell, experiment: ExperimentRecord, selection: StoreSelection) -> dict[str, Any]:
    members = cell.members if isinstance(cell, EnsembleCell) else ()
    classes = cell.record["classes"]
    return {
        "experiments": [],
        "fit_id": cell.fit_id,
        "members": [member.fit_id for member in members] if members else None,
        "epoch": None if members else cell.epoch,
        "is_selected": all(
            each.epoch == selection.commits[each.fit_id]["selected_epoch"]
            for each in members or (cell,)
        ),
        "test_set": cell.test_set,
        "dataset": cell.record["dataset"],
        "generator": cell.record["generator"],
        "family": cell.record["family"],
        "generator_group": cell.record["generator_group"],
        "classes": [classes] if isinstance(classes, str) else classes,
        "degradation": cell.degradation,
        "test_pipeline": cell.test_pipeline,
        "equalise": cell.equalise,
        "leakage": experiment["leakage"],
        "partial": False,
        "simulated": False,
    }
