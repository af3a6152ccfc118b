"""The views that SQL sees: fits, pieces, cells, strata, scores, images, history, failures.

One file makes each (`analysis/<name>_view.py`). Small ones are Arrow tables; `scores`, `images` and
`history` are Arrow datasets whose fragments carry what their files stand for (fit, pool,
degradation ...) as expressions, so that a query opens only the files that its WHERE can be about,
and none is opened before the query runs. `strata` is one whose rows are computed then. DuckDB reads
them in memory; no database file, no locks, and on S3 the bytes come through fsspec.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from analysis.selecting.selection import StoreSelection
from analysis.sql.cells_view import cells_schema, cells_table
from analysis.sql.failures_view import failures_schema, failures_view
from analysis.sql.fits_view import fits_schema, fits_view
from analysis.sql.history_view import epochs_schema, history_view
from analysis.sql.images_view import images_view
from analysis.sql.pieces_view import pieces_schema, pieces_view
from analysis.sql.scores_view import scores_schema, scores_view
from analysis.sql.strata_view import strata_schema, strata_view
from grid.records.pools.manifests import manifest_schema

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.dataset

VIEWS = ("fits", "pieces", "cells", "strata", "scores", "images", "history", "failures")

_MAKERS: dict[str, Callable[[StoreSelection], Any]] = {
    "fits": fits_view,
    "pieces": pieces_view,
    "cells": cells_table,
    "strata": strata_view,
    "scores": scores_view,
    "images": images_view,
    "history": history_view,
    "failures": failures_view,
}


class Views:
    """The views of a selection, each made when it is first asked for and then kept."""

    def __init__(self, selection: StoreSelection) -> None:
        self.selection = selection
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> pa.Table | pyarrow.dataset.Dataset:
        """Return a view by its name; raise KeyError for one that is not in VIEWS."""
        if name not in self._made:
            self._made[name] = _MAKERS[name](self.selection)
        return self._made[name]


def schemas() -> dict[str, Any]:
    """Return the pyarrow schema of each view, without reading a store."""
    return {
        "fits": fits_schema(),
        "pieces": pieces_schema(),
        "cells": cells_schema(),
        "strata": strata_schema(),
        "scores": scores_schema(),
        "images": manifest_schema(),
        "history": epochs_schema(),
        "failures": failures_schema(),
    }
