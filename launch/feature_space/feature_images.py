"""The images whose features are read: some of each pool, drawn by hash of the image."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from data.image_ids import draw, words
from data.images import ImageRows
from grid.records.experiments import ExperimentRecord, sets_of
from grid.records.pools.manifests import read_pool
from grid.refusal import Refused, did_you_mean
from grid.store.base import Store
from grid.trial.images import TrialImages
from grid.trial.spec import TrialSpec

REAL_NAME = "real"


@dataclass(frozen=True)
class FeatureImages:
    """Images and, of each, the generator that made it, or REAL_NAME."""

    rows: ImageRows
    generators: Sequence[str]


def tested_images(
    store: Store,
    spec: TrialSpec,
    experiments: Sequence[ExperimentRecord],
    sets: Sequence[str],
    per_pool: int,
    seed: int,
) -> FeatureImages:
    """Draw images of the test sets that a fit is scored on.

    Args:
        store: has the manifests and says where the files lie.
        spec: of the fit's trial.
        experiments: records that want the fit.
        sets: names of test sets; none = all.
        per_pool: at most so many images of each pool.
        seed: of the draw.

    Raises:
        Refused: no such test set, or the fit is scored on none.
    """
    pools = _pools_of_sets(spec, experiments, sets)
    trial = TrialImages(store, spec)
    parts, names = [], []
    for pool_id in pools:
        rows = trial.pool(pool_id)
        parts.append(rows.taken(_drawn(rows.image_ids, per_pool, seed)))
        names.append(_generators(store, [pool_id]))
    generators = [
        of_pool[image_id]
        for part, of_pool in zip(parts, names, strict=True)
        for image_id in part.image_ids
    ]
    return FeatureImages(_joined(parts), generators)


def trained_images(store: Store, spec: TrialSpec, per_pool: int, seed: int) -> FeatureImages:
    """Draw images that a fit was trained on, so many of each generator and of the reals.

    Raises:
        Refused: the fit was not trained.
    """
    block = spec["training"]
    if block is None:
        raise Refused.because(spec["fit_id"], "it was not trained", "Leave out --training")
    rows, _ = TrialImages(store, spec).training()
    of_image = _generators(store, [pool["pool_id"] for pool in block["pools"]])
    names = np.array([of_image[image_id] for image_id in rows.image_ids])
    chosen = []
    for name in dict.fromkeys(names.tolist()):
        places = np.flatnonzero(names == name)
        ids = [rows.image_ids[place] for place in places.tolist()]
        chosen.append(places[_drawn(ids, per_pool, seed)])
    taken = np.concatenate(chosen)
    return FeatureImages(rows.taken(taken), names[taken].tolist())


def _pools_of_sets(
    spec: TrialSpec, experiments: Iterable[ExperimentRecord], sets: Sequence[str]
) -> list[str]:
    """Return the pools of some test sets, of those that the fit's own run looked up."""
    known: dict[str, list[str]] = {}
    for experiment in experiments:
        for scoring in experiment["scoring"]:
            if scoring["fit_id"] == spec["fit_id"]:
                for number in sets_of(experiment, scoring):
                    each = experiment["test_sets"][number]
                    known[each["name"]] = [*each["real_pools"], *each["fake_pools"]]
    for name in sets:
        if name not in known:
            raise Refused.because(
                f"--set {name}", "the fit is not scored on it", did_you_mean(name, known)
            )
    wanted = {pool: None for name in sets or known for pool in known[name] if pool in spec["paths"]}
    if not wanted:
        why = "the store does not say where images of its test sets lie"
        raise Refused.because(spec["fit_id"], why, "Run its experiment again, or use --training")
    return list(wanted)


def _generators(store: Store, pool_ids: Sequence[str]) -> dict[str, str]:
    """Return what made each image of some pools."""
    found: dict[str, str] = {}
    for pool_id in pool_ids:
        table = read_pool(store, pool_id, ["image_id", "label", "generator"]).to_pydict()
        columns = zip(table["image_id"], table["label"], table["generator"], strict=True)
        found.update({key: name if label else REAL_NAME for key, label, name in columns})
    return found


def _drawn(image_ids: Sequence[str], count: int, seed: int) -> np.ndarray:
    """The places of `count` images, in their order: a function of the images and the seed."""
    if len(image_ids) <= count:
        return np.arange(len(image_ids))
    order = np.argsort(draw(words(image_ids), f"features {seed}"), kind="stable")
    return np.sort(order[:count])


def _joined(parts: Sequence[ImageRows]) -> ImageRows:
    return ImageRows(
        image_ids=[image_id for part in parts for image_id in part.image_ids],
        labels=np.concatenate([part.labels for part in parts]),
        paths=[path for part in parts for path in part.paths],
        pixels=np.concatenate([part.pixels for part in parts if part.pixels is not None]),
    )
