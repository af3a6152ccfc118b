"""What a run writes of its pools before any trial: manifests, and what is found of files today."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import pyarrow as pa

from data.pools import Pool
from grid.expansion.chosen_rows import ancestors
from grid.expansion.fits import Expansion, Fit
from grid.records.places import MANIFESTS, manifest_key
from grid.records.pools.file_tables import publish_files
from grid.records.pools.manifests import read_pool, write_pool
from grid.records.proven.json_records import CorruptRecord
from grid.records.table_lists import WRITE_ANEW
from grid.refusal import Problem, Refused
from grid.sources.catalog import Catalog
from grid.store.base import Store


def publish_manifests(store: Store, catalog: Catalog, pool_ids: Iterable[str]) -> list[str]:
    """Write the manifests that are not there and return their pools.

    A manifest stays as it was first written; one that was deleted is written as of today.
    """
    known = set(store.list(MANIFESTS))
    written = [p for p in pool_ids if manifest_key(p) not in known]
    for pool_id in written:
        table = catalog.pool(pool_id).table
        alias = pa.array([catalog.dataset_of(pool_id).alias] * len(table), pa.string())
        write_pool(store, pool_id, table.append_column("dataset", alias))
    return written


def publish_pools(
    store: Store,
    catalog: Catalog,
    pool_ids: Iterable[str],
    tested_by_class: Collection[str],
    *,
    left_out_by_facts: bool = False,
) -> dict[str, str]:
    """Write manifests of pools and what is found of their files today; return the latter's keys.

    What a folder says (path, class, pair) may change while the images stay the same: that makes
    another table, named by its content.

    Args:
        store: gets the tables.
        catalog: knows the pools.
        pool_ids: what is to be published.
        tested_by_class: pools of which the analysis counts some classes, as manifests name them.
        left_out_by_facts: whether images are left out by how their files are coded.

    Raises:
        Refused: a manifest names other classes than the folders do today, or does not say how
            files are coded, where that matters.
    """
    wanted = list(pool_ids)
    written = publish_manifests(store, catalog, wanted)
    keys: dict[str, str] = {}
    for pool_id in wanted:
        pool = catalog.pool(pool_id)
        if pool_id in tested_by_class and pool_id not in written:
            _check_classes(store, pool)
        if left_out_by_facts and pool_id not in written:
            _check_facts(store, pool)
        keys[pool_id] = publish_files(store, pool_id, _today(catalog, pool_id, pool))
    return keys


def publish_twins(store: Store, expansion: Expansion, fits: Iterable[Fit]) -> dict[str, str]:
    """Write what their own dataset says of pools to train on that another one holds too.

    Their files are those of the pool of this id, whose bytes are the same.

    Returns:
        Keys of the tables, by `Pool.key`.
    """
    lines = [one for fit in fits for one in (fit, *ancestors(fit, expansion.fits))]
    twins = {
        pool.key: pool
        for one in lines
        if one.training
        for pool in (*one.training.pools, *one.training.validation_pools)
        if pool.twin
    }
    return {
        key: publish_files(store, pool.pool_id, _today(expansion.catalog, pool.pool_id, pool))
        for key, pool in twins.items()
    }


def _today(catalog: Catalog, pool_id: str, said_by: Pool) -> dict[str, list[str]]:
    root = catalog.dataset_of(pool_id).root
    return {
        "path": [str(root / path) for path in catalog.pool(pool_id).table["path"].to_pylist()],
        "class": said_by.table["class"].to_pylist(),
        "pair": said_by.table["pair"].to_pylist(),
    }


def _check_classes(store: Store, pool: Pool) -> None:
    try:
        stored = read_pool(store, pool.pool_id, ["class"])["class"].to_pylist()
    except CorruptRecord:  # the trials that need it fail by name, and the others go on
        return
    differing = sum(a != b for a, b in zip(stored, pool.table["class"].to_pylist(), strict=True))
    if differing:
        key = manifest_key(pool.pool_id)
        raise Refused(
            [
                Problem(
                    what=f"classes of {pool.source}",
                    why=f"{differing} of its {len(pool)} images had another class when {key} was "
                    "written, and tests by class are counted by it",
                    mend=f"Sort the images as they were, or delete {key} from the store: it is "
                    "written anew, and all experiments that test these images follow",
                )
            ]
        )


def _check_facts(store: Store, pool: Pool) -> None:
    """Refuse a manifest of a version that did not say how files are coded, where it is asked."""
    try:
        known = read_pool(store, pool.pool_id, ["subsampling"])["subsampling"]
    except CorruptRecord:
        return
    if known.null_count:
        raise Refused.because(
            f"manifest of {pool.source}",
            f"{manifest_key(pool.pool_id)} does not say how its images are coded, being of an "
            "earlier version of crossgen, and `equalise: match` leaves images out by it",
            f"To have it, {WRITE_ANEW}",
        )
