"""Analysis: from committed scores to metrics, tests, tables and SQL. Reads only the store.

Of the other packages it imports `grid.records` alone; neither torch nor ray. `load` gives a
store's results as pandas frames.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.sql.frames import Frames
    from grid.store.base import Store

__all__ = ["load"]


def load(
    store: str | os.PathLike[str] | Store,
    *,
    experiment: str | None = None,
    digest: str | None = None,
    all_expansions: bool = False,
) -> Frames:
    """Return what a store holds as tidy pandas frames, each read when it is asked for.

    Args:
        store: its address (a folder, `s3://bucket/prefix`), or an open store.
        experiment: only this experiment; default all of the store.
        digest: only this expansion; default the latest of each experiment.
        all_expansions: all expansions of each together.

    Raises:
        Refused: no such experiment or digest (a ValueError).
        StoreUrlRefused: the store's address is of an unknown kind (a ValueError).
    """
    from analysis.selecting.selection import StoreSelection
    from analysis.sql.frames import Frames
    from grid.store.base import Store
    from grid.store.opening import open_store

    opened = store if isinstance(store, Store) else open_store(store)
    return Frames(StoreSelection(opened, experiment, digest, all_expansions=all_expansions))
