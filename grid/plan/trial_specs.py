"""The plain dict that a trial travels as: all that a worker on any host needs, and nothing live.

Rows are not in it: a worker reads manifests from the store and repeats the selection, whose
digests it checks. What a file system says of the images today (where they lie, which class and
pair their folders name) is a small table per pool below `derived/paths/`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict

import pyarrow as pa

from data.pools import Pool
from grid.expansion.chosen_rows import ancestors
from grid.expansion.fits import Expansion, Fit
from grid.experiment_file.schema import Experiment
from grid.records.places import MANIFESTS, manifest_key
from grid.records.pools.file_tables import publish_files
from grid.records.pools.manifests import read_pool, write_pool
from grid.records.proven.json_records import CorruptRecord
from grid.records.table_lists import WRITE_ANEW, leaves_out
from grid.refusal import Problem, Refused
from grid.sources.catalog import Catalog
from grid.store.base import Store
from grid.trial.device import CPU
from grid.trial.spec import PoolSpec, TrainingSpec, TrialSpec


def trial_spec(
    fit: Fit,
    expansion: Expansion,
    store_url: str,
    paths: Mapping[str, str],
    *,
    predicted_training_s: float | None,
    resume_anyway: bool = False,
) -> TrialSpec:
    """Return the spec of one trial.

    Args:
        fit: what to train, or whose given weights to score.
        expansion: the experiment that it belongs to.
        store_url: the store, as an absolute path or URL.
        paths: by pool id, the key of the table that says where its files lie; of pools to train
            on by `Pool.key`.
        predicted_training_s: what the plan expects, to be held against what it takes.
        resume_anyway: go on from checkpoints whose conditions would have the fit begun again.
    """
    experiment = expansion.experiment
    return {
        "store": store_url,
        "experiment": experiment.name,
        "fit_id": fit.fit_id,
        "label": fit.label,
        "detector": fit.card.name,
        "options": fit.options.model_dump(mode="json"),
        "equalise": fit.equalise,
        "train_geometry": fit.train_geometry,
        "validation_geometry": fit.validation_geometry,
        "augment": fit.augment,
        "recipe": fit.recipe.model_dump(mode="json") if fit.recipe else None,
        "seed": fit.seed,
        "threads": experiment.threads,
        "device": CPU if asks_for_no_gpu(experiment, fit) else None,
        "predicted_training_s": predicted_training_s,
        "resume_anyway": resume_anyway,
        "unreadable": experiment.unreadable,
        "weights": dict(fit.weights) if fit.weights else None,
        "parent": fit.parent,
        "description": dict(fit.description),
        "training": training_block(fit, paths, expansion.catalog),
        "lineage": [
            training_block(ancestor, paths, expansion.catalog)
            for ancestor in ancestors(fit, expansion.fits)
        ],
        "scoring": [*expansion.scoring.get(fit.fit_id, ())],
        "paths": {
            pool_id: paths[pool_id]
            for block in expansion.scoring.get(fit.fit_id, ())
            for pool_id in block["pools"]
        },
    }


def asks_for_no_gpu(experiment: Experiment, fit: Fit) -> bool:
    """Whether the file says `gpu: 0` for the fit's detector: it runs on a CPU, beside a GPU too."""
    resources = experiment.resources.get(fit.card.name)
    return resources is not None and resources.gpu == 0


def resources_asked(experiment: Experiment, fit: Fit) -> dict[str, float]:
    """Return what a trial asks for: where nothing is said, a whole GPU if there is one."""
    spec = experiment.resources.get(fit.card.name)
    cpu = max(spec.cpu if spec else 1, experiment.threads)
    resources = {"cpu": float(cpu)}
    if spec is not None and spec.gpu is not None:
        resources["gpu"] = spec.gpu
    return resources


def training_block(fit: Fit, paths: Mapping[str, str], catalog: Catalog) -> TrainingSpec | None:
    """Return what a fit trains on, as pools and a rule, with the digests of the rows."""
    if fit.training is None or fit.selection is None:
        return None
    block: TrainingSpec = {
        "pools": [_pool(p, paths) for p in fit.training.pools],
        "validation_pools": [_pool(p, paths) for p in fit.training.validation_pools],
        "rule": asdict(fit.training.rule),
        "digest": fit.selection.train.digest,
        "validation_digest": fit.selection.validation.digest,
    }
    if leaves_out(fit.equalise):
        block["equalise"] = fit.equalise
    own = [*fit.training.pools, *fit.training.validation_pools]
    if undecodable := catalog.left_out_of([pool.pool_id for pool in own]):
        block["undecodable"] = undecodable
    return block


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


def _pool(pool: Pool, paths: Mapping[str, str]) -> PoolSpec:
    return {
        "pool_id": pool.pool_id,
        "label": pool.label,
        "source": pool.source,
        "paths": paths[pool.key],
    }


def pools_needed(expansion: Expansion, fits: Iterable[Fit]) -> list[str]:
    """Return the pools that some fits read, in training, validation, lineage or scoring."""
    needed: dict[str, None] = {}
    for fit in fits:
        for one in (fit, *ancestors(fit, expansion.fits)):
            if one.training:
                needed.update(
                    dict.fromkeys(
                        p.pool_id for p in (*one.training.pools, *one.training.validation_pools)
                    )
                )
        for block in expansion.scoring.get(fit.fit_id, ()):
            needed.update(dict.fromkeys(block["pools"]))
    return list(needed)


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
