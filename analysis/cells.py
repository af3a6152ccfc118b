"""Cells: one fit at one epoch on one test set under one degradation, computed from the scores.

Pools are always scored whole; what a test set leaves out is left out here. First images that an
earlier pool of its reals (or of its fakes) holds as well, and its filter of classes (a list, or
those that the fit at hand was not trained on). Then, by the experiment's leakage rule, rows whose
very image the fit was trained or validated on (`seen`): `exclude` leaves them out, `allow` keeps
them, `refuse` stopped at plan time and leaves out what came in later. Then rows without a logit.
What remains is counted and measured; so under `exclude` the images of a test set are
n_real + n_fake + n_seen + n_null.

A cell's numbers depend on committed files alone, so they are kept in `derived/` under the digest of
them and of the rules, and computed once. The cache can be deleted at any moment.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.metrics import accuracy, auc, balanced_accuracy
from analysis.row_masks import RowMasks, UnknownClasses, class_filter
from analysis.selection import Selection
from grid.records.commits import Commit
from grid.records.experiments import Cell, Experiment
from grid.records.identity import digest
from grid.records.pieces import Piece
from grid.records.places import DERIVED
from grid.records.proven.checksums import UnusableFile
from grid.records.proven.json_records import CorruptRecord
from grid.records.proven.parquet_files import open_parquet, parquet_bytes
from grid.records.scores.score_reading import read_scores
from grid.store.base import Store
from grid.store.errors import StoreError, StoreMissing, StoreUnwritable

log = logging.getLogger(__name__)

# Raised when a number would come out differently, so that no old row is taken for a new one.
CELLS_VERSION = 4
CACHE_KEY = f"{DERIVED}cells-v{CELLS_VERSION}.parquet"
Scores = tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]  # logit with NaN for null, seen


@dataclass(frozen=True)
class Measured:
    """What is computed of a cell; the three metrics are None where undefined.

    `n_seen_fake` are the fakes among `n_seen`, the images that the fit had seen before.
    `constant` says that one of its pools has the same logit everywhere: a network that answers
    without looking, whatever the metrics say.
    """

    n_real: int
    n_fake: int
    n_seen: int
    n_seen_fake: int
    n_null: int
    accuracy: float | None
    balanced_accuracy: float | None
    auc: float | None
    constant: bool


@dataclass(frozen=True)
class MeasuredCell:
    """A complete cell of an experiment, and what was measured; two of one `key` are one cell."""

    key: str
    cell: Cell
    experiment: Experiment
    measured: Measured


def measured_cells(selection: Selection) -> list[MeasuredCell]:
    """Return the complete cells of a selection, measured now or kept since an earlier time.

    A cell with a refused score file (foreign weights), or of untrained classes for a fit whose
    classes are not known, is left out, and named in the log.
    """
    found = []
    for cell, experiment in selection.complete_cells:
        try:
            key = _cell_key(cell, experiment["leakage"], selection)
        except UnknownClasses as error:
            log.warning("cell %s on %s is left out: %s", cell.fit_id, cell.test_set, error)
            continue
        found.append((key, cell, experiment))
    known = _read_cache(selection.store)
    missing = {key: (cell, each["leakage"]) for key, cell, each in found if key not in known}
    if missing:
        computed = _compute(selection, missing)
        known.update(computed)
        if computed:
            _write_cache(selection.store, known)
        selection.tell_unproven()
    return [MeasuredCell(*each, known[each[0]]) for each in found if each[0] in known]


def measure(real: Sequence[Scores], fake: Sequence[Scores], *, leakage: str) -> Measured:
    """Return the counts and metrics of one cell from the (logit, seen) arrays of its pools."""
    sides: list[npt.NDArray[np.float32]] = []
    n_seen = n_seen_fake = n_null = 0
    for pools in (real, fake):
        logits = np.concatenate([pool[0] for pool in pools]) if pools else np.empty(0, np.float32)
        seen = np.concatenate([pool[1] for pool in pools]) if pools else np.empty(0, np.bool_)
        n_seen_fake = int(np.count_nonzero(seen))  # of the side at hand; the fakes come last
        n_seen += n_seen_fake
        if leakage != "allow":
            logits = logits[~seen]
        scored = ~np.isnan(logits)
        n_null += int(logits.size - np.count_nonzero(scored))
        sides.append(logits[scored])
    return Measured(
        n_real=int(sides[0].size),
        n_fake=int(sides[1].size),
        n_seen=n_seen,
        n_seen_fake=n_seen_fake,
        n_null=n_null,
        accuracy=accuracy(sides[0], sides[1]),
        balanced_accuracy=balanced_accuracy(sides[0], sides[1]),
        auc=auc(sides[0], sides[1]),
        constant=any(_is_constant(logits) for logits, _ in (*real, *fake)),
    )


def _is_constant(logits: npt.NDArray[np.float32]) -> bool:
    scored = logits[~np.isnan(logits)]
    return scored.size > 1 and bool((scored == scored[0]).all())


@lru_cache(maxsize=1)
def measured_fields() -> Any:
    """Return the pyarrow fields of what is measured, named as in `Measured`."""
    import pyarrow as pa

    return (
        pa.field("n_real", pa.int64()),
        pa.field("n_fake", pa.int64()),
        pa.field("n_seen", pa.int64()),
        pa.field("n_seen_fake", pa.int64()),
        pa.field("n_null", pa.int64()),
        pa.field("accuracy", pa.float64()),
        pa.field("balanced_accuracy", pa.float64()),
        pa.field("auc", pa.float64()),
        pa.field("constant", pa.bool_()),
    )


def _cell_key(cell: Cell, leakage: str, selection: Selection) -> str:
    wanted = class_filter(cell, selection)
    commit = selection.commits[cell.fit_id]
    return digest(
        [
            cell.test_set,
            [piece.key for piece in cell.real],
            [piece.key for piece in cell.fake],
            None if wanted is None else [wanted.but, *wanted.names],
            commit["weights"][str(cell.epoch)]["sha256"],
            leakage,
        ]
    )[:32]


def _compute(selection: Selection, cells: dict[str, tuple[Cell, str]]) -> dict[str, Measured]:
    """Measure cells condition by condition: only one condition of one fit is held in memory."""
    masks = RowMasks(selection.store)
    computed: dict[str, Measured] = {}
    held: dict[str, Scores] = {}
    condition: tuple[object, ...] = ()
    for key, (cell, leakage) in sorted(cells.items(), key=lambda item: _condition(item[1][0])):
        if _condition(cell) != condition:
            condition, held = _condition(cell), {}
        commit = selection.commits[cell.fit_id]
        wanted = class_filter(cell, selection)
        try:
            sides = [
                [
                    _rows(_held(held, selection, piece, commit), mask)
                    for piece, mask in zip(
                        pieces, masks.of([piece.pool_id for piece in pieces], wanted), strict=True
                    )
                ]
                for pieces in (cell.real, cell.fake)
            ]
        except StoreError as error:
            log.warning("cell %s on %s is left out: %s", cell.fit_id, cell.test_set, error)
            why = error.why if isinstance(error, UnusableFile) else str(error)
            selection.damaged[error.key] = why
            continue
        computed[key] = measure(sides[0], sides[1], leakage=leakage)
    return computed


def _condition(cell: Cell) -> tuple[str, ...]:
    epoch = f"{cell.epoch:>9}"
    return (cell.fit_id, epoch, cell.degradation, cell.test_pipeline, cell.equalise)


def _rows(scores: Scores, mask: npt.NDArray[np.bool_] | None) -> Scores:
    return scores if mask is None else (scores[0][mask], scores[1][mask])


def _held(held: dict[str, Scores], selection: Selection, piece: Piece, commit: Commit) -> Scores:
    if piece.key not in held:
        table = read_scores(
            selection.store,
            piece,
            commit,
            rows=selection.images_in(piece.pool_id),
            unproven=selection.unproven,
        )
        held[piece.key] = (table["logit"].to_numpy(), table["seen"].to_numpy())
    return held[piece.key]


def _read_cache(store: Store) -> dict[str, Measured]:
    names = [field.name for field in measured_fields()]
    try:
        content = open_parquet(CACHE_KEY, store.get(CACHE_KEY))
        table = content.read(["cell_key", *names])
    except StoreMissing:
        return {}
    except CorruptRecord as error:
        log.info("cells are computed again: %s", error)
        return {}
    if not content.proven or table.column_names != ["cell_key", *names]:
        return {}  # of an earlier version
    columns = [table[name].to_pylist() for name in ("cell_key", *names)]
    return {row[0]: Measured(*row[1:]) for row in zip(*columns, strict=True)}


def _write_cache(store: Store, known: dict[str, Measured]) -> None:
    import pyarrow as pa

    columns: dict[str, Any] = {"cell_key": list(known)}
    for field in measured_fields():
        columns[field.name] = pa.array(
            [getattr(row, field.name) for row in known.values()], field.type
        )
    try:
        store.put_checkpoint(CACHE_KEY, parquet_bytes(pa.table(columns)))
    except StoreUnwritable as error:  # a store on a read-only mount is analysed all the same
        log.info("cells are not cached: %s", error)
