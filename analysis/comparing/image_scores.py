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
from analysis.measuring.cell_measures import Scores
from analysis.measuring.joining import joined
from analysis.measuring.row_masks import RowMasks, class_filter
from analysis.selecting.selection import StoreSelection
from grid.records.ensembles import EnsembleCell, members_of
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
        pools = [piece.pool_id for piece in _pieces(cells[0], label)]
        masks = [
            self._masks.of(pools, class_filter(cell, self._selection), label, cell.equalise)
            for cell in cells
        ]
        for place, pool_id in enumerate(pools):
            of_fits = [self._of_pool(cell, label, place) for cell in cells]
            counts = np.logical_and.reduce([self._counted(*scores) for scores in of_fits])
            for mask in (of_fit[place] for of_fit in masks):
                counts = counts if mask is None else counts & mask
            logits.append(np.stack([logit[counts] for logit, _ in of_fits]))
            ids.append(self._ids_of(pool_id)[counts])
        if not logits:
            return np.empty((len(cells), 0), np.float32), np.empty(0, np.str_)
        return np.concatenate(logits, axis=1), np.concatenate(ids)

    def _counted(self, logit: Logits, seen: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        has_logit: npt.NDArray[np.bool_] = ~np.isnan(logit)
        return has_logit if self._counts_seen else has_logit & ~seen

    def _of_pool(self, cell: Cell, label: int, place: int) -> Scores:
        """Return a pool's logits by one fit or ensemble, and which images it has seen."""
        if isinstance(cell, EnsembleCell):
            members = sorted(cell.members, key=lambda member: member.fit_id)  # as in cells
            return joined([self._of_pool(each, label, place) for each in members], cell.by)
        piece = _pieces(cell, label)[place]
        table = read_scores(
            self._selection.store,
            piece,
            self._selection.commits[piece.fit_id],
            rows=self._selection.images_in(piece.pool_id),
            unproven=self._selection.unproven,
        )
        return table["logit"].to_numpy(), table["seen"].to_numpy()

    def _ids_of(self, pool_id: str) -> Names:
        if pool_id not in self._ids:
            names = read_pool(self._selection.store, pool_id, ["image_id"])["image_id"]
            self._ids[pool_id] = np.array(names.to_pylist(), np.str_)
        return self._ids[pool_id]

    def _cell(self, cell: ComparedCell) -> Cell:
        if self._cells is None:
            selection = self._selection
            every = (*selection.complete_cells, *selection.complete_ensemble_cells)
            self._cells = {_key(each): each for each, _ in every}
        epoch = cell.settings["epoch"]
        if not members_of(cell.fit):
            asked = epoch if epoch in ("selected", "last") else int(epoch)
            commit = self._selection.commits[cell.fit["fit_id"]]
            epoch = str(resolved_epochs([asked], commit)[0])
        settings = (cell.settings[k] for k in ("degradation", "test input", "equalise"))
        return self._cells[(cell.fit["fit_id"], epoch, cell.column.key, *settings)]


def _key(cell: Cell) -> tuple[object, ...]:
    settings = (cell.degradation, cell.test_pipeline, as_asked(cell.equalise))
    return (cell.fit_id, str(cell.epoch), set_key(cell.record), *settings)


def _pieces(cell: Cell, label: int) -> tuple[Piece, ...]:
    first = cell.members[0] if isinstance(cell, EnsembleCell) else cell
    return first.fake if label else first.real
