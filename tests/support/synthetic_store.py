"""Synthetic stores: any number of fits, pools and images, to build and measure the analysis on.

They are written by the same writers as real ones and marked `simulated`. A logit is

    side * (separation + generator effect + seed effect) / 2 * surviving share + image + noise

with side -1 for real and +1 for fake. The separation depends on how near the tested generator is
to the trained one (same, near copy, same family, other); a degradation leaves a share of it; the
image's own part is shared by all fits, so that paired tests have something to gain.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from data.pools import pool_digest
from data.randomness import stream
from grid.records.commits import Commit, commit_fit, write_weights
from grid.records.experiments import (
    ExperimentRecord,
    FitRecord,
    PoolRecord,
    ScoringRecord,
    SetRecord,
    TrainRecord,
    pieces_of_scoring,
)
from grid.records.identity import digest, fit_id
from grid.records.pieces import Piece
from grid.records.pools.manifests import write_pool
from grid.records.proven.json_records import SCHEMA
from grid.records.scores.score_files import write_scores
from grid.records.stored_experiments import experiment_digest, write_experiment
from grid.records.tables import write_history, write_provenance, write_validation
from grid.store.base import Store

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

ATTEMPT = "synthetic000"
LAST_EPOCH = 8
SELECTED_EPOCH = 6
_VALIDATION_IMAGES = 200
# name, family, group: the eight of GenImage and some GANs of ForenSynths
_GENERATORS = (
    ("progan", "gan", "progan"),
    ("adm", "diffusion", "adm"),
    ("stylegan", "gan", "stylegan"),
    ("sd14", "diffusion", "sd1"),
    ("biggan", "gan", "biggan"),
    ("sd15", "diffusion", "sd1"),
    ("cyclegan", "gan", "cyclegan"),
    ("glide", "diffusion", "glide"),
    ("stargan", "gan", "stargan"),
    ("midjourney", "diffusion", "midjourney"),
    ("gaugan", "gan", "gaugan"),
    ("vqdm", "diffusion", "vqdm"),
    ("wukong", "diffusion", "sd1"),
)


@dataclass(frozen=True, kw_only=True)
class SyntheticDetector:
    """A made-up detector; `skill` is its separation, in noise SDs, on what it was trained on."""

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    skill: float = 3.5
    is_control: bool = False


@dataclass(frozen=True, kw_only=True)
class SyntheticGrid:
    """What a synthetic store holds: detectors x training generators x seeds, each on everything.

    `images` counts each pool's; `shared_reals` scores one real pool against every generator;
    `unreadable` and `seen` count the rows per pool without a logit, and those of the trained
    generator that the fit saw; `committed` is the share of the fits that are done;
    `trained_classes` counts the classes that the fits are said to have seen (None: all); `formats`
    are those of the reals and of the fakes.
    """

    name: str = "synthetic"
    detectors: tuple[SyntheticDetector, ...] = (
        SyntheticDetector(name="npr", options={"factor": 0.5}, skill=4.0),
        SyntheticDetector(name="simple_cnn", skill=2.0),
    )
    generators: int = 4
    trained: int | None = None
    seeds: int = 3
    degradations: tuple[str, ...] = ("none", "jpeg(75)")
    images: int = 500
    classes: int = 10
    trained_classes: int | None = None
    shared_reals: bool = False
    formats: tuple[str, str] = ("PNG", "PNG")
    unreadable: int = 0
    seen: int = 0
    committed: float = 1.0
    leakage: str = "exclude"
    seed: int = 0
    seed_effect: float = 0.3
    generator_effect: float = 0.6


@dataclass(frozen=True, kw_only=True)
class _Generator:
    name: str
    family: str
    group: str


def write_synthetic_store(
    store: Store,
    grid: SyntheticGrid,
    *,
    workers: int = 8,
    progress: Callable[[int, int], None] | None = None,
) -> ExperimentRecord:
    """Fill a store and return the experiment's record; writing again writes only what is missing.

    Pieces are written by `workers` threads, since most of their time is the disk's fsync;
    `progress` is called with (pieces done, pieces in all).
    """
    generators = _generators(grid.generators)
    pools = list(_pools(grid, generators))
    fits = list(_fits(grid, generators))
    experiment = _experiment(grid, generators, pools, fits)
    for pool in pools:
        _write_pool(store, grid, pool)
    write_experiment(store, experiment)

    images = {pool["pool_id"]: _image_part(grid, pool) for pool in pools}
    by_id = {pool["pool_id"]: pool for pool in pools}
    scoring = {record["fit_id"]: record for record in experiment["scoring"]}
    done = [fit for number, fit in enumerate(fits) if number < grid.committed * len(fits)]
    total = len(done) * len(pools) * len(grid.degradations)
    written = 0
    with ThreadPoolExecutor(workers) as threads:
        for fit in done:
            commit = _commit(store, fit)
            waiting: list[Future[bool]] = [
                threads.submit(
                    _write_piece, store, grid, fit, commit, piece, by_id[piece.pool_id], images
                )
                for piece in pieces_of_scoring(scoring[fit["fit_id"]], commit)
            ]
            for piece_done in waiting:
                piece_done.result()
                written += 1
                if progress is not None:
                    progress(written, total)
    return experiment


def _generators(count: int) -> list[_Generator]:
    known = [_Generator(name=n, family=f, group=g) for n, f, g in _GENERATORS[:count]]
    more = range(len(known), count)
    return known + [
        _Generator(
            name=f"generator{n:03d}",
            family=("gan", "diffusion")[n % 2],
            group=f"generator{n:03d}",
        )
        for n in more
    ]


def _pools(grid: SyntheticGrid, generators: list[_Generator]) -> Iterator[PoolRecord]:
    reals = generators[:1] if grid.shared_reals else generators
    for label, sources in ((0, reals), (1, generators)):
        for generator in sources:
            source = generator.name if label else f"{generator.name}/nature"
            ids = _image_ids(grid.seed, source, grid.images)
            yield PoolRecord(
                pool_id=pool_digest(ids, [label] * len(ids)),
                dataset="synthetic",
                source=source,
                label=label,
                split="test",
                family=generator.family if label else "",
                generator_group=generator.group if label else "",
                n=grid.images,
                duplicates=0,
            )


def _fits(grid: SyntheticGrid, generators: list[_Generator]) -> Iterator[FitRecord]:
    trained = generators[: grid.trained if grid.trained is not None else len(generators)]
    for detector in grid.detectors:
        for generator in trained:
            for seed in range(grid.seeds):
                description = {
                    "simulated": True,
                    "detector": detector.name,
                    "options": dict(detector.options),
                    "train": generator.name,
                    "seed": seed,
                    "recipe": {"epochs": LAST_EPOCH},
                    "made_with": [grid.seed, grid.images, grid.classes, detector.skill],
                }
                fit = FitRecord(
                    fit_id=fit_id(description),
                    label=f"{detector.name} on {generator.name}, seed {seed}",
                    arms=["single"],
                    detector=detector.name,
                    card_version=1,
                    options=dict(detector.options),
                    train=TrainRecord(
                        label=generator.name,
                        generators=[generator.name],
                        groups=[generator.group],
                        families=[generator.family],
                        classes=_classes(grid)[: grid.trained_classes],
                        n=9 * grid.images,
                        n_validation=grid.images,
                    ),
                    augment="none",
                    input="none",
                    recipe={"name": "small", "epochs": LAST_EPOCH},
                    seed=seed,
                    weights=None,
                    parent=None,
                    description=description,
                )
                if detector.is_control:
                    fit["is_control"] = True
                yield fit


def _classes(grid: SyntheticGrid) -> list[str]:
    return [f"class{number:03d}" for number in range(grid.classes)]


def _experiment(
    grid: SyntheticGrid,
    generators: list[_Generator],
    pools: list[PoolRecord],
    fits: list[FitRecord],
) -> ExperimentRecord:
    pool_ids = {pool["source"]: pool["pool_id"] for pool in pools}
    shared = f"{generators[0].name}/nature" if grid.shared_reals else None
    names = [detector.name for detector in grid.detectors]
    experiment = ExperimentRecord(
        schema=SCHEMA,
        name=grid.name,
        question="Does the analysis find what was put into these simulated scores?",
        digest="",
        limit=None,
        simulated=True,
        seeds=list(range(grid.seeds)),
        degradations=list(grid.degradations),
        leakage=grid.leakage,
        equalise="none",
        contrasts=[
            {
                "compare": {"detector": list(dict.fromkeys(names))[:2]},
                "by": "family",
                "claim": "this procedure on new generators",
            }
        ]
        if len(set(names)) > 1
        else [],
        published=None,
        created_by="synthetic",
        fits=fits,
        pools=pools,
        scoring=[
            ScoringRecord(
                fit_id=fit["fit_id"],
                epochs=["selected"],
                pools=[pool["pool_id"] for pool in pools],
                degradations=list(grid.degradations),
                test_pipeline="none",
                equalise="none",
                operations={},
            )
            for fit in fits
        ],
        test_sets=[
            SetRecord(
                name=f"synthetic/{generator.name}",
                dataset="synthetic",
                generator=generator.name,
                family=generator.family,
                generator_group=generator.group,
                real_pools=[pool_ids[shared or f"{generator.name}/nature"]],
                fake_pools=[pool_ids[generator.name]],
                classes=None,
            )
            for generator in generators
        ],
    )
    experiment["digest"] = experiment_digest(experiment)
    return experiment


def _image_ids(seed: int, source: str, count: int) -> list[str]:
    names = (f"{seed}/{source}/{number}".encode() for number in range(count))
    return sorted(hashlib.sha256(name).hexdigest()[:32] for name in names)


def _write_pool(store: Store, grid: SyntheticGrid, pool: PoolRecord) -> None:
    count = pool["n"]
    ids = _image_ids(grid.seed, pool["source"], count)
    fake = pool["label"] == 1
    generator = pool["source"].removesuffix("/nature")
    write_pool(
        store,
        pool["pool_id"],
        {
            "image_id": ids,
            "label": [pool["label"]] * count,
            "path": [
                f"{pool['source']}/{name}.{grid.formats[pool['label']].lower()}" for name in ids
            ],
            "dataset": [pool["dataset"]] * count,
            "generator": [generator] * count,
            "family": [pool["family"]] * count,
            "generator_group": [pool["generator_group"]] * count,
            "split": [pool["split"]] * count,
            "class": [_classes(grid)[int(name[:8], 16) % grid.classes] for name in ids],
            "pair": [""] * count,
            "real_set": ["" if fake else pool["source"]] * count,
            "width": [256] * count,
            "height": [256] * count,
            "format": [grid.formats[pool["label"]]] * count,
            "bytes": [60_000] * count,
        },
    )


def _commit(store: Store, fit: FitRecord) -> Commit:
    """Write what a training would leave, small, and commit it."""
    name, train = fit["fit_id"], fit["train"]
    if train is None:
        raise ValueError(f"{name}: a synthetic fit is a trained one; give it `train`.")
    weights = {
        str(epoch): write_weights(store, name, ATTEMPT, epoch, _weights(name, epoch))
        for epoch in (SELECTED_EPOCH, LAST_EPOCH)
    }
    rng = stream("synthetic training", name)
    loss = 0.7 * 0.8 ** rng.uniform(0.8, 1.2, LAST_EPOCH).cumsum()
    history = [
        {
            "epoch": epoch,
            "step": epoch * train["n"] // 32,
            "lr": 1e-3 * (1 - epoch / (LAST_EPOCH + 1)),
            "train_loss": float(loss[epoch - 1]),
            "validation_loss": float(loss[epoch - 1]) * 1.1,
            "validation_auc": 1 - float(loss[epoch - 1]) / 3,
            "validation_accuracy": 1 - float(loss[epoch - 1]) / 2,
            "images_per_s": 1000.0,
            "seconds": train["n"] / 1000,
            "data_wait_share": 0.05,
        }
        for epoch in range(1, LAST_EPOCH + 1)
    ]
    write_history(store, name, ATTEMPT, history)
    labels = [number % 2 for number in range(_VALIDATION_IMAGES)]
    write_validation(
        store,
        name,
        ATTEMPT,
        [hashlib.sha256(f"{name}/{n}".encode()).hexdigest()[:32] for n in range(len(labels))],
        labels,
        [(2 * label - 1) * 1.5 + rng.normal() for label in labels],
    )
    write_provenance(store, name, ATTEMPT, {"simulated": True, "host": "none"})
    commit = Commit(
        schema=SCHEMA,
        fit_id=name,
        attempt=ATTEMPT,
        description=fit["description"],
        weights=weights,
        selected_epoch=SELECTED_EPOCH,
        last_epoch=LAST_EPOCH,
        kept_epochs=[SELECTED_EPOCH, LAST_EPOCH],
        threshold={"rule": "logit", "value": 0.0},
        n_train=train["n"],
        n_validation=train["n_validation"],
        seconds=LAST_EPOCH * train["n"] / 1000,
        predicted_seconds=None,
        warnings=[],
        parent=None,
    )
    commit_fit(store, commit)
    return commit


def _weights(name: str, epoch: int) -> bytes:
    """Return a valid safetensors file without tensors; its metadata makes it this fit's own."""
    header = json.dumps({"__metadata__": {"simulated": f"{name} epoch {epoch}"}}).encode()
    return struct.pack("<Q", len(header)) + header


