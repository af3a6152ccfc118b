"""The images that a fit may train on or be validated on, as columns of numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from data.counts import counted
from data.image_ids import Words, draw, draw_by_name, order_of, repeats, texts, words
from data.pools import words_digest
from data.strata import Codes, Mask, combined, in_order_of_appearance

LABEL_WORDS = ("real", "fake")
Column: TypeAlias = Sequence[str] | pa.ChunkedArray
"""Texts, or an Arrow column of them."""


class SelectionError(ValueError):
    """A rule that these pools cannot follow."""


@dataclass(frozen=True)
class PoolRows:
    """What selection looks at of a pool: columns of equal length, sorted by image_id.

    `kept` says which rows may be chosen, shape (n,); None for all.
    """

    pool_id: str
    label: int
    image_ids: Column | Words
    classes: Column
    pairs: Column
    source: str
    kept: Mask | None = None


@dataclass(frozen=True)
class Rows:
    """Chosen images, sorted by image_id, each once."""

    pools: npt.NDArray[np.int32]  # index into [*pools, *declared_validation] of `select`
    ranks: npt.NDArray[np.int32]  # row within that pool
    ids: Words  # shape (n, 2)
    labels: npt.NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def image_ids(self) -> list[str]:
        """The ids as texts: a hundred bytes each, so only where they are needed as such."""
        return texts(self.ids)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the (image_id, label) rows."""
        return words_digest(self.ids, self.labels)

    def taken(self, which: Mask) -> "Rows":
        """These rows only."""
        return Rows(
            self.pools[which],
            self.ranks[which],
            self.ids.compress(which, axis=0),
            self.labels[which],
        )


@dataclass(frozen=True)
class Candidates:
    """Rows of several pools as columns of numbers, equally long."""

    ids: Words  # (n, 2)
    label: npt.NDArray[np.int8]
    source: Codes
    class_code: Codes
    pair: Codes  # -1 for an image that stands alone
    pool: npt.NDArray[np.int32]
    rank: npt.NDArray[np.int32]
    class_names: list[str]
    pair_names: list[str]

    def __len__(self) -> int:
        return len(self.label)

    @classmethod
    def of(cls, pools: Sequence[PoolRows], first_pool: int = 0) -> "Candidates":
        """All rows, pools in the order of their ids: nothing may depend on the caller's order.

        Args:
            pools: where the rows are from.
            first_pool: number of the first pool in `Rows.pools`.

        Raises:
            SelectionError: a pool's columns are not equally long.
        """
        order = sorted(range(len(pools)), key=lambda index: (pools[index].pool_id, index))
        lengths = [len(pools[index].image_ids) for index in order]
        for index in order:
            _require_equal_lengths(pools[index])
        ids = [words(pools[index].image_ids) for index in order]
        class_code, class_names = _coded([pools[index].classes for index in order])
        pair_code, pair_names = _coded([pools[index].pairs for index in order])
        sources = {name: code for code, name in enumerate({pools[i].source for i in order})}
        table = cls(
            ids=np.concatenate([np.zeros((0, 2), np.uint64), *ids]),
            label=np.repeat(np.array([pools[i].label for i in order], np.int8), lengths),
            source=np.repeat(np.array([sources[pools[i].source] for i in order], int), lengths),
            class_code=class_code,
            pair=_without_empty(pair_code, pair_names),
            pool=np.repeat(np.array(order, np.int32) + np.int32(first_pool), lengths),
            rank=np.concatenate([np.arange(0, dtype=np.int32), *map(_counting, lengths)]),
            class_names=class_names,
            pair_names=pair_names,
        )
        masks = [
            np.ones(length, bool) if (kept := pools[index].kept) is None else kept
            for index, length in zip(order, lengths, strict=True)
        ]
        return table if all(map(np.all, masks)) else table.taken(np.concatenate(masks))

    def taken(self, which: Mask | Codes) -> "Candidates":
        """These rows only."""
        which = np.flatnonzero(which) if which.dtype == bool else which
        return Candidates(
            self.ids.take(which, axis=0),
            self.label[which],
            self.source[which],
            self.class_code[which],
            self.pair[which],
            self.pool[which],
            self.rank[which],
            self.class_names,
            self.pair_names,
        )

    def without(self, others: Words) -> "Candidates":
        """The rows whose images are not among others, given as ids, shape (n, 2)."""
        rows = np.concatenate([others, self.ids])
        code = combined(*(np.unique(rows[:, i], return_inverse=True)[1].ravel() for i in (0, 1)))
        return self.taken(~np.isin(code[len(others) :], code[: len(others)]))

    def each_image_once(self) -> "Candidates":
        """Sorted by image_id; the sort is stable, so the first pool's row is kept.

        Raises:
            SelectionError: an image is real in one pool and fake in another.
        """
        table = self.taken(order_of(self.ids))
        is_same = repeats(table.ids)
        conflicts = np.flatnonzero(is_same[1:] & (table.label[1:] != table.label[:-1]))
        if len(conflicts):
            (image_id,) = texts(table.ids[conflicts[:1]])
            raise SelectionError(
                f"image {image_id} is real in one pool and fake in another "
                f"({counted(len(conflicts), 'such image')}); remove the file from where it is "
                "wrong."
            )
        if not is_same.any():
            return table
        return table.taken(~is_same)

    def units(self, salt: str) -> tuple[Codes, Words]:
        """What is drawn as one, pairs or single images: a number and a draw for each row."""
        unit = np.arange(len(self), dtype=np.int64) + len(self.pair_names)
        drawn = draw(self.ids, salt)
        is_paired = self.pair >= 0
        if is_paired.any():
            unit = np.where(is_paired, self.pair, unit)
            by_pair = draw_by_name(self.pair_names, salt)
            drawn[is_paired] = by_pair[self.pair[is_paired]]
        return unit, drawn

    def rows(self) -> Rows:
        """What is chosen, once nothing is to be taken away any more."""
        return Rows(self.pool, self.rank, self.ids, self.label)


