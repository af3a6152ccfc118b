"""The plain dict that a trial travels as: all that a worker on any host needs, and nothing live.

Rows are not in it: a worker reads manifests from the store and repeats the selection, whose
digests it checks. Where the files lie today is a small table per pool below `derived/paths/`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

import pyarrow as pa

from data.pools import Pool
from grid import records
from grid.catalog import Catalog
from grid.expand import Expansion, Fit
from grid.records import Store


def trial_spec(
    fit: Fit,
    expansion: Expansion,
    store_url: str,
    paths: Mapping[str, str],
    *,
    predicted_training_s: float | None,
) -> dict[str, Any]:
    """Return the spec of one trial.

    Args:
        fit: what to train, or whose given weights to score.
        expansion: the experiment that it belongs to.
        store_url: the store, as an absolute path or URL.
        paths: by pool id, the key of the table that says where its files lie.
        predicted_training_s: what the plan expects, to be held against what it takes.
    """
    experiment = expansion.experiment
    return {
        "store": store_url,
        "experiment": experiment.name,
        "fit_id": fit.fit_id,
        "label": fit.label,
        "detector": fit.card.name,
        "options": fit.options.model_dump(mode="json"),
        "train_geometry": fit.train_geometry,
        "validation_geometry": fit.validation_geometry,
        "augment": fit.augment,
        "recipe": fit.recipe.model_dump(mode="json") if fit.recipe else None,
        "seed": fit.seed,
        "threads": experiment.threads,
        "predicted_training_s": predicted_training_s,
        "unreadable": experiment.unreadable,
        "weights": dict(fit.weights) if fit.weights else None,
        "parent": fit.parent,
        "description": dict(fit.description),
        "training": training_block(fit, paths),
        "lineage": [training_block(ancestor, paths) for ancestor in _ancestors(fit, expansion)],
        "scoring": [dict(block) for block in expansion.scoring.get(fit.fit_id, ())],
        "paths": {
            pool_id: paths[pool_id]
            for block in expansion.scoring.get(fit.fit_id, ())
            for pool_id in block["pools"]
        },
    }


def training_block(fit: Fit, paths: Mapping[str, str]) -> dict[str, Any] | None:
    """Return what a fit trains on, as pools and a rule, with the digests of the rows."""
    if fit.training is None or fit.selection is None:
        return None
    return {
        "pools": [_pool(p, paths) for p in fit.training.pools],
        "validation_pools": [_pool(p, paths) for p in fit.training.validation_pools],
        "rule": asdict(fit.training.rule),
        "digest": fit.selection.train.digest,
        "validation_digest": fit.selection.validation.digest,
    }


def _pool(pool: Pool, paths: Mapping[str, str]) -> dict[str, Any]:
    return {
        "pool_id": pool.pool_id,
        "label": pool.label,
        "source": pool.source,
        "paths": paths[pool.pool_id],
    }


def _ancestors(fit: Fit, expansion: Expansion) -> list[Fit]:
    """The fits whose weights a fit descends from: it has seen their images too."""
    found = []
    while fit.parent is not None:
        fit = expansion.fits[fit.parent]
        found.append(fit)
    return found


def pools_needed(expansion: Expansion, fits: Iterable[Fit]) -> list[str]:
    """Return the pools that some fits read, in training, validation, lineage or scoring."""
    needed: dict[str, None] = {}
    for fit in fits:
        for one in (fit, *_ancestors(fit, expansion)):
            if one.training:
                needed.update(
                    dict.fromkeys(
                        p.pool_id for p in (*one.training.pools, *one.training.validation_pools)
                    )
                )
        for block in expansion.scoring.get(fit.fit_id, ()):
            needed.update(dict.fromkeys(block["pools"]))
    return list(needed)


def publish_pools(store: Store, catalog: Catalog, pool_ids: Iterable[str]) -> dict[str, str]:
    """Write the manifests of pools and where their files lie today; return the keys of the latter.

    Both are write-once by content, so publishing again costs a listing. A pool's paths are a
    cache: a moved folder makes another table and leaves the manifest as it was.
    """
    known = set(store.list("manifests/"))
    keys: dict[str, str] = {}
    for pool_id in pool_ids:
        pool, dataset = catalog.pool(pool_id), catalog.dataset_of(pool_id)
        if records.manifest_key(pool_id) not in known:
            alias = pa.array([dataset.alias] * len(pool.table), pa.string())
            records.write_pool(store, pool_id, pool.table.append_column("dataset", alias))
        paths = [str(dataset.root / p) for p in pool.table["path"].to_pylist()]
        digest = hashlib.sha256("\0".join(paths).encode()).hexdigest()[:16]
        key = f"derived/paths/{pool_id}/{digest}.parquet"
        if not store.exists(key):
            store.put_new(key, records.parquet_bytes(pa.table({"path": pa.array(paths)})))
        keys[pool_id] = key
    return keys
