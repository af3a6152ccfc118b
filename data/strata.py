"""Drawing from strata by hash, vectorised: the counting behind choosing images."""

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
        code = _by_appearance(code * (int(column.max(initial=0)) + 1) + column)
    return code


def _by_appearance(code: Codes) -> Codes:
    """The codes numbered anew in order of first appearance."""
    most = int(code.max(initial=0)) + 1
    if most > 4 * len(code) + 1000:  # too many to be counted one by one
        _, code = np.unique(code, return_inverse=True)
        code = code.ravel().astype(np.int64)
        most = int(code.max(initial=0)) + 1
    first = np.full(most, len(code), np.int64)
    # Of several rows that write to one place the last one stays: here the first of the table.
    first[code[::-1]] = np.arange(len(code) - 1, -1, -1)
    present = np.flatnonzero(first < len(code))
    rank = np.empty(most, np.int64)
    rank[present[np.argsort(first[present])]] = np.arange(len(present))
    return rank[code]


def units_per_stratum(stratum: Codes, unit: Codes) -> Codes:
    """Number of different units in each stratum."""
    # One number for (stratum, unit): both are counts of rows, so their product fits 64 bits.
    # (Sorted by hand: np.unique hashes, ten times slower where almost all are different.)
    units = int(unit.max(initial=0)) + 1
    ordered = np.sort(stratum * units + unit)
    is_first = np.ones(len(ordered), bool)
    is_first[1:] = ordered[1:] != ordered[:-1]
    counts = np.bincount(ordered[is_first] // units, minlength=int(stratum.max(initial=-1)) + 1)
    return counts.astype(np.int64)


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
    order = _order(stratum, unit, drawn)
    in_order, units = stratum[order], unit[order]
    new_stratum = np.ones(len(order), bool)
    new_stratum[1:] = in_order[1:] != in_order[:-1]
    new_unit = new_stratum.copy()
    new_unit[1:] |= units[1:] != units[:-1]
    count = np.cumsum(new_unit)
    before_stratum = np.maximum.accumulate(np.where(new_stratum, count - 1, 0))
    rank_in_stratum = count - 1 - before_stratum
    taken = np.zeros(len(order), bool)
    taken[order] = rank_in_stratum < keep[in_order]
    return taken


def _order(stratum: Codes, unit: Codes, drawn: Words) -> Codes:
    """The order by stratum, draw and unit."""
    order = np.argsort(drawn)
    in_order = drawn[order]
    if (in_order[1:] == in_order[:-1]).any() or int(stratum.max()) >= 2**16:
        return np.lexsort((unit, drawn, stratum))
    # All draws differ: each row is a unit of its own. Few numbers are sorted by counting.
    return order[np.argsort(stratum[order].astype(np.uint16), kind="stable")]


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
