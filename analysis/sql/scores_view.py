"""The view `scores`: one row per image and piece, of the files that a WHERE can be about."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from analysis.selecting.selection import StoreSelection
from grid.records.pieces import Piece
from grid.records.scores.compacted import check_copy, compacted_key, compacted_keys

if TYPE_CHECKING:
    import pyarrow.dataset


def scores_view(selection: StoreSelection) -> pyarrow.dataset.Dataset:
    """Return every score of the selection as a dataset; scores of foreign weights are not in it.

    A fit whose pieces have a valid copy by `compact` is read from that one file, and from the
    pieces where the copy is damaged.
    """
    import pyarrow.dataset as ds

    from analysis.sql.proven_dataset import ProvenDataset

    by_fit: dict[str, list[Piece]] = {}
    for piece in selection.committed:
        by_fit.setdefault(piece.fit_id, []).append(piece)
    copies = compacted_keys(selection.store)
    conditions = _Conditions(selection)
    copied: dict[str, list[Piece]] = {}
    single: dict[str, Piece] = {}
    places: dict[str, Any] = {}
    for fit_id, pieces in by_fit.items():
        # A copy holds all pieces of its fit, so a selection of fewer reads the pieces themselves.
        every = selection.present[fit_id]
        copy = compacted_key(fit_id, every, selection.commits[fit_id])
        if copy in copies and len(pieces) == len(every):
            copied[copy] = pieces
            places[copy] = ds.field("fit_id") == fit_id
        else:
            places.update((piece.key, conditions.of(piece)) for piece in pieces)
        single.update((piece.key, piece) for piece in pieces)

    def check(key: str, data: bytes) -> None:
        if key in copied:
            check_copy(key, data)
        else:
            selection.check_scores(single[key], data)

    def instead(key: str) -> dict[str, Any]:
        return {piece.key: conditions.of(piece) for piece in copied.get(key, ())}

    return ProvenDataset(
        selection.store, places, scores_schema(), check, selection.leave_out, instead
    )


@lru_cache(maxsize=1)
def scores_schema() -> Any:
    """Return the columns of the view `scores`."""
    import pyarrow as pa

    return pa.schema(
        [
            ("fit_id", pa.string()),
            ("piece_id", pa.string()),
            ("epoch", pa.int32()),
            ("pool_id", pa.string()),
            ("label", pa.int8()),
            ("degradation", pa.string()),
            ("test_pipeline", pa.string()),
            ("equalise", pa.string()),
            ("image", pa.int32()),
            ("logit", pa.float32()),
            ("seen", pa.bool_()),
        ]
    )


class _Conditions:
    """What a score file stands for, as an expression; shared parts are built once for 30,000."""

    def __init__(self, selection: StoreSelection) -> None:
        self._labels = {pool_id: pool["label"] for pool_id, pool in selection.pools.items()}
        self._made: dict[tuple[object, ...], Any] = {}

    def of(self, piece: Piece) -> Any:
        condition = (piece.pool_id, piece.degradation, piece.test_pipeline, piece.equalise)
        whole = self._equal("fit_id", piece.fit_id) & self._equal("epoch", piece.epoch)
        return whole & self._made_once(condition, piece) & self._field("piece_id", piece.piece_id)

    def _made_once(self, condition: tuple[object, ...], piece: Piece) -> Any:
        if condition not in self._made:
            self._made[condition] = (
                self._field("pool_id", piece.pool_id)
                & self._field("label", self._labels[piece.pool_id])
                & self._field("degradation", piece.degradation)
                & self._field("test_pipeline", piece.test_pipeline)
                & self._field("equalise", piece.equalise)
            )
        return self._made[condition]

    def _equal(self, name: str, value: object) -> Any:
        if (name, value) not in self._made:
            self._made[name, value] = self._field(name, value)
        return self._made[name, value]

    @staticmethod
    def _field(name: str, value: object) -> Any:
        import pyarrow as pa
        import pyarrow.dataset as ds

        return ds.field(name) == pa.scalar(value, scores_schema().field(name).type)
