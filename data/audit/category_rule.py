"""How well a label is read from categories: cross-validated, in closed form, on counts alone.

The rule takes the class in which the category is more frequent (which is the best there is, for
balanced accuracy, where the frequencies are known). Frequencies come from the other folds, so that
categories which occur once give nothing away by being unique.

For a category that the other folds do not have, the chance that a class brings a new one is its
share of categories seen once (Good, "The population frequencies of species and the estimation of
population parameters", Biometrika 40, 1953); first among the new ones of the same coarser category,
then of a coarser one still. Photographs of a thousand sizes against fakes of one size are so told
by sizes that no other photograph has. What both classes do alike counts one half.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

FOLDS = 5

Numbers = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float64]


class CountedRows(NamedTuple):
    """Images that are alike in all that is looked at, and in their fold, counted together."""

    fold: Numbers  # of each row, 0 to FOLDS - 1, shape (n,)
    images: Numbers  # how many of each label, shape (n, 2): real, fake


def balanced_accuracy(rows: CountedRows, category: Numbers, coarser: Sequence[Numbers]) -> float:
    """The cross-validated balanced accuracy of the rule.

    Args:
        rows: both classes have an image at least.
        category: of each row, from 0; shape (n,).
        coarser: further codings of each row, each used for what the ones before leave open.
    """
    everything = np.zeros(len(category), np.int64)
    says_fake = np.full(len(category), 0.5)
    is_open = np.ones(len(category), bool)
    seen = _seen_elsewhere(rows, category, rows.images)
    _decide(says_fake, is_open, _at_rows(rows, category, seen), _class_sizes(rows))
    # Of each category, fold and label: whether the other folds have it exactly once.
    once = (seen == 1).astype(np.int64)
    for code in (*coarser, everything):
        if not is_open.any():
            break
        new = np.zeros((int(code.max()) + 1, FOLDS, 2), np.int64)
        of_category = np.zeros(len(seen), np.int64)
        of_category[category] = code  # a category lies in one coarser one
        np.add.at(new, of_category, once)
        _decide(says_fake, is_open, _at_rows(rows, code, new), _class_sizes(rows))
    right = np.stack([1 - says_fake, says_fake], axis=1)
    share: _Floats = (right * rows.images).sum(axis=0) / rows.images.sum(axis=0)
    return float(share.mean())


def _seen_elsewhere(rows: CountedRows, code: Numbers, count: Numbers) -> Numbers:
    """Images of each code, fold and label that lie in the other folds, shape (codes, FOLDS, 2)."""
    own = np.zeros((int(code.max()) + 1, FOLDS, 2), np.int64)
    np.add.at(own, (code, rows.fold), count)
    elsewhere: Numbers = own.sum(axis=1, keepdims=True) - own
    return elsewhere


def _class_sizes(rows: CountedRows) -> _Floats:
    """Images of each row's other folds, by label, shape (n, 2); at least one, to divide by."""
    own = np.zeros((FOLDS, 2), np.int64)
    np.add.at(own, rows.fold, rows.images)
    sizes: _Floats = np.maximum(own.sum(axis=0) - own, 1)[rows.fold].astype(np.float64)
    return sizes


def _at_rows(rows: CountedRows, code: Numbers, numbers: Numbers) -> Numbers:
    at: Numbers = numbers[code, rows.fold]
    return at


def _decide(
    says_fake: _Floats, is_open: npt.NDArray[np.bool_], seen: Numbers, sizes: _Floats
) -> None:
    """Settle the open rows that have been seen, in place: 1 fake, 0 real, one half where equal."""
    frequency = seen / sizes
    settled = is_open & (seen.sum(axis=1) > 0)
    difference = np.sign(frequency[:, 1] - frequency[:, 0])
    says_fake[settled] = (1 + difference[settled]) / 2
    is_open &= ~settled
