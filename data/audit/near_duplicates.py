"""Every two images whose perceptual hashes differ in few bits, exactly and without all pairs.

Two hashes that differ in at most three bits agree in one at least of four parts of 16 bits: only
those that share a part are held against each other (Norouzi, Punjani and Fleet, "Fast Search in
Hamming Space with Multi-Index Hashing", CVPR 2012). For a million hashes that are spread evenly
these are 3e7 pairs instead of 5e11.

Even hashes of n images would give n^2 / 2 * 43745 / 2^64 pairs by chance: 1e-3 for a million.
Pictures are not spread evenly: flat and dark ones share hashes, so what is found is to be looked
at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from math import comb

import numpy as np
import numpy.typing as npt

from data.audit.perceptual_hash import BITS

MOST_BITS = 3
_PARTS = MOST_BITS + 1
_PART_BITS = BITS // _PARTS
_AT_ONCE = 4_000_000  # pairs

Hashes = npt.NDArray[np.uint64]
Pairs = npt.NDArray[np.int64]


def near_pairs(hashes: Hashes, most_bits: int = MOST_BITS) -> Pairs:
    """Return all (i, j), i < j, of hashes at most so many bits apart, sorted, shape (pairs, 2).

    Args:
        hashes: shape (n,).
        most_bits: 0 to 3, the radius for which the search is exact.

    Raises:
        ValueError: a larger radius.
    """
    if not 0 <= most_bits <= MOST_BITS:
        raise ValueError(f"{most_bits} bits: the search is exact for 0 to {MOST_BITS}; give those.")
    found = [np.empty((0, 2), np.int64)]
    for part in range(_PARTS):
        shift = np.uint64(part * _PART_BITS)
        key = (hashes >> shift) & np.uint64(2**_PART_BITS - 1)
        for first, second in _pairs_of_equal(key):
            near = np.bitwise_count(hashes[first] ^ hashes[second]) <= most_bits
            pairs = np.stack([first[near], second[near]], axis=1)
            found.append(np.sort(pairs, axis=1))
    return np.unique(np.concatenate(found), axis=0)


def look_alikes(hashes: Hashes, pool: Pairs) -> Counter[tuple[int, int]]:
    """Count the images of a pool that have a look-alike in another one, equal bytes among them.

    Args:
        hashes: shape (n,).
        pool: number of each image's pool, shape (n,).

    Returns:
        By (pool, other pool): images of the first; each image once. No pool is its own other.
    """
    distinct, place = np.unique(hashes, return_inverse=True)
    images = Counter(zip(place.tolist(), pool.tolist(), strict=True))
    pools_of: dict[int, set[int]] = {}
    for hash_place, number in images:
        pools_of.setdefault(hash_place, set()).add(number)
    alike = {(p, q, h) for h, pools in pools_of.items() for p in pools for q in pools if p != q}
    for one, other in near_pairs(distinct).tolist():
        for here, there in ((one, other), (other, one)):
            alike |= {(p, q, here) for p in pools_of[here] for q in pools_of[there] if p != q}
    found: Counter[tuple[int, int]] = Counter()
    for first, second, hash_place in alike:
        found[first, second] += images[hash_place, first]
    return found


def pairs_by_chance(images: int, most_bits: int = MOST_BITS) -> float:
    """How many pairs hashes of independent even bits would give."""
    ball = sum(comb(BITS, bits) for bits in range(most_bits + 1))
    return images * (images - 1) / 2 * ball / 2.0**BITS


def _pairs_of_equal(key: Hashes) -> Iterator[tuple[Pairs, Pairs]]:
    """Every two rows with the same key, some at a time: each row with the k-th after it."""
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    ahead = np.searchsorted(ordered, ordered, "right") - np.arange(len(key)) - 1  # equal ones left
    rows = np.flatnonzero(ahead > 0)
    while len(rows):
        number = max(int(np.searchsorted(np.cumsum(ahead[rows]), _AT_ONCE, "right")), 1)
        part, rows = rows[:number], rows[number:]
        first = np.repeat(part, ahead[part])
        begins = np.repeat(np.cumsum(ahead[part]) - ahead[part], ahead[part])
        yield order[first], order[first + 1 + np.arange(len(first)) - begins]
