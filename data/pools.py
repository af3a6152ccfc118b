"""Pools: the images of one source of one collection and split, the unit that is scored.

A pool's identity is the digest of its sorted (image_id, label) rows, so moving or renaming files
changes nothing, and adding or changing one image changes it. A score's `image` is the rank in
that order.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from data.image_ids import Words, draw, words
from data.manifest import Manifest

_DIGEST_VERSION = b"crossgen rows 1\0"
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

    def __len__(self) -> int:
        return int(self.table.num_rows)


def pools_of(manifest: Manifest) -> list[Pool]:
    """The pools of a collection, sorted by source, label and split.

    Of files with the same bytes in one pool the first by class, pair and path is kept (a manifest
    is sorted by path).
    """
    table = manifest.table
    if table.num_rows == 0:
        return []
    is_fake = table["label"].to_numpy() == 1
    source = np.where(is_fake, _strings(table["generator"]), _strings(table["real_set"]))
    keys = list(zip(source, table["label"].to_pylist(), table["split"].to_pylist(), strict=True))
    known = sorted(set(keys))
    rank_of_key = {key: rank for rank, key in enumerate(known)}
    pool = np.fromiter((rank_of_key[key] for key in keys), np.int64, len(keys))
    ids = words(table["image_id"].to_pylist())
    order = np.lexsort((_ranks(table["pair"]), _ranks(table["class"]), *ids.T[::-1], pool))
    pool, ids = pool[order], ids[order]
    is_first = np.ones(len(order), bool)
    is_first[1:] = (pool[1:] != pool[:-1]) | (ids[1:] != ids[:-1]).any(axis=1)
    starts = np.searchsorted(pool, np.arange(len(known) + 1))
    formed = []
    for rank, (name, label, split) in enumerate(known):
        part = slice(starts[rank], starts[rank + 1])
        kept = order[part][is_first[part]]
        formed.append(
            _pool(str(name), label, split, table.take(pa.array(kept)), len(order[part]) - len(kept))
        )
    return formed


def limit(pool: Pool, n: int, salt: str) -> Pool:
    """The n images with the lowest hash as a pool of its own; the pool itself if it has no more.

    Args:
        pool: to take from.
        n: at least 1.
        salt: what the draw is for; the same salt gives nested limits.
    """
    if n < 1:
        raise ValueError(f"A limit of {n} images leaves none; give 1 or more.")
    if len(pool) <= n:
        return pool
    drawn = draw(words(pool.table["image_id"].to_pylist()), salt)
    kept = np.sort(np.argsort(drawn, kind="stable")[:n])
    table = pool.table.take(pa.array(kept))
    image_ids = table["image_id"].to_pylist()
    return replace(pool, table=table, pool_id=pool_digest(image_ids, [pool.label] * n))


def pool_digest(image_ids: Sequence[str], labels: Sequence[int] | npt.NDArray[np.int8]) -> str:
    """The pool_id of these rows: "p" and 20 hexadecimal digits."""
    return "p" + rows_digest(image_ids, labels)[:20]


def rows_digest(image_ids: Sequence[str], labels: Sequence[int] | npt.NDArray[np.int8]) -> str:
    """SHA-256 of the (image_id, label) rows, each row once, in whatever order they come.

    Raises:
        ValueError: an id is no image_id, or there are more or fewer labels than ids.
    """
    return words_digest(words(image_ids), np.asarray(labels, dtype=np.int8))


def words_digest(ids: Words, labels: npt.NDArray[np.int8]) -> str:
    """`rows_digest` for ids that are numbers already, shape (n, 2)."""
    if len(ids) != len(labels):
        raise ValueError(f"{len(ids)} image ids came with {len(labels)} labels; give one each.")
    order = np.lexsort((labels, ids[:, 1], ids[:, 0]))
    rows = np.empty((len(ids), 17), np.uint8)
    rows[:, :16] = ids[order].astype(">u8").view(np.uint8).reshape(-1, 16)
    rows[:, 16] = labels[order]
    is_first = np.ones(len(rows), bool)
    is_first[1:] = (rows[1:] != rows[:-1]).any(axis=1)
    return hashlib.sha256(_DIGEST_VERSION + rows[is_first].tobytes()).hexdigest()


def label_conflicts(pools: Sequence[Pool]) -> list[str]:
    """A sentence for each image that is real in one pool and fake in another."""
    if not pools:
        return []
    columns = [(words(pool.table["image_id"].to_pylist()), pool.label) for pool in pools]
    ids = np.concatenate([ids for ids, _ in columns])
    labels = np.concatenate([np.full(len(ids), label, np.int8) for ids, label in columns])
    pool_index = np.repeat(np.arange(len(pools)), [len(ids) for ids, _ in columns])
    rank = np.concatenate([np.arange(len(ids)) for ids, _ in columns])
    order = np.lexsort((labels, ids[:, 1], ids[:, 0]))
    same = (ids[order][1:] == ids[order][:-1]).all(axis=1)
    changes = np.flatnonzero(same & (labels[order][1:] != labels[order][:-1]))
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


def _pool(source: str, label: int, split: str, table: Any, duplicates: int) -> Pool:
    image_ids = table["image_id"].to_pylist()
    return Pool(
        pool_id=pool_digest(image_ids, [label] * len(image_ids)),
        source=source,
        label=label,
        split=split,
        family=table["family"][0].as_py(),
        generator_group=table["generator_group"][0].as_py(),
        table=table,
        duplicates=duplicates,
        beside=table["generator"][0].as_py() if label == 0 else "",
    )


def _strings(column: Any) -> npt.NDArray[np.object_]:
    return np.array(column.to_pylist(), dtype=object)


def _ranks(column: Any) -> npt.NDArray[np.int64]:
    """Numbers that sort as the strings do."""
    coded = column.combine_chunks().dictionary_encode()
    order = np.argsort(np.array(coded.dictionary.to_pylist(), dtype=object), kind="stable")
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order))
    indices: npt.NDArray[np.int64] = coded.indices.to_numpy()
    return ranks[indices]
