"""The plain dict that a trial travels as: all that a worker on any host needs, and nothing live.

Rows are not in it: a worker reads manifests from the store and repeats the selection, whose
digests it checks. What a file system says of the images today (where they lie, which class and
pair their folders name) is a small table per pool below `derived/paths/`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from data.pools import Pool
from detectors.plugins import registered
from grid.expansion.chosen_rows import ancestors
from grid.expansion.fits import Expansion, Fit
from grid.experiment_file.schema import Experiment
from grid.plan.gpu_needs import memory_work
from grid.records.table_lists import leaves_out
from grid.sources.catalog import Catalog
from grid.trial.device import CPU
from grid.trial.network import holds_backbones
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
    spec: TrialSpec = {
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
    spec["memory_work"] = memory_work(fit, expansion)
    if plugin := registered().get(fit.card.name):
        spec["plugin"] = plugin.source
    if backbones := _backbones(fit, expansion.fits):
        spec["backbones"] = backbones
    return spec


def _backbones(fit: Fit, fits: Mapping[str, Fit]) -> dict[str, Any]:
    """Return the backbones' files that a fit's ancestors began with; nothing where none did."""
    for ancestor in ancestors(fit, fits):
        if ancestor.weights and holds_backbones(ancestor.weights):
            return dict(ancestor.weights)
    return {}


def asks_for_no_gpu(experiment: Experiment, fit: Fit) -> bool:
    """Whether the file says `gpu: 0` for the fit's detector: it runs on a CPU, beside a GPU too."""
    resources = experiment.resources.get(fit.card.name)
    return resources is not None and resources.gpu == 0


def resources_asked(experiment: Experiment, fit: Fit) -> dict[str, float]:
    """Return what the file asks for a fit's trial: `cpu` and `gpu`, each only where it is stated.

    A trial computes with the experiment's threads, so a smaller `cpu` is raised to these.
    """
    spec = experiment.resources.get(fit.card.name)
    asked: dict[str, float] = {}
    if spec is not None and spec.cpu is not None:
        asked["cpu"] = float(max(spec.cpu, experiment.threads))
    if spec is not None and spec.gpu is not None:
        asked["gpu"] = spec.gpu
    return asked


def slot_taken(experiment: Experiment, fit: Fit, device: str | None) -> tuple[float, float]:
    """Return what a trial takes of a GPU and of CPUs on a device; None: where no GPU is known.

    Where the file states no share of a GPU, a whole one is the most that it will take.
    """
    asked = resources_asked(experiment, fit)
    on_gpu = device not in (None, CPU)
    return (asked.get("gpu", 1.0) if on_gpu else 0.0), asked.get("cpu", float(experiment.threads))


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
    if fit.is_oracle:
        block["oracle"] = True
    own = [*fit.training.pools, *fit.training.validation_pools]
    if undecodable := catalog.left_out_of([pool.pool_id for pool in own]):
        block["undecodable"] = undecodable
    return block


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