def _require_equal_lengths(pool: PoolRows) -> None:
    kept = pool.image_ids if pool.kept is None else pool.kept
    if not len(pool.image_ids) == len(pool.classes) == len(pool.pairs) == len(kept):
        raise SelectionError(
            f"Pool {pool.pool_id} has {len(pool.image_ids)} images, {len(pool.classes)} classes "
            f"and {len(pool.pairs)} pairs; give one of each per image."
        )


def _coded(columns: Sequence[Column]) -> tuple[Codes, list[str]]:
    """The number of each row's word over all columns, and the words in order of appearance."""
    numbers: dict[str, int] = {}
    codes = [np.zeros(0, np.int64)]
    for column in columns:
        for chunk in _chunks(column):
            coded = chunk if pa.types.is_dictionary(chunk.type) else chunk.dictionary_encode()
            indices = coded.indices.to_numpy()
            # A dictionary may hold words that no row of this part has, in any order.
            number = np.zeros(len(coded.dictionary), np.int64)
            used = in_order_of_appearance(indices, len(number))
            names = coded.dictionary.take(pa.array(used)).to_pylist()
            for index, name in zip(used.tolist(), names, strict=True):
                number[index] = numbers.setdefault(name, len(numbers))
            codes.append(number[indices])
    return np.concatenate(codes), list(numbers)


def _chunks(column: Column) -> list[Any]:
    if isinstance(column, pa.ChunkedArray):
        return [chunk for chunk in column.chunks if len(chunk)]
    return [pa.array(column, pa.string())] if len(column) else []


def _without_empty(code: Codes, names: list[str]) -> Codes:
    return np.where(code == names.index(""), -1, code) if "" in names else code


def _counting(length: int) -> npt.NDArray[np.int32]:
    return np.arange(length, dtype=np.int32)
