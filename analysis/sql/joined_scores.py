"""Every score beside its image and its fit, piece by piece: for files that hold all of them.

A piece is joined with its pool by rank, as `scores` and `images` are in SQL, but one pool and one
piece are in memory at a time, so that it does not grow with an experiment.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

from analysis.selecting.selection import StoreSelection
from analysis.sql.fit_facts import fit_facts
from grid.records.pieces import Piece
from grid.records.pools.manifests import read_pool
from grid.records.scores.score_reading import read_scores
from grid.store.errors import StoreError

if TYPE_CHECKING:
    import pyarrow as pa

_OF_THE_FIT = ("detector", "options", "train", "augment", "recipe", "seed")
_OF_THE_IMAGE = ("image_id", "path", "dataset", "generator", "class")


def joined_scores(selection: StoreSelection) -> Iterator[pa.Table]:
    """Yield the rows of each committed piece, pool by pool, in the columns of `joined_schema()`.

    Files that are damaged, and pieces of other weights, are left out and noted in the selection;
    so are the pieces of a pool whose manifest is.
    """
    pieces = sorted(selection.committed, key=lambda piece: (piece.pool_id, piece.key))
    for pool_id, some in groupby(pieces, key=lambda piece: piece.pool_id):
        try:
            images = read_pool(selection.store, pool_id, _OF_THE_IMAGE)
        except StoreError as error:
            selection.leave_out(error.key, error)
            continue
        for piece in some:
            try:
                yield _joined(selection, piece, images)
            except StoreError as error:
                selection.leave_out(piece.key, error)


@lru_cache(maxsize=1)
def joined_schema() -> Any:
    """Return the columns: those of the fit, of the piece, of the image, and its score."""
    import pyarrow as pa

    return pa.schema(
        [
            ("fit_id", pa.string()),
            ("detector", pa.string()),
            ("options", pa.string()),
            ("train", pa.string()),
            ("augment", pa.string()),
            ("recipe", pa.string()),
            ("seed", pa.int64()),
            ("epoch", pa.int32()),
            ("degradation", pa.string()),
            ("test_pipeline", pa.string()),
            ("equalise", pa.string()),
            ("pool_id", pa.string()),
            ("image", pa.int32()),
            ("image_id", pa.string()),
            ("path", pa.string()),
            ("dataset", pa.string()),
            ("generator", pa.string()),
            ("class", pa.string()),
            ("label", pa.int8()),
            ("logit", pa.float32()),
            ("seen", pa.bool_()),
        ]
    )


def _joined(selection: StoreSelection, piece: Piece, images: pa.Table) -> pa.Table:
    import pyarrow as pa

    scores = read_scores(
        selection.store,
        piece,
        selection.commits[piece.fit_id],
        rows=images.num_rows,
        unproven=selection.unproven,
    )
    facts = fit_facts(selection.fits[piece.fit_id], selection.fits)
    constant = {
        **{name: facts[name] for name in _OF_THE_FIT},
        **{name: getattr(piece, name) for name in ("fit_id", "epoch", "degradation", "pool_id")},
        "test_pipeline": piece.test_pipeline,
        "equalise": piece.equalise,
        "label": selection.pools[piece.pool_id]["label"],
    }
    columns = []
    for field in joined_schema():
        if field.name in constant:
            value = pa.scalar(constant[field.name], field.type)
            columns.append(pa.repeat(value, scores.num_rows))
        else:
            source = images if field.name in _OF_THE_IMAGE else scores
            columns.append(source[field.name].cast(field.type))
    return pa.Table.from_arrays(columns, schema=joined_schema())
