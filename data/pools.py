"""Pools: the images of one source of one collection and split, the unit that is scored.

A pool's identity is the digest of its sorted (image_id, label) rows, so moving or renaming files
changes nothing, and adding or changing one image changes it. A score's `image` is the rank in
that order.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from data.image_ids import Words, draw, order_of, repeats, words
from data.manifest import Manifest

_DIGEST_VERSION = b"crossgen rows 1\0"
_ROW = np.dtype([("high", ">u8"), ("low", ">u8"), ("label", "i1")])  # as it is digested
_AT_ONCE = 1 << 15  # rows that are digested together: they fit a core's cache
_WORD = ("real", "fake")


@dataclass(frozen=True)
class Pool:
    """The images of one generator's fakes, or of one collection of reals, in one split."""

    pool_id: str
    source: str  # the generator of fakes, the real_set of reals
    label: int  # 0 real, 1 fake
    split: str
    family: str
    generator_group: str
    table: Any  # pyarrow.Table, the manifest's columns, sorted by image_id, each image once
    duplicates: int  # files left out because another one has the same bytes
    beside: str  # of reals: the generator whose folder holds them, "" where shared; "" of fakes
    # Of a pool that another dataset holds too, and says other classes or pairs of: which it says.
    twin: str = ""

    @property
    def key(self) -> str:
        """What is equal of two pools only where images, classes and pairs are."""
        return f"{self.pool_id}{self.twin}"

    @cached_property
    def ids(self) -> Words:
        """The image ids as numbers, shape (n, 2)."""
        return words(self.table["image_id"])

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def restated(self, table: Any, family: str, generator_group: str) -> "Pool":
        """The pool with another family and group, and a table of the same images that says so."""
        other = replace(self, table=table, family=family, generator_group=generator_group)
        other.__dict__["ids"] = self.ids  # millions are not made of the texts again
        return other


def pools_of(manifest: Manifest) -> list[Pool]:
    """The pools of a collection, sorted by source, label and split.

    Of files with the same bytes in one pool the first by class, pair and path is kept (a manifest
    is sorted by path).
    """
    table = manifest.table
    if table.num_rows == 0:
        return []
    known, pool = _pool_of_each(table)
    ids = words(table["image_id"])
    order = _order(table, ids, pool)
    pool, ids = pool[order], ids.take(order, axis=0)
    is_first = ~repeats(ids)
    is_first[1:] |= pool[1:] != pool[:-1]
    files = np.bincount(pool, minlength=len(known))
    if not is_first.all():
        order, pool, ids = order[is_first], pool[is_first], ids.compress(is_first, axis=0)
    starts = np.searchsorted(pool, np.arange(len(known) + 1))
    del is_first, pool
    # One table for all, of which each pool has a part.
    kept = table.take(pa.array(order))
    formed = []
    for rank, (name, label, split) in enumerate(known):
        start, end = int(starts[rank]), int(starts[rank + 1])
        part = kept.slice(start, end - start)
        duplicates = int(files[rank]) - len(part)
        formed.append(_pool(name, label, split, part, ids[start:end], duplicates))
    return formed


def limit(pool: Pool, n: int, salt: str, uncounted: Collection[str] = ()) -> Pool:
    """The n images with the lowest hash as a pool of its own; the pool itself if it has no more.

    Args:
        pool: to take from.
        n: at least 1.
        salt: what the draw is for; the same salt gives nested limits.
        uncounted: ids of images that are drawn like all and take no other's place, such as those
            that do not decode: without them the same n would be drawn.
    """
    if n < 1:
        raise ValueError(f"A limit of {n} images leaves none; give 1 or more.")
    counts = np.ones(len(pool), bool)
    if uncounted:
        held = pc.is_in(pool.table["image_id"], value_set=pa.array(sorted(uncounted), pa.string()))
        counts = ~held.to_numpy()
    if counts.sum() <= n:
        return pool
    order = np.argsort(draw(pool.ids, salt), kind="stable")
    last = int(np.searchsorted(np.cumsum(counts[order]), n))
    kept = np.sort(order[: last + 1])
    table = pool.table.take(pa.array(kept))
    return replace(pool, table=table, pool_id=_pool_id(pool.ids[kept], pool.label))


def pool_digest(
    image_ids: Sequence[str] | pa.ChunkedArray, labels: Sequence[int] | npt.NDArray[np.int8]
) -> str:
    """The pool_id of these rows: "p" and 20 hexadecimal digits."""
    return "p" + rows_digest(image_ids, labels)[:20]


def rows_digest(
    image_ids: Sequence[str] | pa.ChunkedArray, labels: Sequence[int] | npt.NDArray[np.int8]
) -> str:
    """SHA-256 of the (image_id, label) rows, each row once, in whatever order they come.

    Raises:
        ValueError: an id is no image_id, or there are more or fewer labels than ids.
    """
    return words_digest(words(image_ids), np.asarray(labels, dtype=np.int8))


