"""The view `failures`: one row per recorded failure of a wanted fit."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from analysis.selecting.selection import StoreSelection
from grid.records.failures import newest_first
from grid.records.readable import readable_failures

if TYPE_CHECKING:
    import pyarrow as pa


def failures_view(selection: StoreSelection) -> pa.Table:
    """Return the failures of the wanted fits, the latest first."""
    import pyarrow as pa

    failures, damaged = readable_failures(selection.store)
    selection.damaged.update(damaged)
    rows = [each for each in newest_first(failures) if each["fit_id"] in selection.fits]
    return pa.Table.from_pylist(rows, schema=failures_schema())


@lru_cache(maxsize=1)
def failures_schema() -> Any:
    """Return the columns of the view `failures`."""
    import pyarrow as pa

    words = pa.list_(pa.string())
    return pa.schema(
        [
            ("fit_id", pa.string()),
            ("attempt", pa.string()),
            ("host", pa.string()),
            ("pid", pa.int64()),
            ("when", pa.string()),
            ("kind", pa.string()),
            ("exception", pa.string()),
            ("message", pa.string()),
            ("traceback", pa.string()),
            ("log_tail", words),
            ("log_note", pa.string()),
            ("image_ids", words),
        ]
    )
