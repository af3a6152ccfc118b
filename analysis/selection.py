"""What of a store is looked at: which experiments, and the facts that come without its big files.

Of each experiment one expansion, unless all are asked for (`analysis.expansion_choice`). Fits and
pools are content, so what several share is there once.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from analysis.expansion_choice import choose
from analysis.stated import said_of_fit, said_of_pool
from grid.records import (
    Cell,
    Commit,
    Experiment,
    FitRecord,
    Piece,
    PoolRecord,
    Store,
    cells_of,
    committed_pieces,
    pieces_of,
    read_commits,
    refused_scores,
)

log = logging.getLogger(__name__)


class Selection:
    """Experiments of a store and what is committed of them, as of when each is first asked for.

    `remarks` say what is left out. Raises ValueError, with a suggestion, where the experiment or
    digest is not in the store.
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
        self.experiments: list[Experiment] = list(choice.experiments)
        self.remarks: tuple[str, ...] = choice.remarks

    @classmethod
    def of(cls, store: Store, experiments: Sequence[Experiment]) -> Selection:
        """Select expansions that are at hand: of a file, run or not, or chosen among several."""
        selection = cls.__new__(cls)
        selection.store = store
        selection.experiments = list(experiments)
        selection.remarks = ()
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
        return read_commits(self.store, self.fits)

    @cached_property
    def present(self) -> dict[str, set[str]]:
        """The ids of all pieces in the store, by fit."""
        return committed_pieces(self.store)

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

    def refuse(self, pieces: Sequence[Piece]) -> dict[str, str]:
        """Return which of the pieces' files are not used, by key, with the reason, and log it.

        Their weights are not those that the fit's commit names, or the file is damaged.
        """
        refused = refused_scores(self.store, pieces, self.commits)
        for reason in refused.values():
            log.warning("left out: %s", reason)
        return refused

    @cached_property
    def complete_cells(self) -> list[tuple[Cell, Experiment]]:
        """The cells whose every piece is in the store, with the experiment of each."""
        return [
            (cell, each)
            for each in self.experiments
            for cell in cells_of(each, self.commits)
            if all(self.is_committed(piece) for piece in (*cell.real, *cell.fake))
        ]

    def fit_of(self, experiment: Experiment, fit_id: str) -> FitRecord:
        """Return a fit as one of the experiments tells it: two may name its training set apart."""
        return self._fits_by_experiment[experiment["digest"]][fit_id]

    def experiments_of(self, fit_id: str) -> list[Experiment]:
        """Return the selected experiments that want a fit."""
        return self._experiments_by_fit.get(fit_id, [])

    @cached_property
    def _fits_by_experiment(self) -> dict[str, dict[str, FitRecord]]:
        return {
            each["digest"]: {fit["fit_id"]: fit for fit in each["fits"]}
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
) -> tuple[Experiment, tuple[str, ...]]:
    """Return the one expansion that is meant, by default the latest, and remarks on the others.

    Raises:
        ValueError: no such experiment or digest, or several experiments and none is named.
    """
    choice = choose(store, name, digest)
    found = choice.experiments
    names = sorted({each["name"] for each in found})
    if not found:
        raise ValueError(
            f"store {store.url}: no experiment has run in it; run one, or name another store."
        )
    if len(names) > 1:
        raise ValueError(
            f"store {store.url}: it holds {len(names)} experiments; name one of {', '.join(names)}."
        )
    return found[0], choice.remarks
