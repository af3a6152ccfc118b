"""`crossgen audit`: everything that is compared, and what its datasets hold, as one record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from data.audit.duplicates import across, shared_images
from data.audit.near_duplicates import MOST_BITS, look_alikes, pairs_by_chance
from data.audit.perceptual_hash import perceptual_hash
from data.decode import UnreadableImage, decode
from data.pools import Pool
from grid.checks.audit_comparison import PoolAudits, audited
from grid.checks.bias import Comparison
from grid.records.audits.audit_records import (
    AuditRecord,
    ComparisonAudit,
    DatasetAudit,
    LookAlikes,
    PoolAudit,
    SharedRecord,
    with_digest,
)
from grid.sources.catalog import Catalog, IndexedDataset

Say = Callable[[str], None]
EqualisesOf = Callable[[str, Sequence[Pool]], Sequence[str]]
_WORD = ("reals", "fakes")
_NAMED = 20


def audit(
    name: str,
    catalog: Catalog,
    comparisons: Iterable[Comparison],
    *,
    sample: int,
    equalises_of: EqualisesOf,
    near: bool = False,
    say: Say = lambda _: None,
) -> AuditRecord:
    """Audit what is compared, and the datasets that it lies in.

    Args:
        name: for people: the experiment's, or the datasets'.
        catalog: the indexed datasets.
        comparisons: names and pools; one with the pools of an earlier one, or of one class, is
            left out.
        sample: images of each pool whose pixels are looked at, drawn by hash.
        equalises_of: the canonical equalises of a comparison, beside "none"; empty: no other.
        near: whether every image is decoded and hashed to find look-alikes.
        say: told what is being done.

    Raises:
        ImageChanged: a file is no longer what was indexed.
        OSError: a file could not be read, so that nothing can be said of it.
    """
    known = PoolAudits(catalog, sample)
    found: list[ComparisonAudit] = []
    for title, pools in different(comparisons):
        say(f"auditing {title}")
        equalises = list(dict.fromkeys(["none", *equalises_of(title, pools)]))
        found.append(audited(title, pools, equalises, known))
    pools = [pool for dataset in catalog.datasets.values() for pool in dataset.pools]
    names = [pool_name(dataset, p) for dataset in catalog.datasets.values() for p in dataset.pools]
    say("looking for equal images")
    return with_digest(
        {
            "name": name,
            "sample": sample,
            "datasets": [_dataset(dataset) for dataset in catalog.datasets.values()],
            "comparisons": found,
            "shared": [
                SharedRecord(
                    first=names[each.first],
                    second=names[each.second],
                    across=each.kind,
                    images=each.images,
                )
                for each in shared_images(pools)
            ],
            "look_alikes": _look_alikes(catalog, pools, names, say) if near else None,
        }
    )


def everything_in(catalog: Catalog) -> Iterator[Comparison]:
    """What is compared where no experiment says it: generators, datasets, all together."""
    for source in catalog.all_sources():
        yield source.name, source.pools
    for dataset in catalog.datasets.values():
        yield f"all of {dataset.alias}", dataset.pools
    yield "all datasets", [pool for d in catalog.datasets.values() for pool in d.pools]


def different(comparisons: Iterable[Comparison]) -> Iterator[Comparison]:
    """Yield the comparisons that have both classes, each set of pools once."""
    seen: set[frozenset[str]] = set()
    for name, pools in comparisons:
        by_id = {pool.pool_id: pool for pool in pools}
        if len({pool.label for pool in pools}) == 2 and frozenset(by_id) not in seen:
            seen.add(frozenset(by_id))
            yield name, list(by_id.values())


def pool_name(dataset: IndexedDataset, pool: Pool) -> str:
    """Return how a pool is called: dataset, source, split and label."""
    apart = pool.beside and not pool.source.startswith(pool.beside)
    beside = f"{pool.beside}'s " if apart else ""
    place = dataset.alias if pool.source == dataset.alias else f"{dataset.alias}/{pool.source}"
    return f"{place} {beside}{pool.split} {_WORD[pool.label]}"


def _dataset(dataset: IndexedDataset) -> DatasetAudit:
    problems = dataset.manifest.problems
    return DatasetAudit(
        name=dataset.alias,
        layout=dataset.manifest.layout,
        pools=[
            PoolAudit(
                pool_id=pool.pool_id,
                name=pool_name(dataset, pool),
                images=len(pool),
                duplicates=pool.duplicates,
            )
            for pool in dataset.pools
        ],
        unreadable=[f"{each.path}: {each.reason}" for each in problems[:_NAMED]],
        unreadable_files=len(problems),
        left_out=dict(dataset.manifest.skipped),
    )


def _look_alikes(
    catalog: Catalog, pools: Sequence[Pool], names: Sequence[str], say: Say
) -> LookAlikes:
    hashes: list[np.uint64] = []
    places: list[int] = []
    undecodable = 0
    total = sum(map(len, pools))
    for place, pool in enumerate(pools):
        root = catalog.dataset_of(pool.pool_id).root
        rows = zip(*(pool.table[name].to_pylist() for name in ("path", "image_id")), strict=True)
        for path, image_id in rows:
            try:
                hashes.append(perceptual_hash(decode(root / path, image_id)))
                places.append(place)
            except UnreadableImage:
                undecodable += 1
            if not len(hashes) % 100:
                say(f"hashing images {len(hashes):,}/{total:,}")
    found = look_alikes(np.array(hashes, np.uint64), np.array(places, np.int64))
    return LookAlikes(
        bits=MOST_BITS,
        images=len(hashes),
        undecodable=undecodable,
        by_chance=pairs_by_chance(len(hashes)),
        found=[
            SharedRecord(
                first=names[first],
                second=names[second],
                across=across(pools[first], pools[second]),
                images=images,
            )
            for (first, second), images in sorted(
                found.items(), key=lambda each: (-each[1], each[0])
            )
        ],
    )
