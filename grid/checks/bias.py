"""Labels that can be read from a file's header: refused unless the file accepts them in writing.

What is looked at is what is compared: the two classes of each training set and of each test set,
wherever their pools come from, and of each generator that takes part in one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from data.pools import Pool
from grid.expansion.fits import Expansion, Fit
from grid.records.pools.header_facts import OneSided, PoolFacts, one_sided_among, pool_facts
from grid.records.table_lists import as_asked
from grid.refusal import Problem

MATCH = "`equalise: match` (fakes coded as the reals are, both cropped to one square)"
MEND = {
    "format": f"Write {MATCH}, `recompress(96)` (both coded once more) or `none` (accepted)",
    "size": f"Write {MATCH} or `none` (accepted)",
    "header": f"Write {MATCH} or `none` (accepted)",
}

Comparison = tuple[str, Sequence[Pool]]


def one_sided(expansion: Expansion, equalise: str) -> list[OneSided]:
    """Return each comparison in which a header fact tells fakes from reals.

    Args:
        expansion: of the experiment.
        equalise: as the file says it; what other arms ask for is left out.
    """
    if expansion.equalises_asked in ([equalise], []):
        return one_sided_of(compared(expansion))
    trained = [f for f in expansion.fits.values() if equalise in f.equalises_asked]
    places = {
        place
        for blocks in expansion.scoring.values()
        for block in blocks
        if as_asked(block["equalise"]) == equalise
        for place in block["test_sets"]
    }
    return one_sided_of(_compared_by(expansion, trained, places))


def unspoken(expansion: Expansion) -> list[OneSided]:
    """Return the same of what is compared where neither the arm nor the file says a word of it."""
    if expansion.experiment.equalise is not None:
        return []
    if all(not arm.equalise for arm in expansion.experiment.arms):
        return one_sided_of(compared(expansion))
    fits = expansion.silent_of_equalise
    blocks = [block for fit in fits for block in expansion.scoring.get(fit.fit_id, ())]
    unequalised = [block for block in blocks if block["equalise"] == "none"]
    places = {place for block in unequalised for place in block["test_sets"]}
    return one_sided_of(_compared_by(expansion, fits, places))


def one_sided_of(comparisons: Iterable[Comparison]) -> list[OneSided]:
    """Return the same among some comparisons, each a name and the pools of both classes."""
    known: dict[str, PoolFacts] = {}
    facts = []
    for name, pools in comparisons:
        for pool in pools:
            if pool.pool_id not in known:
                known[pool.pool_id] = pool_facts(pool.pool_id, pool.label, pool.table)
        facts.append((name, [known[pool.pool_id] for pool in pools]))
    return one_sided_among(facts)


def refused(found: Iterable[OneSided]) -> list[Problem]:
    """Return a problem for each, where the file says nothing."""
    return [
        Problem(
            what=f"{each.comparison}: {each.fact} x label is one-sided",
            why=f"{each.classes}: a classifier that sees only the {each.fact} has a balanced "
            f"accuracy of {each.accuracy:.0%}, so the numbers would mean nothing",
            mend=f"{MEND.get(each.fact, MEND['format'])} in the file, or prepare both alike",
        )
        for each in found
    ]


def compared(expansion: Expansion) -> Iterator[Comparison]:
    """Everything in which reals stand against fakes; generators first, they say most precisely."""
    yield from _compared_by(expansion, expansion.fits.values(), range(len(expansion.test_sets)))


def _compared_by(
    expansion: Expansion, fits: Iterable[Fit], places: Iterable[int]
) -> Iterator[Comparison]:
    """What some fits train on, and the test sets at some places of the experiment's list."""
    catalog = expansion.catalog
    test_sets = [expansion.test_sets[place] for place in sorted(places)]
    trained = [fit.training for fit in fits if fit.training is not None]
    used = {source.name for training in trained for source in training.sources}
    used |= {f"{test_set.dataset}/{test_set.generator}" for test_set in test_sets}
    for source in catalog.all_sources():
        if source.name in used:
            yield source.name, source.pools
    for training in {training.label: training for training in trained}.values():
        yield f"training set {training.label}", training.pools
    for test_set in test_sets:
        pool_ids = (*test_set.real_pools, *test_set.fake_pools)
        yield f"test set {test_set.name}", [catalog.pool(pool_id) for pool_id in pool_ids]