def _image_part(grid: SyntheticGrid, pool: PoolRecord) -> npt.NDArray[np.float32]:
    """How fake each image looks to any detector, with its collection's own shift, (n,)."""
    rng = stream("synthetic images", grid.seed, pool["source"])
    shift = rng.normal(scale=0.3)
    part: npt.NDArray[np.float32] = (shift + rng.normal(scale=0.6, size=pool["n"])).astype("f4")
    return part


def _write_piece(
    store: Store,
    grid: SyntheticGrid,
    fit: FitRecord,
    commit: Commit,
    piece: Piece,
    pool: PoolRecord,
    images: Mapping[str, npt.NDArray[np.float32]],
) -> bool:
    import numpy as np

    if store.exists(piece.key):
        return False
    rng = stream("synthetic scores", grid.seed, fit["fit_id"], piece.pool_id, piece.degradation)
    noise = rng.standard_normal(pool["n"], dtype=np.float32)
    side = 1.0 if pool["label"] else -1.0
    logit = side * _separation(grid, fit, piece, pool) / 2 + images[piece.pool_id] + noise
    if grid.unreadable:
        # The same images for every fit: they are the pool's fault.
        broken = stream("synthetic unreadable", grid.seed, piece.pool_id)
        logit[broken.choice(pool["n"], grid.unreadable, replace=False)] = np.nan
    seen = np.zeros(pool["n"], dtype=np.bool_)
    train = fit["train"]
    if train is not None and pool["source"].removesuffix("/nature") in train["generators"]:
        seen[: grid.seen] = True
    return write_scores(
        store,
        piece,
        image=np.arange(pool["n"], dtype=np.int32),
        logit=logit,
        seen=seen,
        weights_sha256=commit["weights"][str(piece.epoch)]["sha256"],
        attempt=ATTEMPT,
        seconds=pool["n"] / 2000,
    )


