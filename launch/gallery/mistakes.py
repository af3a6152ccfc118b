"""The most confident mistakes of cells: reals called fake and fakes called real.

What counts in a cell counts here: each image once, of the classes that its test set asks for, none
that its equalise leaves out, and, unless the experiment allows it, none that the fit was trained on
(`analysis.measuring.cells`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.measuring.row_masks import RowMasks, UnknownClasses, class_filter
from analysis.selecting.selection import StoreSelection
from grid.records.experiments import Cell, ExperimentRecord
from grid.records.pieces import Piece
from grid.records.pools.manifests import read_pool
from grid.records.scores.score_reading import read_scores
from grid.store.errors import StoreError


@dataclass(frozen=True)
class Mistake:
    """An image on the wrong side of a logit of 0."""

    image_id: str
    pool_id: str
    rank: int
    path: str
    label: int
    logit: float


@dataclass(frozen=True)
class WrongSide:
    """The mistakes of one class of a cell.

    Attributes:
        worst: the most confident ones, the worst first.
        wrong: how many there are.
        counted: how many images of the class count, with a logit.
    """

    worst: tuple[Mistake, ...]
    wrong: int
    counted: int


@dataclass(frozen=True)
class CellMistakes:
    """The mistakes of one cell."""

    cell: Cell
    fit_label: str
    false_positives: WrongSide
    false_negatives: WrongSide


def mistakes_of(
    selection: StoreSelection,
    cells: Sequence[tuple[Cell, ExperimentRecord]],
    count: int,
) -> list[CellMistakes]:
    """Find the worst mistakes of cells; a cell that cannot be read is left out and noted.

    Args:
        selection: they are of; gets notes on what is left out.
        cells: complete ones.
        count: of mistakes of each class.
    """
    masks, found = RowMasks(selection.store), []
    for cell, experiment in cells:
        try:
            sides = [
                _wrong_side(selection, masks, cell, experiment["leakage"], label, count)
                for label in (0, 1)
            ]
        except UnknownClasses as error:
            selection.notes.append(f"{cell.fit_id} on {cell.test_set} is left out: {error}")
            continue
        except StoreError as error:
            selection.leave_out(error.key, error)
            continue
        label = selection.fits_of(experiment)[cell.fit_id]["label"]
        found.append(CellMistakes(cell, label, *sides))
    selection.tell_unproven()
    return found


def _wrong_side(
    selection: StoreSelection,
    masks: RowMasks,
    cell: Cell,
    leakage: str,
    label: int,
    count: int,
) -> WrongSide:
    """The mistakes on the images of one label."""
    pieces = cell.fake if label else cell.real
    wanted = class_filter(cell, selection)
    kept = masks.of([piece.pool_id for piece in pieces], wanted, label, cell.equalise)
    wrong: list[tuple[float, Piece, int]] = []
    counted = 0
    for piece, mask in zip(pieces, kept, strict=True):
        commit = selection.commits[piece.fit_id]
        table = read_scores(selection.store, piece, commit, unproven=selection.unproven)
        logits, seen = table["logit"].to_numpy(), table["seen"].to_numpy()
        counts = np.isfinite(logits) if mask is None else np.isfinite(logits) & mask
        if leakage != "allow":
            counts &= ~seen
        counted += int(counts.sum())
        ranks = np.flatnonzero(counts & ((logits > 0) != bool(label)))
        wrong += [(float(logits[rank]), piece, int(rank)) for rank in ranks]
    wrong.sort(key=lambda each: (-abs(each[0]), each[1].pool_id, each[2]))
    worst = tuple(_named(selection, *each, label) for each in wrong[:count])
    return WrongSide(worst, len(wrong), counted)


def _named(selection: StoreSelection, logit: float, piece: Piece, rank: int, label: int) -> Mistake:
    rows = read_pool(selection.store, piece.pool_id, ["image_id", "path", "dataset"])
    row = rows.slice(rank, 1).to_pylist()[0]
    name = f"{row['dataset'] or ''}/{row['path'] or ''}".strip("/")
    return Mistake(row["image_id"], piece.pool_id, rank, name, label, logit)
