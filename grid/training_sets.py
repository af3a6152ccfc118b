"""From the words of `train:` to the images that a fit learns from and is validated on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from data.pools import Pool
from data.selection import PoolRows, Selection, TrainingRule, select
from grid.catalog import FAKE, REAL, TRAIN, VALIDATION, Catalog, Source
from grid.experiment import TrainSpec
from grid.refusal import Problems, did_you_mean


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

    @property
    def key(self) -> tuple[Any, ...]:
        """Two training sets of one key hold the same rows."""
        return (
            tuple(sorted(p.pool_id for p in self.pools)),
            tuple(sorted(p.pool_id for p in self.validation_pools)),
            self.rule,
        )


def training_sets(spec: TrainSpec, catalog: Catalog, problems: Problems) -> list[TrainingSet]:
    """Return the training sets that one `train:` mapping stands for; mistakes go to `problems`."""
    try:
        if spec.each is not None:
            groups = [(s.name, [s]) for s in catalog.sources(spec.each)]
        elif spec.leave_one_out is not None:
            universe = _union(spec.sets, catalog) if spec.sets else catalog.all_sources()
            groups = _leave_one_out(spec.leave_one_out, universe, problems)
        elif spec.all:
            groups = [("all", catalog.all_sources())]
        else:
            groups = [("+".join(spec.sets), _union(spec.sets, catalog))]
    except KeyError as error:
        problems.add("train", str(error.args[0]), "Correct the name")
        return []
    made = [_formed(label, sources, spec, catalog, problems) for label, sources in groups]
    return [m for m in made if m is not None]


def _union(names: Sequence[str], catalog: Catalog) -> list[Source]:
    return list({s.name: s for name in names for s in catalog.sources(name)}.values())


def _leave_one_out(
    level: str, universe: Sequence[Source], problems: Problems
) -> list[tuple[str, list[Source]]]:
    """One training set per generator, group or family: all of the others."""
    attribute = {"generator": "generator", "group": "generator_group", "family": "family"}[level]
    values = list(dict.fromkeys(getattr(s, attribute) for s in universe))
    if len(values) < 2:
        problems.add(
            f"train.leave_one_out: {level}",
            f"there is only one {level} ({', '.join(values) or 'none'}), so nothing would remain",
            "Add data, or name the training sets",
        )
        return []
    return [
        (f"all-but-{value}", [s for s in universe if getattr(s, attribute) != value])
        for value in values
    ]


def _formed(
    label: str, sources: Sequence[Source], spec: TrainSpec, catalog: Catalog, problems: Problems
) -> TrainingSet | None:
    classes = spec.classes or tuple(
        dict.fromkeys(c for s in sources for c in catalog.datasets[s.dataset].classes)
    )
    pools = list({p.pool_id: p for s in sources for p in s.of(TRAIN)}.values())
    validation = list({p.pool_id: p for s in sources for p in s.of(VALIDATION)}.values())
    for pool_label, word in ((REAL, "real"), (FAKE, "fake")):
        if not any(p.label == pool_label for p in pools):
            problems.add(
                f"train: {label}",
                f"it has no {word} training images",
                "A detector needs both classes: check the folder's train split, or add a dataset",
            )
            return None
    if classes:
        present = {c for p in pools for c in p.table["class"].to_pylist()}
        for missing in [c for c in classes if c not in present]:
            problems.add(
                f"train: {label}: class {missing!r}",
                "no training image has it",
                did_you_mean(classes[0], [c for c in present if c][:200]),
            )
        if not present.intersection(classes):
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
    return TrainingSet(
        label + suffix, tuple(sources), tuple(pools), tuple(validation), rule, spec.steps
    )


def pool_rows(pool: Pool) -> PoolRows:
    """Reduce a pool to what selection looks at."""
    return PoolRows(
        pool_id=pool.pool_id,
        label=pool.label,
        source=pool.source,
        image_ids=pool.table["image_id"].to_pylist(),
        classes=pool.table["class"].to_pylist(),
        pairs=pool.table["pair"].to_pylist(),
    )


class Selections:
    """Row selections, each made once: seeds and sweeps share their training images."""

    def __init__(self) -> None:
        self._rows: dict[str, PoolRows] = {}
        self._made: dict[tuple[Any, ...], Selection] = {}

    def of(self, training: TrainingSet) -> Selection:
        """Return the training and validation rows of a training set."""
        if training.key not in self._made:
            self._made[training.key] = select(
                [self._of_pool(p) for p in training.pools],
                training.rule,
                [self._of_pool(p) for p in training.validation_pools],
            )
        return self._made[training.key]

    def _of_pool(self, pool: Pool) -> PoolRows:
        if pool.pool_id not in self._rows:
            self._rows[pool.pool_id] = pool_rows(pool)
        return self._rows[pool.pool_id]