def words_digest(ids: Words, labels: npt.NDArray[np.int8]) -> str:
    """`rows_digest` for ids that are numbers already, shape (n, 2)."""
    if len(ids) != len(labels):
        raise ValueError(f"{len(ids)} image ids came with {len(labels)} labels; give one each.")
    if not (ids[1:, 0] > ids[:-1, 0]).all():  # else they are sorted, and each is there once
        order = np.lexsort((labels, ids[:, 1], ids[:, 0]))
        ids, labels = ids[order], labels[order]
        is_first = ~repeats(ids)
        is_first[1:] |= labels[1:] != labels[:-1]
        ids, labels = ids[is_first], labels[is_first]
    digest = hashlib.sha256(_DIGEST_VERSION)
    for start in range(0, len(ids), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        rows = np.empty(len(ids[part]), _ROW)
        rows["high"], rows["low"] = ids[part, 0], ids[part, 1]
        rows["label"] = labels[part]
        digest.update(rows.tobytes())
    return digest.hexdigest()


def label_conflicts(pools: Sequence[Pool]) -> list[str]:
    """A sentence for each image that is real in one pool and fake in another."""
    if not pools:
        return []
    pools = sorted(pools, key=lambda pool: pool.label)  # so that equal ids come by label
    lengths = [len(pool) for pool in pools]
    ids = np.concatenate([pool.ids for pool in pools])
    labels = np.repeat(np.array([pool.label for pool in pools], np.int8), lengths)
    pool_index = np.repeat(np.arange(len(pools), dtype=np.int32), lengths)
    rank = np.concatenate([np.arange(length, dtype=np.int32) for length in lengths])
    order = order_of(ids)
    labels = labels[order]
    is_same = repeats(ids.take(order, axis=0))
    changes = np.flatnonzero(is_same[1:] & (labels[1:] != labels[:-1]))
    sentences = []
    for position in changes:
        where = []
        for row in (order[position], order[position + 1]):
            pool = pools[pool_index[row]]
            path = pool.table["path"][int(rank[row])].as_py()
            where.append(f"{_WORD[pool.label]} in {pool.source} ({path})")
        image_id = pool.table["image_id"][int(rank[order[position + 1]])].as_py()
        sentences.append(f"image {image_id} is {' and '.join(where)}")
    return sentences


def _pool(source: str, label: int, split: str, table: Any, ids: Words, duplicates: int) -> Pool:
    pool = Pool(
        pool_id=_pool_id(ids, label),
        source=source,
        label=label,
        split=split,
        family=table["family"][0].as_py(),
        generator_group=table["generator_group"][0].as_py(),
        table=table,
        duplicates=duplicates,
        beside=table["generator"][0].as_py() if label == 0 else "",
    )
    pool.__dict__["ids"] = ids  # known already: they need not be made of the texts again
    return pool


def _pool_id(ids: Words, label: int) -> str:
    return "p" + words_digest(ids, np.full(len(ids), label, np.int8))[:20]


def _pool_of_each(table: Any) -> tuple[list[tuple[str, int, str]], npt.NDArray[np.int64]]:
    """The (source, label, split) of each pool, sorted, and the place of each row's pool therein."""
    generators, real_sets, splits = (
        _coded(table[name]) for name in ("generator", "real_set", "split")
    )
    is_fake = table["label"].to_numpy() == 1
    names = [*generators[1], *real_sets[1]]
    source = np.where(is_fake, generators[0], real_sets[0] + len(generators[1]))
    # One number each, of few values: millions are counted, not sorted.
    number = (source * 2 + is_fake) * len(splits[1]) + splits[0]
    keys = {}
    for each in np.flatnonzero(np.bincount(number)).tolist():
        code, split = divmod(each, len(splits[1]))
        keys[each] = (names[code // 2], code % 2, splits[1][split])
    known = sorted(set(keys.values()))
    rank = {key: place for place, key in enumerate(known)}
    place = np.zeros(max(keys) + 1, np.int64)
    for each, key in keys.items():
        place[each] = rank[key]
    return known, place[number]


def _order(table: Any, ids: Words, pool: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The order by pool, image_id, class and pair; rows that are equal in all stay as they came."""
    few = pool.astype(np.int16 if pool.max(initial=0) < 2**15 else np.int64)
    order = np.argsort(few, kind="stable")  # few numbers are sorted by counting
    ends = np.cumsum(np.bincount(pool))
    for rows in np.split(order, ends[:-1]):  # parts of the order, each sorted in its place
        rows[:] = rows[np.argsort(ids[rows, 0])]
    high, of_pool = ids[order, 0], pool[order]
    alike = (high[1:] == high[:-1]) & (of_pool[1:] == of_pool[:-1])
    places = np.flatnonzero(np.append(alike, False) | np.append(False, alike))
    if len(places):  # the others of the keys decide between these rows only
        rows = np.sort(order[places])
        part = table.select(["pair", "class"]).take(pa.array(rows))
        keys = (_ranks(part["pair"]), _ranks(part["class"]), *ids[rows].T[::-1], pool[rows])
        order[places] = rows[np.lexsort(keys)]
    return order


def _coded(column: Any) -> tuple[npt.NDArray[np.int64], list[str]]:
    """The number of each row's word, and the words."""
    coded = column.unify_dictionaries().combine_chunks()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.chunk(0) if coded.num_chunks else pa.array([], coded.type)
    if not pa.types.is_dictionary(coded.type):
        coded = coded.dictionary_encode()
    return coded.indices.to_numpy().astype(np.int64), coded.dictionary.to_pylist()


def _ranks(column: Any) -> npt.NDArray[np.int64]:
    """Numbers that sort as the strings do."""
    codes, names = _coded(column)
    order = np.argsort(np.array(names, dtype=object), kind="stable")
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order))
    return ranks[codes]
