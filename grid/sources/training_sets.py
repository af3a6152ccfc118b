"""From the words of `train:` to the images that a fit learns from and is validated on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow.compute as pc

from data.pools import Pool
from data.selection import TrainingRule
from grid.experiment_file.train_spec import TrainSpec
from grid.experiment_file.words import UNKNOWN_FAMILY
from grid.refusal import Problems, did_you_mean
from grid.sources.catalog import Catalog
from grid.sources.families import lines_to_add
from grid.sources.source import FAKE, REAL, TRAIN, VALIDATION, Source


@dataclass(frozen=True)
class TrainingSet:
    """One value of the training axis: a name for people, pools, and the rule that picks rows."""

    label: str
    sources: tuple[Source, ...]
    pools: tuple[Pool, ...]
    validation_pools: tuple[Pool, ...]
    rule: TrainingRule
    steps: int | None = None

    def carved(self, validation_fraction: float) -> TrainingSet:
        """Return the same set with another share set aside for validation."""
        rule = replace(self.rule, validation_fraction=validation_fraction)
        return replace(self, rule=rule)

    def validated_on(self, pools: Sequence[Pool]) -> TrainingSet:
        """Return the same set with other pools to validate on."""
        return replace(self, validation_pools=tuple({p.pool_id: p for p in pools}.values()))

    @property
    def key(self) -> tuple[Any, ...]:
        """Two training sets of one key hold the same rows."""
        return (
            tuple(sorted(p.key for p in self.pools)),
            tuple(sorted(p.key for p in self.validation_pools)),
            self.rule,
        )


def training_sets(spec: TrainSpec, catalog: Catalog, problems: Problems) -> list[TrainingSet]:
    """Return the training sets that one `train:` mapping stands for; mistakes go to `problems`.

    Generators without training images (a dataset may hold them for testing only) are no part of
    one. A dataset without generators adds its photographs.
    """
    try:
        if spec.each:
            named = [s for name in dict.fromkeys(spec.each) for s in catalog.sources(name)]
            groups = [(name, [s]) for name, s in {s.name: s for s in _trainable(named)}.items()]
            if not groups:
                problems.add(
                    f"train.each: {', '.join(spec.each)}",
                    "none of its generators has training images",
                    "Check the dataset's train split, or name another dataset",
                )
        elif spec.leave_one_out is not None:
            universe = _union(spec.sets or list(catalog.datasets), catalog, problems)
            groups = _leave_one_out(spec.leave_one_out, spec.sets, universe, problems)
        elif spec.all:
            groups = [("all", _union(list(catalog.datasets), catalog, problems))]
        else:
            groups = [("+".join(spec.sets), _union(spec.sets, catalog, problems))]
    except KeyError as error:
        problems.add("train", str(error.args[0]), "Correct the name")
        return []
    photographs = [] if spec.each else _photographs(spec.sets, catalog)
    made = [
        _formed(label, sources, photographs, spec, catalog, problems) for label, sources in groups
    ]
    return [m for m in made if m is not None]


def _trainable(sources: Sequence[Source]) -> list[Source]:
    return [s for s in sources if s.of(TRAIN, FAKE)]


def _union(names: Sequence[str], catalog: Catalog, problems: Problems) -> list[Source]:
    """Return what is trained or validated on of some datasets and single generators."""
    found: dict[str, Source] = {}
    for name in names:
        used = [s for s in catalog.sources(name) if s.of(TRAIN, FAKE) or s.of(VALIDATION, FAKE)]
        if not used and "/" in name:
            problems.add(
                f"train.sets: {name}",
                "it has no fake training images",
                "Check its train split, or name another generator",
            )
        found.update({s.name: s for s in used})
    return list(found.values())


def _photographs(names: Sequence[str], catalog: Catalog) -> list[Pool]:
    """Return the pools of the named datasets (or all) that hold real images only."""
    datasets = [d for d in catalog.datasets.values() if not d.sources]
    return [p for d in datasets if not names or d.alias in names for p in d.pools]


def _leave_one_out(
    level: str, names: Sequence[str], universe: Sequence[Source], problems: Problems
) -> list[tuple[str, list[Source]]]:
    """One training set per generator, group or family: all of the others."""
    attribute = {"generator": "generator", "group": "generator_group", "family": "family"}[level]
    values = list(dict.fromkeys(getattr(s, attribute) for s in _trainable(universe)))
    where = f"train.leave_one_out: {level}"
    if UNKNOWN_FAMILY in values and level == "family":
        unknown = [s.name for s in universe if s.family == UNKNOWN_FAMILY]
        added = lines_to_add(universe)
        lines = " and ".join(f"`data.{alias}.{line}`" for alias, line in added.items())
        problems.add(
            where,
            f"the family of {', '.join(unknown)} is not known, so it cannot be said whether "
            "leaving out a family leaves it out",
            f"State it: {lines}. Or name the sets whose family is known (`sets: [...]`), or "
            "leave out generators",
        )
        return []
    if len(values) < 2:
        problems.add(
            where,
            f"there is only one {level} ({', '.join(values) or 'none'}), so nothing would remain",
            "Add data, or name the training sets",
        )
        return []
    start = "+".join(names) or "all"
    what = "" if level == "generator" else f"{level}-"  # a group may be called as its generator
    return [
        (f"{start}-but-{what}{value}", [s for s in universe if getattr(s, attribute) != value])
        for value in values
    ]


def _formed(
    label: str,
    sources: Sequence[Source],
    photographs: Sequence[Pool],
    spec: TrainSpec,
    catalog: Catalog,
    problems: Problems,
) -> TrainingSet | None:
    every_pool = [*photographs, *(p for s in sources for p in s.pools)]
    pools, validation = (
        list({p.pool_id: p for p in every_pool if p.split == split}.values())
        for split in (TRAIN, VALIDATION)
    )
    for pool_label, word in ((REAL, "real"), (FAKE, "fake")):
        if not any(p.label == pool_label for p in pools):
            problems.add(
                f"train: {label}",
                f"it has no {word} training images",
                "A detector needs both classes: check the folder's train split, or "
                f"{_to_add(pool_label, sources)}",
            )
            return None
        if validation and not any(p.label == pool_label for p in validation):
            problems.add(
                f"train: {label}",
                f"its validation split has no {word} images, and would select by one class",
                "Add them, or rename the split so that validation is carved out of training",
            )
            return None
    classes = _classes(label, sources, photographs, spec, catalog, problems)
    if classes is None:
        return None
    if classes:
        present = {c for p in pools for c in pc.unique(p.table["class"]).to_pylist()}
        missing = [c for c in classes if c not in present]
        for name in missing:
            problems.add(
                f"train: {label}: class {name!r}",
                "no training image has it",
                did_you_mean(name, sorted(c for c in present if c)[:200]),
            )
        if missing:
            return None
    rule = TrainingRule(classes=classes, fraction=spec.fraction, total_images=spec.total_images)
    suffix = "".join(
        f",{word}"
        for word in (
            f"classes={'+'.join(spec.classes)}" if spec.classes else "",
            f"fraction={spec.fraction:g}" if spec.fraction != 1 else "",
            f"total={spec.total_images}" if spec.total_images else "",
            f"steps={spec.steps}" if spec.steps else "",
        )
        if word
    )
    trained = tuple(_trainable(sources))
    return TrainingSet(label + suffix, trained, tuple(pools), tuple(validation), rule, spec.steps)


def _to_add(label: int, sources: Sequence[Source]) -> str:
    """What gives a training set the class that it lacks."""
    if label != REAL or not sources:
        return "add a dataset"
    aliases = " and data.".join(dict.fromkeys(source.dataset for source in sources))
    return f"name photographs with a train split: `reals: [DATASET]` in data.{aliases}"


def _classes(
    label: str,
    sources: Sequence[Source],
    photographs: Sequence[Pool],
    spec: TrainSpec,
    catalog: Catalog,
    problems: Problems,
) -> tuple[str, ...] | None:
    """Return the classes to train on, () for all; None where the datasets contradict each other."""
    if spec.classes:
        return spec.classes
    aliases = [s.dataset for s in sources]
    aliases += [catalog.dataset_of(p.pool_id).alias for p in photographs]
    stated = {a: catalog.datasets[a].classes for a in dict.fromkeys(aliases)}
    if len({frozenset(classes) for classes in stated.values()}) > 1:
        said = "; ".join(f"{a}: {', '.join(c) or 'every class'}" for a, c in stated.items())
        problems.add(
            f"train: {label}",
            f"its datasets restrict their classes differently ({said}), and a training set has "
            "one restriction",
            "Say it here: `classes: [...]` in `train:`",
        )
        return None
    return next(iter(stated.values()), ())
