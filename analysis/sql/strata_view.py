"""The view `strata`: cells by format, size, quality, class and real source, computed when asked.

Rows are computed from the scores, so a query should say which it is about: what its WHERE says of a
fit, a test set or a degradation, and of the axis, decides which cells are computed at all.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from analysis.selecting.selection import StoreSelection
from analysis.sql.fit_facts import fit_facts
from grid.records.experiments import Cell, ExperimentRecord

if TYPE_CHECKING:
    import pyarrow.dataset

_OF_THE_FIT = ("detector", "options", "train", "augment", "recipe", "seed")


def strata_view(selection: StoreSelection) -> pyarrow.dataset.Dataset:
    """Return the strata of every complete cell; one of several experiments is told once."""
    from analysis.sql.strata_dataset import StrataDataset

    cells: dict[str, tuple[Cell, dict[str, Any]]] = {}
    for cell, experiment in selection.complete_cells:
        shared = _facts(cell, experiment, selection)
        condition = (cell.epoch, cell.degradation, cell.test_pipeline, cell.equalise)
        tested = (cell.record["real_pools"], cell.record["fake_pools"], cell.record["classes"])
        key = (cell.fit_id, *condition, experiment["leakage"], cell.test_set, *tested)
        cells.setdefault("/".join(map(str, key)), (cell, shared))
    return StrataDataset(selection, cells, strata_schema())


def _facts(cell: Cell, experiment: ExperimentRecord, selection: StoreSelection) -> dict[str, Any]:
    fits = selection.fits_of(experiment)
    facts = fit_facts(fits[cell.fit_id], fits)
    classes = cell.record["classes"]
    return {
        "fit_id": cell.fit_id,
        **{name: facts[name] for name in _OF_THE_FIT},
        "epoch": cell.epoch,
        "is_selected": cell.epoch == selection.commits[cell.fit_id]["selected_epoch"],
        "test_set": cell.test_set,
        "generator": cell.record["generator"],
        "family": cell.record["family"],
        "classes": [classes] if isinstance(classes, str) else classes,
        "degradation": cell.degradation,
        "test_pipeline": cell.test_pipeline,
        "equalise": cell.equalise,
        "leakage": experiment["leakage"],
    }


@lru_cache(maxsize=1)
def strata_schema() -> Any:
    """Return the columns of the view `strata`; analysis/README.md says what each means."""
    import pyarrow as pa

    text, whole, share = pa.string(), pa.int64(), pa.float64()
    return pa.schema(
        [
            *((name, text) for name in ("fit_id", *_OF_THE_FIT[:-1])),
            ("seed", whole),
            ("epoch", pa.int32()),
            ("is_selected", pa.bool_()),
            *((name, text) for name in ("test_set", "generator", "family")),
            ("classes", pa.list_(text)),
            *((n, text) for n in ("degradation", "test_pipeline", "equalise", "leakage")),
            *((name, text) for name in ("axis", "stratum")),
            *((n, whole) for n in ("n_real", "n_real_wrong", "n_fake", "n_fake_right")),
            *(
                (f"{name}{end}", share)
                for name in ("fpr", "tpr", "auc")
                for end in ("", "_low", "_high")
            ),
        ]
    )
