"""Test images that a fit trained or validated on: counted at plan time, flagged when scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data.counts import counted
from data.image_ids import Words, order_of, repeats
from data.selection import Rows
from grid.expansion.chosen_rows import ancestors, line_in_words
from grid.expansion.fits import Expansion, Fit


@dataclass(frozen=True)
class Overlap:
    """Images that one test set shares with a training set, or with it and those before it."""

    training_set: str
    test_set: str
    images: int
    of: int

    def __str__(self) -> str:
        were = "was" if self.images == 1 else "were"
        return (
            f"{self.images:,} of its {counted(self.of, 'image')} {were} trained or validated on by "
            f"{self.training_set}"
        )


def overlaps(expansion: Expansion) -> list[Overlap]:
    """Return every training set and test set that share images and are held together.

    Identity of an image is the digest of its bytes, so the same photograph under two generators
    is found whatever it is called, and counts once. A fit has seen what its ancestors have.
    """
    selections: dict[str, list[Rows]] = {}
    scored: dict[str, set[str]] = {}
    for fit in expansion.fits.values():
        label = line_in_words(fit, expansion.fits)
        if label:
            line = (fit, *ancestors(fit, expansion.fits))
            selections.setdefault(label, [rows for each in line for rows in _seen_by(each)])
            for block in expansion.scoring.get(fit.fit_id, ()):
                scored.setdefault(label, set()).update(block["pools"])
    pools_of = {
        index: (*test_set.real_pools, *test_set.fake_pools)
        for index, test_set in enumerate(expansion.test_sets)
    }
    tested = dict.fromkeys(p for pools in pools_of.values() for p in pools)
    if not tested:
        return []
    numbered = _Numbered([expansion.catalog.pool(pool_id).ids for pool_id in tested])
    numbers = dict(zip(tested, numbered.of_each, strict=True))
    in_set = {
        index: np.unique(np.concatenate([numbers[p] for p in pools]))
        for index, pools in pools_of.items()
        if pools
    }
    found = []
    for label, of_line in selections.items():
        seen = numbered.among([rows.ids for rows in of_line])
        for index, test_set in enumerate(expansion.test_sets):
            if index in in_set and scored.get(label, set()).issuperset(pools_of[index]):
                images = int(seen[in_set[index]].sum())
                if images:
                    found.append(Overlap(label, test_set.name, images, len(in_set[index])))
    return found


def _seen_by(fit: Fit) -> list[Rows]:
    """What a fit trained or validated on; what an oracle was selected on is said otherwise."""
    if fit.selection is None:
        return []
    return [fit.selection.train, *([] if fit.is_oracle else [fit.selection.validation])]


class _Numbered:
    """Images of several lists, numbered in the order of their ids, each once."""

    def __init__(self, lists: Sequence[Words]) -> None:
        every = np.concatenate(lists)
        order = order_of(every)
        every = every.take(order, axis=0)
        is_first = ~repeats(every)
        number = np.empty(len(order), np.int64)
        number[order] = np.cumsum(is_first) - 1
        self._ids = every.compress(is_first, axis=0)
        self._high, self._low = (np.ascontiguousarray(self._ids[:, i]) for i in (0, 1))
        self._most_alike = _longest_run(self._high)
        self.of_each = np.split(number, np.cumsum([len(each) for each in lists])[:-1])

    def among(self, lists: Sequence[Words]) -> npt.NDArray[np.bool_]:
        """Say of each numbered image whether it is in one of some lists."""
        seen = np.zeros(len(self._ids), bool)
        if len(seen):
            for ids in lists:
                first = np.searchsorted(self._high, ids[:, 0])
                # Two images hardly ever have one high word, but then both are looked at.
                for step in range(self._most_alike):
                    at = np.minimum(first + step, len(seen) - 1)
                    is_it = (self._high[at] == ids[:, 0]) & (self._low[at] == ids[:, 1])
                    seen[at[is_it]] = True
        return seen


def _longest_run(ordered: npt.NDArray[np.uint64]) -> int:
    """Return how often the most frequent of some sorted numbers is there."""
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    return int(np.diff(np.append(starts, len(ordered))).max(initial=0))
