"""Test images that a fit trained or validated on: counted at plan time, flagged when scored."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grid.expand import Expansion


@dataclass(frozen=True)
class Overlap:
    """Images that one training set and one test set share."""

    training_set: str
    test_set: str
    images: int
    of: int

    def __str__(self) -> str:
        return (
            f"{self.images} of its {self.of} images were trained or validated on by "
            f"{self.training_set}"
        )


def overlaps(expansion: Expansion) -> list[Overlap]:
    """Return every pair of a training set and a test set that share images.

    Identity of an image is the digest of its bytes, so the same photograph under two generators
    is found whatever it is called.
    """
    trained: dict[str, np.ndarray] = {}
    for fit in expansion.fits.values():
        if fit.training and fit.selection and fit.training.label not in trained:
            ids = [*fit.selection.train.image_ids, *fit.selection.validation.image_ids]
            trained[fit.training.label] = np.unique(np.asarray(ids, dtype=np.str_))
    pool_ids = {p for s in expansion.test_sets for p in (*s.real_pools, *s.fake_pools)}
    ids_of = {
        p: np.asarray(expansion.catalog.pool(p).table["image_id"].to_pylist(), dtype=np.str_)
        for p in pool_ids
    }
    shared = {
        (label, p): int(np.isin(ids_of[p], ids, assume_unique=True).sum())
        for label, ids in trained.items()
        for p in pool_ids
    }
    found = []
    for label in trained:
        for test_set in expansion.test_sets:
            pools = (*test_set.real_pools, *test_set.fake_pools)
            images = sum(shared[label, p] for p in pools)
            if images:
                found.append(
                    Overlap(label, test_set.name, images, sum(len(ids_of[p]) for p in pools))
                )
    return found
