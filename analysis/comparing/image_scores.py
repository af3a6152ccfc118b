"""Logits of several fits on the same images: those that each of them may be judged by.

An image that one of the fits has seen in training, that has no logit of one, or that the test set
does not count for one (other trained classes) is left out of all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.comparing.compared_cells import ComparedCell
from analysis.comparing.question import Unanswerable
from analysis.matrices.heads import set_key
from analysis.measuring.row_masks import RowMasks, class_filter
from analysis.selecting.selection import StoreSelection
from grid.records.experiments import Cell, ExperimentRecord, resolved_epochs
from grid.records.pieces import Piece
from grid.records.pools.manifests import read_pool
from grid.records.scores.score_reading import read_scores
from grid.records.table_lists import as_asked
from grid.store.errors import StoreError

Logits = npt.NDArray[np.float32]
Names = npt.NDArray[np.str_]


@dataclass(frozen=True)
class CommonScores:
    """Logits of some fits on common images: (fits, reals), (fits, fakes), and the images' ids."""

    real_FN: Logits
    fake_FN: Logits
    real_ids_N: Names
    fake_ids_N: Names


class ImageScores:
    """The scores of one expansion, image by image, read when they are asked for."""

    def __init__(self, selection: StoreSelection, experiment: ExperimentRecord) -> None:
        self._selection = selection
        self._counts_seen = experiment["leakage"] == "allow"
        self._masks = RowMasks(selection.store)
        self._ids: dict[str, Names] = {}
        self._cells: dict[tuple[object, ...], Cell] | None = None

    def common(self, cells: Sequence[ComparedCell]) -> CommonScores:
        """Return the logits of measured cells of one test set, on the images common to them.

        Raises:
            Unanswerable: a score file cannot be used.
        """
        found = [self._cell(cell) for cell in cells]
        try:
            real, real_ids = self._side(found, 0)
            fake, fake_ids = self._side(found, 1)
        except StoreError as error:
            raise Unanswerable(f"Scores cannot be used: {error}", "Run the experiment again") from (
                error
            )
        return CommonScores(real, fake, real_ids, fake_ids)

    def _side(self, cells: Sequence[Cell], label: int) -> tuple[Logits, Names]:
        logits: list[Logits] = []
        ids: list[Names] = []
        sides = [cell.fake if label else cell.real for cell in cells]
        masks = [
            self._masks.of(
                [piece.pool_id for piece in pieces],
                class_filter(cell, self._selection),
                label,
                cell.equalise,
            )
            for cell, pieces in zip(cells, sides, strict=True)
        ]
        for place, pieces in enumerate(zip(*sides, strict=True)):
            of_fits = [self._read(piece) for piece in pieces]
            counts = np.logical_and.reduce([counted for _, counted in of_fits])
            for mask in (of_fit[place] for of_fit in masks):
                counts = counts if mask is None else counts & mask
            logits.append(np.stack([logit[counts] for logit, _ in of_fits]))
            ids.append(self._ids_of(pieces[0].pool_id)[counts])
        if not logits:
            return np.empty((len(cells), 0), np.float32), np.empty(0, np.str_)
        return np.concatenate(logits, axis=1), np.concatenate(ids)

    def _read(self, piece: Piece) -> tuple[Logits, npt.NDArray[np.bool_]]:
        """Return a pool's logits by one fit, and which of them count."""
        table = read_scores(
            self._selection.store,
            piece,
            self._selection.commits[piece.fit_id],
            rows=self._selection.images_in(piece.pool_id),
            unproven=self._selection.unproven,
        )
        logit = table["logit"].to_numpy()
        counted = ~np.isnan(logit)
        return logit, counted if self._counts_seen else counted & ~table["seen"].to_numpy()

    def _ids_of(self, pool_id: str) -> Names:
        if pool_id not in self._ids:
            names = read_pool(self._selection.store, pool_id, ["image_id"])["image_id"]
            self._ids[pool_id] = np.array(names.to_pylist(), np.str_)
        return self._ids[pool_id]

    def _cell(self, cell: ComparedCell) -> Cell:
        if self._cells is None:
            self._cells = {_key(each): each for each, _ in self._selection.complete_cells}
        word = cell.settings["epoch"]
        commit = self._selection.commits[cell.fit["fit_id"]]
        asked = word if word in ("selected", "last") else int(word)
        [epoch] = resolved_epochs([asked], commit)
        settings = (cell.settings[k] for k in ("degradation", "test input", "equalise"))
        return self._cells[(cell.fit["fit_id"], epoch, cell.column.key, *settings)]


def _key(cell: Cell) -> tuple[object, ...]:
    settings = (cell.degradation, cell.test_pipeline, as_asked(cell.equalise))
    return (cell.fit_id, cell.epoch, set_key(cell.record), *settings)
