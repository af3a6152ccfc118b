"""What a fit is to be scored on: exactly, of a committed one; as far as is known, of the others."""

from __future__ import annotations

import itertools
from typing import Any

from data.view import View
from grid.expansion.fits import Expansion, Fit
from grid.plan.cost import images_to_score
from grid.records.commits import Commit
from grid.records.experiments import pieces_of_scoring
from grid.records.tested_views import views_of


class WantedOfUntrained:
    """What fits that are not trained yet are to be scored on; counted once for all that share it.

    A grid of ten thousand fits has millions of pieces and a few ways to be tested.
    """

    def __init__(self, expansion: Expansion) -> None:
        self._expansion = expansion
        self._known: dict[Any, tuple[int, float]] = {}

    def of(self, fit: Fit) -> tuple[int, float]:
        """Return the number of pieces and of images; epochs that may be one count apart."""
        blocks = self._expansion.scoring.get(fit.fit_id, ())
        trained = fit.training.pools[0].pool_id if fit.training is not None else None
        tested = tuple(
            (
                tuple(block["epochs"]),
                tuple(block["pools"]),
                (block["equalise"], *block["degradations"], block["test_pipeline"]),
            )
            for block in blocks
        )
        key = fit.train_geometry, trained, tested
        if key not in self._known:
            pieces = {
                (epoch, (pool_id, view))
                for block in blocks
                for epoch, pool_id, view in itertools.product(
                    block["epochs"], block["pools"], views_of(block)
                )
            }
            images = images_to_score(fit, self._expansion, (piece for _, piece in pieces))
            self._known[key] = len(pieces), images
        return self._known[key]


def wanted_pieces(expansion: Expansion, fit: Fit, commit: Commit) -> dict[str, tuple[str, View]]:
    """What a committed fit is to be scored on, by piece id: pool and view."""
    wanted = {}
    for block in expansion.scoring.get(fit.fit_id, ()):
        views = dict(zip(block["degradations"], views_of(block), strict=True))
        for piece in pieces_of_scoring(block, commit):
            wanted[piece.piece_id] = piece.pool_id, views[piece.degradation]
    return wanted
