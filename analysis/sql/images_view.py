"""The view `images`: one row per image of the selected experiments' pools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.selecting.selection import StoreSelection
from data.counts import counted
from grid.records.places import MANIFESTS, manifest_key
from grid.records.pools.manifests import manifest_schema, pool_of_bytes

if TYPE_CHECKING:
    import pyarrow.dataset


def images_view(selection: StoreSelection) -> pyarrow.dataset.Dataset:
    """Return the rows of the selected experiments' pools; `image` is what scores refer to.

    Family and group are the experiments'; a manifest has those of the day it was written.
    """
    import pyarrow.dataset as ds

    from analysis.sql.proven_dataset import ProvenDataset

    wanted = {
        manifest_key(pool_id): (ds.field("family") == pool["family"])
        & (ds.field("generator_group") == pool["generator_group"])
        for pool_id, pool in selection.pools.items()
    }
    existing = set(selection.store.list(MANIFESTS))
    absent = [key for key in wanted if key not in existing]
    if absent:
        selection.notes.append(
            f"images are left out of {counted(len(absent), 'pool')} without a manifest, e.g. "
            f"{absent[0]}: nothing of it has run, or it was deleted; `crossgen run FILE` writes it."
        )
    found = {key: facts for key, facts in wanted.items() if key in existing}
    return ProvenDataset(
        selection.store, found, manifest_schema(), pool_of_bytes, selection.leave_out
    )
