"""From the words of `test:` to test sets (pairs of real and fake pools) and pools to score."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pyarrow.compute as pc

from data.pools import Pool
from grid.experiment_file.schema import TestSpec
from grid.records.experiments import NOT_TRAINED_CLASSES
from grid.refusal import Problems, did_you_mean
from grid.sources.catalog import Catalog
from grid.sources.source import FAKE, REAL, TEST, Source


@dataclass(frozen=True)
class TestSet:
    """One column of the matrix: fakes of one generator against reals.

    `name` is dataset/generator, and names the reals where the file does: two arms may hold the
    same fakes against different photographs.
    """

    __test__ = False  # pytest takes classes called Test* for tests

    name: str
    dataset: str
    generator: str
    family: str
    generator_group: str
    real_pools: tuple[str, ...]
    fake_pools: tuple[str, ...]
    classes: tuple[str, ...] | str | None


def form_test_sets(spec: TestSpec, catalog: Catalog, problems: Problems) -> list[TestSet]:
    """Return the test sets that a `test:` mapping stands for; mistakes go to `problems`.

    A set with one class cannot be a column of a matrix and is refused.
    """
    sources: dict[str, Source] = {}
    for name in spec.sets:
        try:
            sources.update({s.name: s for s in catalog.sources(name)})
        except KeyError as error:
            problems.add(f"test.sets: {name}", str(error.args[0]), "Correct the name")
    reals = _named_reals(spec, catalog, problems)
    made = []
    for source in sources.values():
        fakes = source.of(TEST, FAKE)
        if not fakes:  # a dataset for training only may stand in `sets` by its alias
            problems.add(
                f"test.sets: {source.name}",
                "it has no fake test images",
                "Check its test split (GenImage's is `val`), or name other sets",
            )
            continue
        real_pools = reals or source.of(TEST, REAL)
        if not real_pools:
            problems.add(
                f"test.sets: {source.name}",
                "it has no real test images, and one class is no test",
                f"Name photographs for it: `reals: [DATASET]` in data.{source.dataset}, which "
                "serves training and tests, or `test: {reals: [DATASET]}`",
            )
            continue
        test_set = TestSet(
            f"{source.name} vs {'+'.join(spec.reals)}" if spec.reals else source.name,
            source.dataset,
            source.generator,
            source.family,
            source.generator_group,
            tuple(p.pool_id for p in real_pools),
            tuple(p.pool_id for p in fakes),
            spec.classes or catalog.datasets[source.dataset].classes or None,
        )
        if _has_its_classes(test_set, catalog, problems):
            made.append(test_set)
    return made


def check_classes_left(
    training: str,
    trained: Iterable[str],
    sets: Sequence[TestSet],
    catalog: Catalog,
    problems: Problems,
) -> None:
    """Note in `problems` each set of untrained classes that is empty, or unknown, for a fit.

    Args:
        training: what the fit was trained on, in the file's words.
        trained: the classes of all images that it has seen; "" where some state none.
        sets: what it is tested on.
        catalog: of the sets' pools.
        problems: receives each finding once, however many fits share a training set.
    """
    seen = frozenset(trained)
    for test_set in sets:
        if test_set.classes != NOT_TRAINED_CLASSES:
            continue
        why, mend = "", "List the classes: `classes: [...]` in `test:`"
        if "" in seen:
            why = "it cannot be said which classes its images are of, for some of them state none"
        else:
            for pools, word in ((test_set.real_pools, "real"), (test_set.fake_pools, "fake")):
                if not _classes_of(pools, catalog) - seen:
                    why = (
                        f"{test_set.name} has no {word} image of a class that it was not trained on"
                    )
                    mend = "Train on fewer classes (`classes: [...]` in `train:`), or test others"
        if why:
            problems.add(f"test.classes: {NOT_TRAINED_CLASSES}, trained on {training}", why, mend)


def _has_its_classes(test_set: TestSet, catalog: Catalog, problems: Problems) -> bool:
    """Say whether both sides of a set hold images of the classes that it is restricted to."""
    classes = test_set.classes
    if classes is None:
        return True
    sides = {
        word: _classes_of(pools, catalog)
        for word, pools in (("real", test_set.real_pools), ("fake", test_set.fake_pools))
    }
    where = f"test.classes of {test_set.name}"
    for word, present in sides.items():
        if not present:
            problems.add(
                where, f"its {word} images state no class", "Leave `classes` out for this set"
            )
            return False
    if isinstance(classes, str):
        return True
    known = sorted(sides["real"] | sides["fake"])
    for name in classes:
        if name not in known:
            problems.add(
                f"{where}: {name!r}", "none of its images is of it", did_you_mean(name, known[:200])
            )
            return False
    for word, present in sides.items():
        if not present.intersection(classes):
            problems.add(
                where,
                f"none of its {word} images is of {', '.join(classes)}, and one label is no test",
                "Name other classes, or other sets",
            )
            return False
    return True


def _classes_of(pools: Iterable[str], catalog: Catalog) -> set[str]:
    found: set[str] = set()
    for pool_id in pools:
        found.update(pc.unique(catalog.pool(pool_id).table["class"]).to_pylist())
    return found - {""}


def _named_reals(spec: TestSpec, catalog: Catalog, problems: Problems) -> list[Pool]:
    """Return the real test pools of the datasets that `reals:` names."""
    found: dict[str, Pool] = {}
    for name in spec.reals:
        alias, _, real_set = name.partition("/")
        if alias not in catalog.datasets:
            problems.add(f"test.reals: {name}", "there is no such dataset", "Correct the name")
            continue
        pools = [
            p
            for p in catalog.datasets[alias].pools
            if p.label == REAL and p.split == TEST and real_set in ("", p.source)
        ]
        if not pools:
            problems.add(
                f"test.reals: {name}",
                "no real test images were found under that name",
                "Name a dataset, or dataset/collection of reals",
            )
        found.update({p.pool_id: p for p in pools})
    return list(found.values())
