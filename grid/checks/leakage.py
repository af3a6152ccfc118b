"""Test images that a fit trained or validated on: counted at plan time, flagged when scored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data.counts import counted
from data.selection import Selection
from grid.expansion.chosen_rows import ancestors, line_in_words
from grid.expansion.fits import Expansion

# As ASCII: a fourth of the memory of text, and compared as it lies.
Ids = npt.NDArray[np.bytes_]
ID_TYPE = "S32"


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
    selections: dict[str, list[Selection]] = {}
    scored: dict[str, set[str]] = {}
    for fit in expansion.fits.values():
        label = line_in_words(fit, expansion.fits)
        if label:
            line = (fit, *ancestors(fit, expansion.fits))
            selections.setdefault(label, [e.selection for e in line if e.selection is not None])
            for block in expansion.scoring.get(fit.fit_id, ()):
                scored.setdefault(label, set()).update(block["pools"])
    pools_of = {
        index: (*test_set.real_pools, *test_set.fake_pools)
        for index, test_set in enumerate(expansion.test_sets)
    }
    ids_of = {
        pool_id: _ids(expansion.catalog.pool(pool_id).table["image_id"].to_pylist())
        for pool_id in dict.fromkeys(p for pools in pools_of.values() for p in pools)
    }
    if not ids_of:
        return []
    # Every training set is looked up once, in all test images together.
    tested = np.unique(np.concatenate(list(ids_of.values())))
    places = {
        index: np.unique(np.searchsorted(tested, np.concatenate([ids_of[p] for p in pools])))
        for index, pools in pools_of.items()
        if pools
    }
    found = []
    for label, of_line in selections.items():
        trained = _ids(
            image_id
            for selection in of_line
            for rows in (selection.train, selection.validation)
            for image_id in rows.image_ids
        )
        at = np.minimum(np.searchsorted(tested, trained), len(tested) - 1)
        seen = np.zeros(len(tested), dtype=bool)
        seen[at[tested[at] == trained]] = True
        for index, test_set in enumerate(expansion.test_sets):
            if index in places and scored.get(label, set()).issuperset(pools_of[index]):
                images = int(seen[places[index]].sum())
                if images:
                    found.append(Overlap(label, test_set.name, images, len(places[index])))
    return found


def _ids(image_ids: Iterable[str]) -> Ids:
    return np.array(list(image_ids), dtype=ID_TYPE)
