"""Drawing from strata by hash, vectorised: the counting behind choosing images."""

from typing import Any

import numpy as np
import numpy.typing as npt

from data.image_ids import Words

Codes = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


def combined(*columns: Codes) -> Codes:
    """One number per row for its combination of values, numbered in order of first appearance.

    The order of appearance, not of the values: the values are numbers of names, and names are no
    part of an identity.
    """
    code = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        code = _numbered_anew(code * (int(column.max(initial=0)) + 1) + column)
    return code


def _numbered_anew(code: Codes) -> Codes:
    """The codes numbered anew in order of first appearance."""
    most = int(code.max(initial=0)) + 1
    if most > 4 * len(code) + 1000:  # too many to be counted one by one
        _, code = np.unique(code, return_inverse=True)
        code = code.ravel().astype(np.int64)
        most = int(code.max(initial=0)) + 1
    present = in_order_of_appearance(code, most)
    rank = np.empty(most, np.int64)
    rank[present] = np.arange(len(present))
    return rank[code]


def in_order_of_appearance(code: npt.NDArray[np.integer[Any]], most: int) -> Codes:
    """The different codes, 0 to `most` - 1, in order of first appearance."""
    first = np.full(most, len(code), np.int64)
    # Of several rows that write to one place the last one stays: here the first of the table.
    first[code[::-1]] = np.arange(len(code) - 1, -1, -1)
    present = np.flatnonzero(first < len(code))
    return present[np.argsort(first[present])]


def units_per_stratum(stratum: Codes, unit: Codes) -> Codes:
    """Number of different units in each stratum."""
    strata = int(stratum.max(initial=-1)) + 1
    if (unit[1:] > unit[:-1]).all():  # no unit has two rows
        return np.bincount(stratum, minlength=strata).astype(np.int64)
    # One number for (stratum, unit): both are counts of rows, so their product fits 64 bits.
    # (Sorted by hand: np.unique hashes, ten times slower where almost all are different.)
    units = int(unit.max(initial=0)) + 1
    ordered = np.sort(stratum * units + unit)
    is_first = np.ones(len(ordered), bool)
    is_first[1:] = ordered[1:] != ordered[:-1]
    return np.bincount(ordered[is_first] // units, minlength=strata).astype(np.int64)


def lowest_units(stratum: Codes, unit: Codes, drawn: Words, keep: Codes) -> Mask:
    """Rows of the `keep[s]` units with the lowest draw in each stratum s.

    Args:
        stratum: of each row, 0 to len(keep) - 1.
        unit: of each row; rows of one unit have one draw and are taken together.
        drawn: of each row.
        keep: units to take from each stratum.
    """
    if len(stratum) == 0:
        return np.zeros(0, bool)
    taken = np.zeros(len(stratum), bool)
    order = _order_of_different(stratum, drawn)
    if order is not None:  # each row is a unit of its own within its stratum
        counts = np.bincount(stratum, minlength=len(keep))
        first = np.repeat(np.cumsum(counts) - counts, counts)
        taken[order[np.arange(len(order)) - first < np.repeat(keep, counts)]] = True
        return taken
    order = np.lexsort((unit, drawn, stratum))
    in_order, units = stratum[order], unit[order]
    new_stratum = np.ones(len(order), bool)
    new_stratum[1:] = in_order[1:] != in_order[:-1]
    new_unit = new_stratum.copy()
    new_unit[1:] |= units[1:] != units[:-1]
    count = np.cumsum(new_unit)
    before_stratum = np.maximum.accumulate(np.where(new_stratum, count - 1, 0))
    rank_in_stratum = count - 1 - before_stratum
    taken[order] = rank_in_stratum < keep[in_order]
    return taken


def _order_of_different(stratum: Codes, drawn: Words) -> Codes | None:
    """The order by stratum and draw; None where two rows of a stratum may have one draw."""
    # One number for (stratum, draw), the last bits of the draw left out: one sort for both.
    bits = np.uint64(max(int(stratum.max()).bit_length(), 1))
    both = stratum.astype(np.uint64) << (np.uint64(64) - bits) | drawn >> bits
    order: Codes = np.argsort(both)
    both = both[order]
    return None if (both[1:] == both[:-1]).any() else order


def even_shares(total: int, available: Codes) -> Codes:
    """Split a total as evenly as what is available allows; what is left over goes to the first.

    Raises:
        ValueError: less is available than the total.
    """
    if total > available.sum():
        raise ValueError(f"{total} are wanted and {available.sum()} available; ask for fewer.")
    # The level to which every place is filled as far as it goes, by bisection.
    low, high = 0, int(available.max(initial=0))
    while low < high:
        level = (low + high + 1) // 2
        low, high = (level, high) if _filled(available, level) <= total else (low, level - 1)
    shares: Codes = np.minimum(available, low)
    left_over = total - _filled(available, low)
    shares[np.flatnonzero(available > low)[:left_over]] += 1
    return shares


def _filled(available: Codes, level: int) -> int:
    return int(np.minimum(available, level).sum())
