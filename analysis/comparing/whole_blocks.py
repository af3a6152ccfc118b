"""What has to be left out so that no cell of a comparison is missing."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Kept:
    """Which seeds of A, seeds of B and places remain; `dropped` are (axis, number), in order.

    Axes are "a", "b", "row" and "column".
    """

    seeds_a: Mask
    seeds_b: Mask
    places: Mask
    dropped: tuple[tuple[str, int], ...]


def whole_block(
    missing_a_SP: Mask, missing_b_SP: Mask, rows_P: Sequence[int], columns_P: Sequence[int]
) -> Kept:
    """Leave out whole seeds, training sets or test sets until nothing is missing.

    Each time the one goes of whose cells the largest share is missing, which takes the fewest
    measured cells with it; of equals a seed first, then a training set.

    Args:
        missing_a_SP: which cells A lacks, (seeds, places); a place is a training set on a test set.
        missing_b_SP: the same of B.
        rows_P: the number of each place's training set.
        columns_P: the number of each place's test set.
    """
    rows, columns = np.asarray(rows_P), np.asarray(columns_P)
    keep_a = np.ones(len(missing_a_SP), np.bool_)
    keep_b = np.ones(len(missing_b_SP), np.bool_)
    keep_P = np.ones(len(rows), np.bool_)
    dropped: list[tuple[str, int]] = []
    while keep_P.any() and keep_a.any() and keep_b.any():
        a_SP = missing_a_SP & keep_a[:, None] & keep_P
        b_SP = missing_b_SP & keep_b[:, None] & keep_P
        if not a_SP.any() and not b_SP.any():
            break
        by_place = a_SP.sum(0) + b_SP.sum(0)
        seeds = int(keep_a.sum() + keep_b.sum())
        shares: list[tuple[float, str, int]] = [
            (a_SP[n].sum() / keep_P.sum(), "a", int(n)) for n in np.flatnonzero(keep_a)
        ]
        shares += [(b_SP[n].sum() / keep_P.sum(), "b", int(n)) for n in np.flatnonzero(keep_b)]
        for axis, numbers in (("row", rows), ("column", columns)):
            for number in np.unique(numbers[keep_P]):
                here = keep_P & (numbers == number)
                shares.append((by_place[here].sum() / (here.sum() * seeds), axis, int(number)))
        _, axis, number = max(shares, key=lambda each: each[0])
        dropped.append((axis, number))
        if axis == "a":
            keep_a[number] = False
        elif axis == "b":
            keep_b[number] = False
        else:
            keep_P &= (rows if axis == "row" else columns) != number
    return Kept(keep_a, keep_b, keep_P, tuple(dropped))


def numbered(values: Sequence[Hashable]) -> list[int]:
    """Return for each value how many others came first before it."""
    places: dict[Hashable, int] = {}
    return [places.setdefault(value, len(places)) for value in values]
