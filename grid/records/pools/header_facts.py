"""What file headers say of two classes, side by side: where one fact alone tells the label.

The field's classic mistake: reals are JPEG and fakes PNG, or reals have many sizes and fakes one.
A detector then need not look at the picture.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from data.counts import counted
from grid.records.places import manifest_key
from grid.records.pools.manifests import pool_of_bytes
from grid.store.base import Store

if TYPE_CHECKING:
    import pyarrow as pa

REAL, FAKE = 0, 1

# Half of all images can be sorted by this one fact alone: far above what chance does to pools of
# a few dozen images, far below the 1.0 of "reals are JPEG, fakes are PNG".
ONE_SIDED = 0.5

FACTS = {"format": ("format",), "size": ("width", "height")}

_READ_AT_ONCE = 16  # manifests: of a large collection they are tens of megabytes each

Counts = Counter[tuple[object, ...]]


@dataclass(frozen=True)
class PoolFacts:
    """How often each value of each fact occurs in one pool, whose images have one label."""

    pool_id: str
    label: int
    counts: Mapping[str, Counts]


@dataclass(frozen=True)
class OneSided:
    """A fact that tells the label of most images of a comparison; the classes in words."""

    comparison: str
    fact: str
    reals: str
    fakes: str

    @property
    def classes(self) -> str:
        """Both classes in one clause."""
        return f"reals are {self.reals}, fakes are {self.fakes}"


def pool_facts(pool_id: str, label: int, table: pa.Table) -> PoolFacts:
    """Count the header facts of a pool's rows."""
    return PoolFacts(
        pool_id, label, {fact: _counted(table, columns) for fact, columns in FACTS.items()}
    )


def read_pool_facts(store: Store, labels: Mapping[str, int]) -> dict[str, PoolFacts]:
    """Return the facts of pools by id, from their manifests; a pool without one is left out.

    Args:
        store: the store.
        labels: the pools' labels by id.
    """
    found = {}
    columns = [column for names in FACTS.values() for column in names]
    wanted = sorted(labels)
    for start in range(0, len(wanted), _READ_AT_ONCE):
        keys = {manifest_key(pool_id): pool_id for pool_id in wanted[start:][:_READ_AT_ONCE]}
        for key, data in store.get_many(list(keys)).items():
            table = pool_of_bytes(key, data, columns)
            found[keys[key]] = pool_facts(keys[key], labels[keys[key]], table)
    return found


def one_sided_among(comparisons: Iterable[tuple[str, Sequence[PoolFacts]]]) -> list[OneSided]:
    """Return what is one-sided among some comparisons, each a name and the pools of both classes.

    The measure is the total variation distance between the two classes' shares: 0 when both
    classes look alike, 1 when the fact alone decides the label. Of comparisons of which one holds
    the other's pools, the first is told: beside a generator its test set says nothing new.
    """
    found: list[OneSided] = []
    every = list(comparisons)
    for fact in FACTS:
        told: list[frozenset[str]] = []
        for name, pools in every:
            ids = frozenset(pool.pool_id for pool in pools)
            if any(ids <= others for others in told):
                continue
            reals, fakes = (_shares(pools, label, fact) for label in (REAL, FAKE))
            if not reals or not fakes:
                continue
            distance = sum(abs(reals[value] - fakes[value]) for value in {*reals, *fakes}) / 2
            if distance > ONE_SIDED:
                told.append(ids)
                found.append(OneSided(name, fact, _words(reals), _words(fakes)))
    return found


def left_by(equalise: str, found: Iterable[OneSided]) -> list[OneSided]:
    """Return what is one-sided still, once images are equalised.

    Args:
        equalise: as the experiment says it. `recompress` leaves sizes as they are, and every other
            takes away all that a header says.
        found: of the files.
    """
    if equalise == "none":
        return list(found)
    return [each for each in found if each.fact == "size" and equalise.startswith("recompress")]


def accepted(
    found: Sequence[OneSided], equalise: str = "none"
) -> tuple[str, tuple[str, ...]] | None:
    """Say what a file accepted by its `equalise:`: a sentence, and a line per comparison.

    None where nothing is one-sided. It stands before every number of such an experiment.
    """
    found = left_by(equalise, found)
    if not found:
        return None
    facts = " and ".join(dict.fromkeys(each.fact for each in found))
    return (
        f"Labels can be read from the file header: {facts} x label "
        f"{'are' if ' and ' in facts else 'is'} one-sided, and the file accepts it with "
        f"`equalise: {equalise}`. The numbers may come from that alone.",
        tuple(f"{each.comparison}, {each.fact}: {each.classes}" for each in found),
    )


def _counted(table: pa.Table, columns: tuple[str, ...]) -> Counts:
    counted = table.select(columns).group_by(list(columns)).aggregate([([], "count_all")])
    values = (counted[column].to_pylist() for column in columns)
    return Counter(
        dict(zip(zip(*values, strict=True), counted["count_all"].to_pylist(), strict=True))
    )


def _shares(pools: Sequence[PoolFacts], label: int, fact: str) -> Counter[tuple[object, ...]]:
    """Share of each value among the images of one label; without images there is none."""
    counts: Counts = Counter()
    for pool in pools:
        if pool.label == label:
            counts.update(pool.counts[fact])
    total = counts.total()
    return Counter({value: n / total for value, n in counts.items()})


def _words(shares: Counter[tuple[object, ...]]) -> str:
    top = shares.most_common(3)
    listed = ", ".join(f"{'x'.join(map(str, value))} {share:.0%}" for value, share in top)
    return listed + (f" and {counted(len(shares) - 3, 'other')}" if len(shares) > 3 else "")