def _separation(grid: SyntheticGrid, fit: FitRecord, piece: Piece, pool: PoolRecord) -> float:
    """Return the distance between real and fake, in noise SDs, as one fit sees one generator."""
    train = fit["train"]
    if train is None:
        return 0.0
    generator = pool["source"].removesuffix("/nature")
    if generator in train["generators"]:
        nearness = 1.0
    elif pool["generator_group"] in train["groups"]:
        nearness = 0.9
    elif pool["family"] in train["families"]:
        nearness = 0.55
    else:
        nearness = 0.2
    if pool["label"] == 0:
        nearness = 0.8  # what a detector says of photographs depends little on the generator
    skill = {
        (detector.name, digest(dict(detector.options))): detector.skill
        for detector in grid.detectors
    }[fit["detector"], digest(fit["options"])]
    pair = stream("synthetic pair", grid.seed, fit["detector"], train["label"], generator)
    run = stream("synthetic run", grid.seed, fit["fit_id"])
    loss = stream("synthetic degradation", grid.seed, fit["detector"], piece.degradation)
    surviving = 1.0 if piece.degradation == "none" else float(loss.uniform(0.3, 0.8))
    effects = pair.normal(scale=grid.generator_effect) + run.normal(scale=grid.seed_effect)
    return (skill * nearness + float(effects)) * surviving
