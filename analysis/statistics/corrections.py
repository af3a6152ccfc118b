"""p-values of several comparisons, corrected: Holm for claims, Benjamini-Hochberg for screening."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def holm(p: Sequence[float], size: int | None = None) -> tuple[float, ...]:
    """Return p-values that keep the chance of any false claim below alpha (Holm 1979).

    Args:
        p: the p-values, in any order.
        size: how many comparisons were declared, where some of them gave no p; default all given.
    """
    n = _size(p, size)
    order = np.argsort(p, kind="stable")
    sorted_p = np.asarray(p, dtype=float)[order]
    corrected = np.maximum.accumulate(sorted_p * (n - np.arange(len(p))))
    return _in_given_order(corrected, order)


def benjamini_hochberg(p: Sequence[float], size: int | None = None) -> tuple[float, ...]:
    """Return p-values that keep the share of false findings below alpha.

    Benjamini & Hochberg (1995).

    Args:
        p: the p-values, in any order.
        size: how many comparisons were declared, where some of them gave no p; default all given.
    """
    n = _size(p, size)
    order = np.argsort(p, kind="stable")
    sorted_p = np.asarray(p, dtype=float)[order]
    raised = sorted_p * n / np.arange(1, len(p) + 1)
    corrected = np.minimum.accumulate(raised[::-1])[::-1]
    return _in_given_order(corrected, order)


def _size(p: Sequence[float], size: int | None) -> int:
    if any(not 0 <= each <= 1 for each in p):
        raise ValueError(f"{list(p)}: a p-value lies between 0 and 1")
    if size is not None and size < len(p):
        raise ValueError(f"{len(p)} p-values of {size} comparisons")
    return len(p) if size is None else size


def _in_given_order(
    corrected: npt.NDArray[np.float64], order: npt.NDArray[np.intp]
) -> tuple[float, ...]:
    given = np.empty(len(order))
    given[order] = np.minimum(corrected, 1)
    return tuple(given.tolist())
