"""The logits that count in a cell, for what has to be drawn and is no metric."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.measuring.cell_inputs import CellReader
from analysis.measuring.cell_measures import Scores
from analysis.measuring.held_scores import condition_of
from analysis.measuring.row_masks import UnknownClasses
from analysis.selecting.selection import StoreSelection
from grid.records.experiments import Cell, ExperimentRecord
from grid.records.proven.checksums import UnusableFile
from grid.store.errors import StoreError

log = logging.getLogger(__name__)

LogitColumn = npt.NDArray[np.float32]


@dataclass(frozen=True)
class CellLogits:
    """A cell and the logits that its metrics are of, (n_real,) and (n_fake,), without NaN."""

    cell: Cell
    real: LogitColumn
    fake: LogitColumn


def read_logits(
    selection: StoreSelection, cells: Iterable[tuple[Cell, ExperimentRecord]]
) -> Iterator[CellLogits]:
    """Yield complete cells with their logits, condition by condition.

    Only one condition of one fit is held in memory. Rows are left out as `cells.py` says. A cell
    with a damaged file, or of untrained classes for a fit whose classes are not known, is left
    out, and named in the log.
    """
    reader = CellReader(selection)
    for cell, experiment in sorted(cells, key=lambda each: condition_of(each[0])):
        try:
            found = reader.inputs_of(cell)
        except UnknownClasses as error:
            log.warning("cell %s on %s is left out: %s", cell.fit_id, cell.test_set, error)
            continue
        except StoreError as error:
            log.warning("cell %s on %s is left out: %s", cell.fit_id, cell.test_set, error)
            why = error.why if isinstance(error, UnusableFile) else str(error)
            selection.damaged[error.key] = why
            continue
        leakage = experiment["leakage"]
        yield CellLogits(cell, _counted(found.real, leakage), _counted(found.fake, leakage))


def _counted(pools: Sequence[Scores], leakage: str) -> LogitColumn:
    """Return the logits of a side but those that are null, and by the rule those seen before."""
    columns = [logit[~np.isnan(logit) & ((leakage == "allow") | ~seen)] for logit, seen in pools]
    return np.concatenate(columns) if columns else np.empty(0, np.float32)
