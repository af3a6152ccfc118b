"""The views of a store as pandas frames: tidy, typed alike whatever the rows hold.

Text that names what rows share is categorical, ids among it. Whole numbers that may be null are
pandas' Int64 (or its shorter kinds), so that an undefined seed stays undefined and 1 stays 1; those
of `scores` never are, and are numpy's. Undefined metrics are NaN.
"""

from __future__ import annotations

import logging
from functools import cached_property
from typing import TYPE_CHECKING

from analysis.selecting.selection import StoreSelection
from analysis.sql.query import QueryRefused, answer, tell_damaged

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

log = logging.getLogger(__name__)

# What many rows have in common; any other text is of one row, such as a path or a message.
_SHARED = frozenset(
    (
        *("fit_id", "piece_id", "pool_id", "detector", "options", "train", "train_group"),
        *("augment", "input", "recipe", "recipe_values", "threshold_rule"),
        *("test_set", "dataset", "source", "generator", "family", "generator_group", "split"),
        *("degradation", "test_pipeline", "equalise", "leakage", "class", "real_set", "format"),
        *("subsampling", "jpeg_tables", "host", "kind", "exception"),
    )
)


class Frames:
    """What a selection of a store holds; a frame is read when it is first asked for and kept.

    `scores` and `images` may be large and are read anew by each call. What is left out because it
    is damaged, or beside the choice of expansions, is logged as a warning.
    """

    def __init__(self, selection: StoreSelection) -> None:
        self._selection = selection
        for remark in selection.remarks:
            log.warning("%s", remark)

    @cached_property
    def fits(self) -> pd.DataFrame:
        """One row per wanted fit, committed or not."""
        return self.query("FROM fits")

    @cached_property
    def pieces(self) -> pd.DataFrame:
        """One row per piece that a committed fit is to be scored on."""
        return self.query("FROM pieces")

    @cached_property
    def cells(self) -> pd.DataFrame:
        """One row per complete cell: counts and metrics."""
        return self.query("FROM cells")

    @cached_property
    def history(self) -> pd.DataFrame:
        """One row per epoch of each trained fit."""
        return self.query("FROM history")

    @cached_property
    def failures(self) -> pd.DataFrame:
        """One row per recorded failure, the latest first."""
        return self.query("FROM failures")

    def scores(self, where: str = "true") -> pd.DataFrame:
        """Return one row per image and piece, of those that a condition is true of.

        Args:
            where: SQL over the columns of `scores`, such as "fit_id = 'npr-s0-...'"; only the files
                that it can be about are read. Without it: every score of the selection.

        Raises:
            QueryRefused: it is no condition, or names an unknown column (a ValueError).
        """
        if not where.strip():
            raise QueryRefused.of(where, "it is empty", "leave it out to mean every score")
        return self._frame(f"SELECT * FROM scores WHERE (\n{where}\n)", may_be_null=False)

    def images(self) -> pd.DataFrame:
        """Return one row per image of the selected pools; `pool_id` and `image` join `scores`."""
        return self.query("FROM images")

    def query(self, sql: str) -> pd.DataFrame:
        """Return the rows of one SELECT over the views.

        Raises:
            QueryRefused: not one SELECT, an unknown view or column (a ValueError).
        """
        return self._frame(sql, may_be_null=True)

    def _frame(self, sql: str, *, may_be_null: bool) -> pd.DataFrame:
        rows = answer(self._selection, sql)
        for note in self._selection.notes:
            log.warning("%s", note)
        tell_damaged(self._selection.damaged)
        return _typed(rows, may_be_null=may_be_null)


def _typed(rows: pa.Table, *, may_be_null: bool) -> pd.DataFrame:
    """Return a table as a frame; `may_be_null` says it of its whole numbers."""
    import pandas as pd
    import pyarrow as pa

    nullable = {
        getattr(pa, name.lower())(): getattr(pd, f"{name}Dtype")()
        for name in ("Int8", "Int16", "Int32", "Int64")
    }
    for number, field in enumerate(rows.schema):
        if field.name in _SHARED and pa.types.is_string(field.type):
            rows = rows.set_column(number, field.name, rows[number].dictionary_encode())
    mapper = nullable.get if may_be_null else None
    frame: pd.DataFrame = rows.unify_dictionaries().to_pandas(types_mapper=mapper)
    return frame
