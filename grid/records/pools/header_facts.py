"""What file headers say of two classes, side by side: where they tell the label.

The field's classic mistake: reals are JPEG and fakes PNG, or reals have many sizes and fakes one.
A detector then need not look at the picture.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from data.audit.header_classifier import (
    ALL_TOGETHER,
    HEADER,
    OWN_RULES,
    header_counts,
    header_results,
)
from data.counts import counted
from data.jpeg_tables import quality_of
from grid.records.audits.audit_records import RuleRecord
from grid.records.places import manifest_key
from grid.records.pools.manifests import pool_of_bytes
from grid.store.base import Store

if TYPE_CHECKING:
    import pyarrow as pa

REAL, FAKE = 0, 1

# A classifier that sees only headers and is right on three quarters: the shares of the classes lie
# half of all images apart. Far below the 1.0 of "reals are JPEG, fakes are PNG".
ONE_SIDED = 0.75

_READ_AT_ONCE = 16  # manifests: of a large collection they are tens of megabytes each

Shares = Counter[str]


@dataclass(frozen=True)
class PoolFacts:
    """How often each header occurs in one pool, whose images have one label."""

    pool_id: str
    label: int
    counts: pa.Table  # see `data.audit.header_classifier.header_counts`


@dataclass(frozen=True)
class OneSided:
    """A fact that tells the label of most images of a comparison; the classes in words."""

    comparison: str
    fact: str
    reals: str
    fakes: str
    accuracy: float  # balanced, of a classifier that sees this fact alone

    @property
    def classes(self) -> str:
        """Both classes in one clause."""
        return f"reals are {self.reals}, fakes are {self.fakes}"


def pool_facts(pool_id: str, label: int, table: pa.Table) -> PoolFacts:
    """Count the headers of a pool's rows."""
    return PoolFacts(pool_id, label, header_counts(table, label))


def read_pool_facts(store: Store, labels: Mapping[str, int]) -> dict[str, PoolFacts]:
    """Return the facts of pools by id, from their manifests; a pool without one is left out.

    Args:
        store: the store.
        labels: the pools' labels by id.
    """
    found = {}
    columns = ["image_id", "pair", *HEADER]
    wanted = sorted(labels)
    for start in range(0, len(wanted), _READ_AT_ONCE):
        keys = {manifest_key(pool_id): pool_id for pool_id in wanted[start:][:_READ_AT_ONCE]}
        for key, data in store.get_many(list(keys)).items():
            table = pool_of_bytes(key, data, columns)
            found[keys[key]] = pool_facts(keys[key], labels[keys[key]], table)
    return found


def one_sided_among(comparisons: Iterable[tuple[str, Sequence[PoolFacts]]]) -> list[OneSided]:
    """Return what is one-sided among some comparisons, each a name and the pools of both classes.

    The measure is the balanced accuracy of the header classifier, of each fact alone; of all
    together where none is enough alone. Where the images are too few for it (a dozen), the shares
    of both classes are held against each other as they are. Of comparisons of which one holds the
    other's pools, the first is told: beside a generator its test set says nothing new.
    """
    told: dict[str, list[frozenset[str]]] = {}
    found: list[OneSided] = []
    for name, pools in comparisons:
        ids = frozenset(pool.pool_id for pool in pools)
        for fact, accuracy in _telling(pools).items():
            if any(ids <= others for others in told.get(fact, ())):
                continue
            told.setdefault(fact, []).append(ids)
            reals, fakes = (_shares(pools, label, fact) for label in (REAL, FAKE))
            found.append(OneSided(name, fact, _words(reals), _words(fakes), accuracy))
    order = [*OWN_RULES, ALL_TOGETHER]
    return sorted(found, key=lambda each: order.index(each.fact))


def rules_of(pools: Sequence[PoolFacts]) -> list[RuleRecord]:
    """Return how well each rule tells the labels of some pools; none without both classes."""
    return [
        RuleRecord(rule=each.rule, accuracy=each.accuracy, level=each.level)
        for each in header_results([pool.counts for pool in pools]).values()
    ]


