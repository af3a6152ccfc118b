"""The view `pieces`: one row per piece that a committed fit is to be scored on."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from analysis.selecting.selection import StoreSelection

if TYPE_CHECKING:
    import pyarrow as pa


def pieces_view(selection: StoreSelection) -> pa.Table:
    """Return one row per wanted piece of the committed fits; one listing, no file opened."""
    import pyarrow as pa

    rows = []
    for piece in selection.wanted_pieces:
        pool = selection.pools[piece.pool_id]
        rows.append(
            {
                "fit_id": piece.fit_id,
                "piece_id": piece.piece_id,
                "epoch": piece.epoch,
                "pool_id": piece.pool_id,
                "dataset": pool["dataset"],
                "source": pool["source"],
                "label": pool["label"],
                "split": pool["split"],
                "family": pool["family"],
                "generator_group": pool["generator_group"],
                "n": pool["n"],
                "degradation": piece.degradation,
                "test_pipeline": piece.test_pipeline,
                "equalise": piece.equalise,
                "committed": selection.is_committed(piece),
            }
        )
    return pa.Table.from_pylist(rows, schema=pieces_schema())


@lru_cache(maxsize=1)
def pieces_schema() -> Any:
    """Return the columns of the view `pieces`."""
    import pyarrow as pa

    return pa.schema(
        [
            ("fit_id", pa.string()),
            ("piece_id", pa.string()),
            ("epoch", pa.int32()),
            ("pool_id", pa.string()),
            ("dataset", pa.string()),
            ("source", pa.string()),
            ("label", pa.int8()),
            ("split", pa.string()),
            ("family", pa.string()),
            ("generator_group", pa.string()),
            ("n", pa.int64()),
            ("degradation", pa.string()),
            ("test_pipeline", pa.string()),
            ("equalise", pa.string()),
            ("committed", pa.bool_()),
        ]
    )
