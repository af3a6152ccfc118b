"""A piece: the unit of work that is scored, and the file that its scores are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from data.view import View, view_of
from grid.records.identity import piece_digest
from grid.records.places import scores_key


@dataclass(frozen=True, kw_only=True)
class Piece:
    """The unit of scoring. `epoch` is always the number, `degradation` its canonical text.

    `operations` maps each operation that is used to its version, so that a mended degradation
    makes new pieces instead of mixing old scores with new ones.
    """

    fit_id: str
    epoch: int
    pool_id: str
    degradation: str
    test_pipeline: str
    equalise: str
    operations: Mapping[str, int] = field(default_factory=dict, hash=False)

    @property
    def view(self) -> View:
        """What is done to each image before it is scored.

        Raises:
            PipelineError: an operation is not known here.
            OtherVersion: an operation has another version here.
        """
        view = view_of(self.equalise, self.degradation, self.test_pipeline)
        view.require_versions(self.operations)
        return view

    @property
    def piece_id(self) -> str:
        """`e<epoch>-<16 hex>`; the digest is the same for every fit scored on the same."""
        versions = tuple(sorted(self.operations.items()))
        suffix = _digest_once(
            self.pool_id, self.degradation, self.test_pipeline, self.equalise, versions
        )
        return f"e{self.epoch}-{suffix}"

    @property
    def key(self) -> str:
        """Where the scores lie."""
        return scores_key(self.fit_id, self.piece_id)


@lru_cache(maxsize=65_536)
def _digest_once(
    pool_id: str,
    degradation: str,
    test_pipeline: str,
    equalise: str,
    versions: tuple[tuple[str, int], ...],
) -> str:
    return piece_digest(
        pool_id=pool_id,
        degradation=degradation,
        test_pipeline=test_pipeline,
        equalise=equalise,
        operations=dict(versions),
    )
