"""Which images a fit was trained and validated on, by name, as far as the store can prove it.

A description holds digests of rows. The rows themselves are found by making the selection once
more from the pools that the experiment's record names, and they count only where their digests are
those of the description. For a restricted training set (classes, fraction, a total) they are not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from data.counts import counted
from data.generators import SEVERAL
from data.selection import PoolRows, Rows, Selection, SelectionError, TrainingRule, select
from data.unseen_validation import as_described
from grid.expansion.fits import Expansion, Fit
from grid.records.experiments import ExperimentRecord, FitRecord, PoolRecord
from grid.records.pools.manifests import read_pool
from grid.sources.source import FAKE, TRAIN, VALIDATION
from grid.store.base import Store
from grid.store.errors import StoreMissing

SHOWN = 3


@dataclass(frozen=True)
class SeenImages:
    """The images of a fit: a name for people by image_id; `training` and `validation`."""

    training: Mapping[str, str]
    validation: Mapping[str, str]


@dataclass(frozen=True)
class ImageChange:
    """What tells two sets of images apart: the names of those in one only."""

    first: tuple[str, ...]
    second: tuple[str, ...]

    @classmethod
    def between(cls, one: Mapping[str, str], other: Mapping[str, str]) -> ImageChange:
        """Compare two sets of images, names by image_id."""
        return cls(
            tuple(sorted(one[key] for key in one.keys() - other.keys())),
            tuple(sorted(other[key] for key in other.keys() - one.keys())),
        )

    def __len__(self) -> int:
        return len(self.first) + len(self.second)

    @property
    def examples(self) -> str:
        """Some names, each once: a file that was changed has one name and two contents."""
        names = list(dict.fromkeys((*self.first, *self.second)))
        more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
        return ", ".join(names[:SHOWN]) + more

    def in_words(self, noun: str) -> str:
        """Say how many images went and came since the first fit."""
        return (
            f"{counted(len(self), noun)} changed ({len(self.first):,} gone, "
            f"{len(self.second):,} new: {self.examples})"
        )


@dataclass
class StoredImages:
    """The images of the fits that a store's experiments name; pools are read once."""

    store: Store
    experiments: Sequence[ExperimentRecord]
    _pools: dict[str, Any] = field(default_factory=dict)

    def of(self, fit_id: str) -> SeenImages | None:
        """Return a fit's images, None where the store cannot prove which they are."""
        for experiment in self.experiments:
            for fit in experiment["fits"]:
                if fit["fit_id"] == fit_id and fit["train"] is not None:
                    found = self._proved(fit, experiment)
                    if found is not None:
                        return found
        return None

    def _proved(self, fit: FitRecord, experiment: ExperimentRecord) -> SeenImages | None:
        found = self._selected(fit, experiment)
        if found is None:
            return None
        selection, names = found
        return SeenImages(_named(selection.train, names), _named(selection.validation, names))

    def _selected(
        self, fit: FitRecord, experiment: ExperimentRecord
    ) -> tuple[Selection, list[list[str]]] | None:
        """Select a fit's rows again, with the names of all rows of its pools."""
        rule = TrainingRule(
            validation_fraction=(fit["recipe"] or {}).get("validation_fraction", 0.1)
        )
        undecodable = [image["image_id"] for image in experiment.get("undecodable", ())]
        for others in (False, True):
            try:
                pools = self._pools_of(fit, experiment, TRAIN, others=others)
                declared = self._pools_of(fit, experiment, VALIDATION, others=others)
                rows, validation = ([r for r, _ in part] for part in (pools, declared))
                selection = select(rows, rule, validation, undecodable)
            except (StoreMissing, SelectionError):
                continue
            described = as_described(
                selection,
                fit["description"].get("training", ""),
                fit["description"].get("validation", ""),
                partial(self._trained_before, fit, experiment),
            )
            if described is not None:
                return described, [names for _, names in (*pools, *declared)]
        return None

    def _trained_before(self, fit: FitRecord, experiment: ExperimentRecord) -> frozenset[str]:
        """Return the images that a fit's ancestors were trained on, as far as they are proved."""
        fits = {each["fit_id"]: each for each in experiment["fits"]}
        parent = fits.get(fit["parent"] or "")
        if parent is None:
            return frozenset()
        found = self._selected(parent, experiment) if parent["train"] is not None else None
        own = found[0].train.image_ids if found is not None else []
        return self._trained_before(parent, experiment).union(own)

    def _pools_of(
        self, fit: FitRecord, experiment: ExperimentRecord, split: str, *, others: bool
    ) -> list[tuple[PoolRows, list[str]]]:
        """Return the pools of the fit's generators, and the reals beside them or shared.

        With `others` these are the photographs of the datasets that hold nothing else, which stand
        beside generators where the file names them (`reals:`).
        """
        generators = set(fit["train"]["generators"] if fit["train"] else ())
        candidates = [pool for pool in experiment["pools"] if pool["split"] == split]
        fakes = [p for p in candidates if p["label"] == FAKE and p["source"] in generators]
        datasets = {pool["dataset"] for pool in fakes}
        if others:
            of_fakes = {p["dataset"] for p in experiment["pools"] if p["label"] == FAKE}
            datasets = {p["dataset"] for p in experiment["pools"]} - of_fakes
        reals = [p for p in candidates if p["label"] != FAKE and p["dataset"] in datasets]
        beside = {"", *generators}
        return [
            (self._rows(pool), self._names(pool["pool_id"]))
            for pool in (*fakes, *reals)
            if pool["label"] == FAKE or self._beside(pool["pool_id"]) & beside
        ]

    def _rows(self, pool: PoolRecord) -> PoolRows:
        pool_id = pool["pool_id"]
        return PoolRows(
            pool_id=pool_id,
            label=pool["label"],
            source=pool["source"],
            image_ids=self._column(pool_id, "image_id"),
            classes=self._column(pool_id, "class"),
            pairs=self._column(pool_id, "pair"),
        )

    def _beside(self, pool_id: str) -> set[str]:
        """Return the generators that a pool of reals stands beside, "" where beside all."""
        return {
            each for name in set(self._column(pool_id, "generator")) for each in name.split(SEVERAL)
        }

    def _names(self, pool_id: str) -> list[str]:
        paths, aliases = self._column(pool_id, "path"), self._column(pool_id, "dataset")
        return [f"{alias}/{path}" for alias, path in zip(aliases, paths, strict=True)]

    def _column(self, pool_id: str, name: str) -> list[str]:
        if pool_id not in self._pools:
            self._pools[pool_id] = read_pool(self.store, pool_id)
        return [str(value or "") for value in self._pools[pool_id][name].to_pylist()]


def images_of(fit: Fit, expansion: Expansion) -> SeenImages | None:
    """Return the images of a fit of an experiment at hand; None for given weights."""
    if fit.training is None or fit.selection is None:
        return None
    names = list(_names_today(fit, expansion))
    return SeenImages(_named(fit.selection.train, names), _named(fit.selection.validation, names))


def _names_today(fit: Fit, expansion: Expansion) -> Iterator[list[str]]:
    if fit.training is not None:
        for pool in (*fit.training.pools, *fit.training.validation_pools):
            alias = expansion.catalog.dataset_of(pool.pool_id).alias
            yield [f"{alias}/{path}" for path in pool.table["path"].to_pylist()]


def _named(rows: Rows, names: Sequence[Sequence[str]]) -> dict[str, str]:
    places = zip(rows.image_ids, rows.pools.tolist(), rows.ranks.tolist(), strict=True)
    return {image_id: names[pool][rank] for image_id, pool, rank in places}