def fact_counts(pools: Sequence[PoolFacts], fact: str) -> dict[str, tuple[int, int]]:
    """Return how many reals and how many fakes have each value, in words, the most frequent first.

    Args:
        pools: of both classes.
        fact: one of the classifier's rules.
    """
    columns = list(OWN_RULES.get(fact, HEADER))
    counts: dict[str, list[int]] = {}
    for pool in pools:
        grouped = pool.counts.group_by(columns).aggregate([("images", "sum")])
        values = zip(*(grouped[column].to_pylist() for column in columns), strict=True)
        for value, images in zip(values, grouped["images_sum"].to_pylist(), strict=True):
            said = dict(zip(columns, value, strict=True))
            words = _value_in_words(said, exact=fact == "quantisation")
            counts.setdefault(words, [0, 0])[pool.label] += images
    ordered = sorted(counts.items(), key=lambda each: (-sum(each[1]), each[0]))
    return {words: (images[REAL], images[FAKE]) for words, images in ordered}


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
    found: Sequence[OneSided], equalise: str = "none", *, of_some_fits: bool = False
) -> tuple[str, tuple[str, ...]] | None:
    """Say what a file accepted by its `equalise:`: a sentence, and a line per comparison.

    None where nothing is one-sided. It stands before every number of such an experiment.
    `of_some_fits`: others of the experiment ask for another equalise.
    """
    found = left_by(equalise, found)
    if not found:
        return None
    facts = " and ".join(dict.fromkeys(each.fact for each in found))
    return (
        f"Labels can be read from the file header: {facts} x label "
        f"{'are' if ' and ' in facts else 'is'} one-sided, and the file accepts it with "
        f"`equalise: {equalise}`. The numbers{' of such fits' if of_some_fits else ''} may come "
        "from that alone.",
        tuple(f"{each.comparison}, {each.fact}: {each.classes}" for each in found),
    )


def _telling(pools: Sequence[PoolFacts]) -> dict[str, float]:
    """The facts that tell the labels, with their balanced accuracy; the plainest alone."""
    results = header_results([pool.counts for pool in pools])
    telling = {}
    for fact, result in results.items():
        if result.level < 1:
            if result.accuracy > max(ONE_SIDED, result.level):
                telling[fact] = result.accuracy
        elif fact != ALL_TOGETHER:
            reals, fakes = (_shares(pools, label, fact) for label in (REAL, FAKE))
            distance = sum(abs(reals[value] - fakes[value]) for value in {*reals, *fakes}) / 2
            if (1 + distance) / 2 > ONE_SIDED:
                telling[fact] = (1 + distance) / 2
    if "format" in telling:
        telling.pop("quantisation", None)  # which a PNG does not have: it says the same
    if len(telling) > 1:
        telling.pop(ALL_TOGETHER, None)
    return telling


def _shares(pools: Sequence[PoolFacts], label: int, fact: str) -> Shares:
    """Share of each value, in words, among the images of one label; without images none."""
    counts = {value: images[label] for value, images in fact_counts(pools, fact).items()}
    total = sum(counts.values())
    return Counter({value: images / total for value, images in counts.items() if images})


def _value_in_words(said: Mapping[str, object], *, exact: bool) -> str:
    parts = [str(said["format"])] if "format" in said else []
    if "width" in said:
        parts.append(f"{said['width']}x{said['height']}")
    if said.get("jpeg_tables"):
        tables = str(said["jpeg_tables"])
        quality = quality_of(tables)
        own = f"with tables {tables[:8]}" if exact else "with own tables"
        coded = own if quality is None else f"of quality {quality}"
        parts.append(f"{'' if 'format' in said else 'JPEG '}{coded} {said['subsampling']}")
    elif exact:
        parts.append("no JPEG" if said["jpeg_tables"] == "" else "unknown")
    return " ".join(parts)


def _words(shares: Shares) -> str:
    top = shares.most_common(3)
    listed = ", ".join(f"{value} {share:.0%}" for value, share in top)
    return listed + (f" and {counted(len(shares) - 3, 'other')}" if len(shares) > 3 else "")
