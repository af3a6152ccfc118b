"""The Parquet file of a piece's scores.

One file per (fit, epoch, pool, degradation, test pipeline, equalise). The columns are what
compresses best and reads fastest: `image` is the rank of the row in its pool (int32, delta
encoded), `logit` is float32 by byte-stream split, null where the image could not be read, `seen`
says that the fit was trained or validated on this very image. About 3.5 bytes a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from grid.records.pieces import Piece
from grid.records.proven.json_records import SCHEMA
from grid.records.proven.parquet_files import parquet_bytes
from grid.store.base import Store

if TYPE_CHECKING:
    import numpy.typing as npt


def write_scores(
    store: Store,
    piece: Piece,
    *,
    image: npt.ArrayLike,
    logit: npt.ArrayLike,
    seen: npt.ArrayLike,
    weights_sha256: str,
    attempt: str,
    seconds: float,
    extra: Mapping[str, Any] | None = None,
) -> bool:
    """Store a piece's scores; True when written here, False when another process was first.

    Args:
        store: Where.
        piece: What was scored.
        image: Ranks in the pool, (n,), strictly increasing from 0 on.
        logit: Larger means more fake, (n,) float32; NaN (an unreadable image) becomes null.
        seen: Whether the fit was trained or validated on the image, (n,) bool.
        weights_sha256: Of the committed weights, as they were read back.
        attempt: Who scored.
        seconds: How long it took.
        extra: More for the footer, such as the unreadable images and their reasons.

    Raises:
        ValueError: The arrays disagree in length, or the ranks do not increase.
        StoreUnwritable: Nothing can be written.
    """
    data = score_bytes(
        piece,
        image=image,
        logit=logit,
        seen=seen,
        weights_sha256=weights_sha256,
        attempt=attempt,
        seconds=seconds,
        extra=extra,
    )
    return store.put_new(piece.key, data)


def score_bytes(
    piece: Piece,
    *,
    image: npt.ArrayLike,
    logit: npt.ArrayLike,
    seen: npt.ArrayLike,
    weights_sha256: str,
    attempt: str,
    seconds: float,
    extra: Mapping[str, Any] | None = None,
) -> bytes:
    """Return the Parquet file that `write_scores` stores."""
    import numpy as np
    import pyarrow as pa

    ranks = np.ascontiguousarray(image, dtype=np.int32)
    logits = np.ascontiguousarray(logit, dtype=np.float32)
    flags = np.ascontiguousarray(seen, dtype=np.bool_)
    if not ranks.shape == logits.shape == flags.shape or ranks.ndim != 1:
        raise ValueError(
            f"scores of {piece.piece_id}: image {ranks.shape}, logit {logits.shape} and seen "
            f"{flags.shape} are not one column's length each; give one row per image of the pool."
        )
    if ranks.size and (ranks[0] < 0 or np.any(np.diff(ranks) <= 0)):
        raise ValueError(
            f"scores of {piece.piece_id}: the image ranks do not increase strictly from 0 on; "
            "sort the rows by image and give each image once."
        )
    unread = np.isnan(logits)
    footer = {
        **(extra or {}),
        "schema": SCHEMA,
        "fit_id": piece.fit_id,
        "epoch": piece.epoch,
        "pool_id": piece.pool_id,
        "degradation": piece.degradation,
        "test_pipeline": piece.test_pipeline,
        "equalise": piece.equalise,
        "operations": dict(piece.operations),
        "weights_sha256": weights_sha256,
        "attempt": attempt,
        "rows": int(ranks.size),
        "nulls": int(unread.sum()),
        "seen": int(flags.sum()),
        "seconds": round(float(seconds), 3),
    }
    table = pa.Table.from_arrays(
        [pa.array(ranks), pa.array(logits, mask=unread), pa.array(flags)], schema=score_schema()
    )
    return parquet_bytes(
        table,
        footer,
        use_dictionary=False,
        # In `column_encoding` only: with `use_byte_stream_split` as well pyarrow 26 changes the
        # caller's dict and refuses the second file.
        column_encoding={"image": "DELTA_BINARY_PACKED", "logit": "BYTE_STREAM_SPLIT"},
        store_schema=False,  # the three types need none, and it would repeat the footer
    )


@lru_cache(maxsize=1)
def score_schema() -> Any:
    """Return the columns of a score file."""
    import pyarrow as pa

    return pa.schema(
        [
            pa.field("image", pa.int32(), nullable=False),
            pa.field("logit", pa.float32(), nullable=True),
            pa.field("seen", pa.bool_(), nullable=False),
        ]
    )
