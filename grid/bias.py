"""Labels that can be read from a file's header: the field's classic mistake, refused unstated.

What is looked at is what is compared: the two classes of each training set and of each test set,
wherever their pools come from, and of each generator that takes part in one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from data.pools import Pool
from grid.catalog import FAKE, REAL
from grid.expand import Expansion
from grid.refusal import Problem

# Half of all images can be sorted by this one fact alone: far above what chance does to pools of
# a few dozen images, far below the 1.0 of "reals are JPEG, fakes are PNG".
ONE_SIDED = 0.5

FACTS = {"format": ("format",), "size": ("width", "height")}

Counts = Counter[tuple[object, ...]]


def one_sided(expansion: Expansion) -> list[Problem]:
    """Return a problem for each comparison and header fact that tells fakes from reals."""
    return one_sided_among(list(_compared(expansion)))


def one_sided_among(comparisons: Sequence[tuple[str, Sequence[Pool]]]) -> list[Problem]:
    """Return the problems of some comparisons, each a name and the pools of both classes.

    The measure is the total variation distance between the two classes' shares: 0 when both
    classes look alike, 1 when the fact alone decides the label.
    """
    problems: list[Problem] = []
    counted: dict[tuple[str, str], Counts] = {}
    for fact in FACTS:
        shouting: list[frozenset[str]] = []
        for name, pools in comparisons:
            ids = frozenset(pool.pool_id for pool in pools)
            if any(ids <= others for others in shouting):
                continue  # a generator's test set beside the generator itself says nothing new
            shares = [_shares(pools, label, fact, counted) for label in (REAL, FAKE)]
            found = _problem(name, fact, *shares) if all(shares) else None
            if found is not None:
                shouting.append(ids)
                problems.append(found)
    return problems


def _compared(expansion: Expansion) -> Iterator[tuple[str, Sequence[Pool]]]:
    """Everything in which reals stand against fakes; generators first, they say most precisely."""
    catalog = expansion.catalog
    trained = [fit.training for fit in expansion.fits.values() if fit.training is not None]
    used = {source.name for training in trained for source in training.sources}
    used |= {f"{test_set.dataset}/{test_set.generator}" for test_set in expansion.test_sets}
    for source in catalog.all_sources():
        if source.name in used:
            yield source.name, source.pools
    for training in {training.label: training for training in trained}.values():
        yield f"training set {training.label}", training.pools
    for test_set in expansion.test_sets:
        pool_ids = (*test_set.real_pools, *test_set.fake_pools)
        yield f"test set {test_set.name}", [catalog.pool(pool_id) for pool_id in pool_ids]


def _problem(name: str, fact: str, reals: Counts, fakes: Counts) -> Problem | None:
    distance = sum(abs(reals[value] - fakes[value]) for value in {*reals, *fakes}) / 2
    if distance <= ONE_SIDED:
        return None
    return Problem(
        what=f"{name}: {fact} x label is one-sided",
        why=f"reals are {_words(reals)}, fakes are {_words(fakes)}, so a detector can "
        f"read the label from the {fact} alone and the numbers would mean nothing",
        mend="Prepare both classes alike, or accept it in writing with "
        "`equalise: none` in the file",
    )


def _shares(
    pools: Sequence[Pool], label: int, fact: str, counted: dict[tuple[str, str], Counts]
) -> Counts:
    """Share of each value among the images of one label; each pool is counted once."""
    counts: Counts = Counter()
    for pool in pools:
        if pool.label == label:
            key = pool.pool_id, fact
            if key not in counted:
                columns = (pool.table[column].to_pylist() for column in FACTS[fact])
                counted[key] = Counter(zip(*columns, strict=True))
            counts.update(counted[key])
    total = counts.total()
    return Counter({value: n / total for value, n in counts.items()})


def _words(shares: Counts) -> str:
    top = shares.most_common(3)
    listed = ", ".join(f"{'x'.join(map(str, value))} {share:.0%}" for value, share in top)
    return listed + (f" and {len(shares) - 3} others" if len(shares) > 3 else "")
