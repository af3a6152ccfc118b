"""What of a store is looked at: which experiments, and the facts that come without its big files.

Of each experiment one expansion, unless all are asked for (`expansion_choice`). Fits and pools are
content, so what several share is there once.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from analysis.selecting.expansion_choice import choose, choose_one
from analysis.selecting.stated import said_of_fit, said_of_pool
from data.counts import counted
from grid.records.commits import Commit
from grid.records.ensembles import EnsembleCell, EnsembleFit, ensemble_cells_of, ensemble_fits
from grid.records.experiments import (
    Cell,
    ExperimentRecord,
    FitRecord,
    PoolRecord,
    cells_of,
    pieces_of,
)
from grid.records.pieces import Piece
from grid.records.places import SCORES, scores_key
from grid.records.proven.checksums import UnusableFile
from grid.records.readable import present_pieces, readable_commits
from grid.records.scores.score_reading import scores_of_bytes
from grid.store.base import Store
from grid.store.errors import StoreError, StoreMissing

log = logging.getLogger(__name__)


class StoreSelection:
    """Experiments of a store and what is committed of them, as of when each is first asked for.

    `remarks` say which expansions are left out. `damaged` holds the reason of each file that is
    left out because it is damaged, as far as what was asked for has met it; `refused` those of them
    that are score files. `notes` say what else a view leaves out. Raises ValueError, with a
    suggestion, where the experiment or digest is not in the store.
    """

    def __init__(
        self,
        store: Store,
        experiment: str | None = None,
        digest: str | None = None,
        *,
        all_expansions: bool = False,
    ) -> None:
        choice = choose(store, experiment, digest, all_expansions=all_expansions)
        self.store = store
        self.experiments: list[ExperimentRecord] = list(choice.experiments)
        self.remarks: tuple[str, ...] = choice.remarks
        self.damaged: dict[str, str] = dict(choice.damaged)
        self.refused: dict[str, str] = {}
        self.notes: list[str] = []
        self.unreadable: StoreError | None = None

    @classmethod
    def of(cls, store: Store, experiments: Sequence[ExperimentRecord]) -> StoreSelection:
        """Select expansions that are at hand: of a file, run or not, or chosen among several."""
        selection = cls.__new__(cls)
        selection.store = store
        selection.experiments = list(experiments)
        selection.remarks = ()
        selection.damaged = {}
        selection.refused = {}
        selection.notes = []
        selection.unreadable = None
        return selection

    def again(self) -> StoreSelection:
        """Return the same selection, to be looked at anew."""
        selection = StoreSelection.of(self.store, self.experiments)
        selection.remarks = self.remarks
        selection.damaged = self.damaged
        selection.refused = self.refused
        self.notes.clear()
        selection.notes = self.notes
        return selection

    @cached_property
    def fits(self) -> dict[str, FitRecord]:
        """The wanted fits by id, committed or not."""
        found: dict[str, FitRecord] = {}
        for fit in (fit for each in self.experiments for fit in each["fits"]):
            known = found.get(fit["fit_id"])
            if known is None or said_of_fit(fit) >= said_of_fit(known):
                found[fit["fit_id"]] = fit
        return found

    @cached_property
    def ensembles(self) -> dict[str, EnsembleFit]:
        """The wanted ensembles by id, as fits among fits; none of them has a commit."""
        return {key: fit for each in self.experiments for key, fit in ensemble_fits(each).items()}

    @cached_property
    def pools(self) -> dict[str, PoolRecord]:
        """The pools by id."""
        found: dict[str, PoolRecord] = {}
        for pool in (pool for each in self.experiments for pool in each["pools"]):
            known = found.get(pool["pool_id"])
            if known is None or said_of_pool(pool) >= said_of_pool(known):
                found[pool["pool_id"]] = pool
        return found

    @cached_property
    def commits(self) -> dict[str, Commit]:
        """The commits of the wanted fits."""
        commits, damaged = readable_commits(self.store, self.fits)
        self.damaged.update(damaged)
        return commits

    @cached_property
    def present(self) -> dict[str, set[str]]:
        """The ids of all pieces in the store, by fit; an empty file is none."""
        found = present_pieces(self.store)
        for fit_id in found.empty.keys() & self.fits.keys():
            for piece_id in sorted(found.empty[fit_id]):
                self.damaged[scores_key(fit_id, piece_id)] = "it is empty"
        return found.pieces

    @cached_property
    def wanted_pieces(self) -> list[Piece]:
        """The pieces that the committed fits are to be scored on, each once."""
        wanted: dict[str, Piece] = {}
        for each in self.experiments:
            for piece in pieces_of(each, self.commits):
                wanted.setdefault(piece.key, piece)
        return list(wanted.values())

    def is_committed(self, piece: Piece) -> bool:
        """Say whether a piece's scores are in the store."""
        return piece.piece_id in self.present.get(piece.fit_id, ())

    @cached_property
    def committed(self) -> list[Piece]:
        """The wanted pieces that are in the store."""
        return [piece for piece in self.wanted_pieces if self.is_committed(piece)]

    def images_in(self, pool_id: str) -> int | None:
        """Return how many images a pool has, None where no record says it."""
        pool = self.pools.get(pool_id)
        return pool["n"] if pool is not None else None

    def check_scores(self, piece: Piece, data: bytes) -> None:
        """Raise StoreError where a score file that is read already must not be used."""
        rows, commit = self.images_in(piece.pool_id), self.commits[piece.fit_id]
        found = scores_of_bytes(piece.key, data, commit, rows=rows)
        if not found.proven:
            found.table()  # its rows are held against what it counts
            self.unproven.add(piece.key)

    def leave_out(self, key: str, error: StoreError) -> None:
        """Remember a file that is not used, and why: it is damaged, gone, or of other weights.

        One that cannot be read (permission, I/O error) is not known to be damaged: its error is
        kept for who asks, and raised.
        """
        if not isinstance(error, UnusableFile | StoreMissing):
            self.unreadable = error
            raise error
        self.damaged[key] = error.why if isinstance(error, UnusableFile) else "it is gone"
        if key.startswith(SCORES):
            self.refused[key] = str(error)

    def refuse(self, pieces: Sequence[Piece]) -> dict[str, str]:
        """Return which of the pieces' files must not be used, by key, with the reason."""
        for piece in pieces:
            try:
                self.check_scores(piece, self.store.get(piece.key))
            except StoreError as error:
                self.leave_out(piece.key, error)
        return {p.key: self.refused[p.key] for p in pieces if p.key in self.refused}

    @cached_property
    def unproven(self) -> set[str]:
        """The keys of score files that were read and carry no checksum to be held against."""
        return set()

    def tell_unproven(self) -> None:
        """Say once how many score files were taken as they are."""
        if self.unproven:
            log.warning(
                "%s carry no checksum, being of an earlier version of crossgen: their counts and "
                "weights are checked, their logits are taken as they are.",
                counted(len(self.unproven), "score file"),
            )
            self.unproven.clear()

    @cached_property
    def complete_cells(self) -> list[tuple[Cell, ExperimentRecord]]:
        """The cells whose every piece is in the store, with the experiment of each."""
        return [
            (cell, each)
            for each in self.experiments
            for cell in cells_of(each, self.commits)
            if all(self.is_committed(piece) for piece in (*cell.real, *cell.fake))
        ]

    @cached_property
    def complete_ensemble_cells(self) -> list[tuple[EnsembleCell, ExperimentRecord]]:
        """The cells of ensembles whose members' every piece is in the store."""
        return [
            (cell, each)
            for each in self.experiments
            for cell in ensemble_cells_of(each, self.commits)
            if all(self.is_committed(piece) for piece in cell.pieces)
        ]

    def fits_of(self, experiment: ExperimentRecord) -> Mapping[str, FitRecord]:
        """Return fits and ensembles by id as one experiment tells them.

        Two experiments may name a training set apart.
        """
        return self._fits_by_experiment[experiment["digest"]]

    def experiments_of(self, fit_id: str) -> list[ExperimentRecord]:
        """Return the selected experiments that want a fit."""
        return self._experiments_by_fit.get(fit_id, [])

    @cached_property
    def _fits_by_experiment(self) -> dict[str, dict[str, FitRecord]]:
        return {
            each["digest"]: {
                **{fit["fit_id"]: fit for fit in each["fits"]},
                **ensemble_fits(each),
            }
            for each in self.experiments
        }

    @cached_property
    def _experiments_by_fit(self) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {}
        for each in self.experiments:
            for fit in each["fits"]:
                found.setdefault(fit["fit_id"], []).append(each)
        return found


def one_expansion(
    store: Store, name: str | None = None, digest: str | None = None
) -> tuple[ExperimentRecord, tuple[str, ...]]:
    """Return the one expansion that is meant, by default the latest, and remarks on the others.

    Raises:
        ValueError: no such experiment or digest, or several experiments and none is named.
    """
    choice = choose_one(store, name, digest)
    damaged = tuple(
        f"Left out, because it is damaged: {key}: {why}." for key, why in choice.damaged.items()
    )
    return choice.experiments[0], (*choice.remarks, *damaged)
