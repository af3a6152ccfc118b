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
        code = code * (int(column.max(initial=0)) + 1) + column
        code = np.unique(code, return_inverse=True)[1].astype(np.int64)
    _, first, inverse = np.unique(code, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse]


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
    order = np.lexsort((unit, drawn, stratum))
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
