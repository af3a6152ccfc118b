"""From the words of `test:` to test sets (pairs of real and fake pools) and pools to score."""

from __future__ import annotations

from dataclasses import dataclass

from data.pools import Pool

from grid.catalog import FAKE, REAL, TEST, Catalog, Source
from grid.experiment import TestSpec
from grid.refusal import Problems


@dataclass(frozen=True)
class TestSet:
    """One column of the matrix: fakes of one generator against reals."""

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
                "Name reals for it: `test: {reals: [DATASET]}`",
            )
            continue
        made.append(
            TestSet(
                source.name,
                source.dataset,
                source.generator,
                source.family,
                source.generator_group,
                tuple(p.pool_id for p in real_pools),
                tuple(p.pool_id for p in fakes),
                spec.classes or catalog.datasets[source.dataset].classes or None,
            )
        )
    return made


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
