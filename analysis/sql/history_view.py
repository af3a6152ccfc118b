"""The view `history`: one row per epoch of each committed fit that was trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analysis.selecting.selection import StoreSelection
from grid.records.places import history_key
from grid.records.tables import history_of_bytes, history_schema

if TYPE_CHECKING:
    import pyarrow.dataset


def history_view(selection: StoreSelection) -> pyarrow.dataset.Dataset:
    """Return the rows per epoch of the committed fits."""
    import pyarrow.dataset as ds

    from analysis.sql.proven_dataset import ProvenDataset

    wanted = {
        history_key(fit_id, commit["attempt"]): ds.field("fit_id") == fit_id
        for fit_id, commit in selection.commits.items()
        if commit["n_train"] > 0  # given weights were not trained here and have no history
    }
    return ProvenDataset(
        selection.store, wanted, epochs_schema(), history_of_bytes, selection.leave_out
    )


def epochs_schema() -> Any:
    """Return the columns of the view `history`."""
    import pyarrow as pa

    return pa.schema([pa.field("fit_id", pa.string()), *history_schema()])
