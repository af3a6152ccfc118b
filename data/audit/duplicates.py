"""The same bytes in more than one pool: across splits, labels, generators and data sets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from data.image_ids import repeats
from data.pools import Pool

ACROSS_LABELS, ACROSS_SPLITS, ACROSS_GENERATORS = "labels", "splits", "generators"


class SharedImages(NamedTuple):
    """Two pools, by their place in what was given, and how many images both hold."""

    first: int
    second: int
    kind: str  # labels, else splits, else generators
    images: int


def shared_images(pools: Sequence[Pool]) -> list[SharedImages]:
    """Return every two pools that share images, the gravest kind and the most images first.

    Args:
        pools: each once; within a pool each image is once (`Pool.duplicates` counts the rest).
    """
    if not pools:
        return []
    ids = np.concatenate([pool.ids for pool in pools])
    number = np.repeat(np.arange(len(pools)), [len(pool) for pool in pools])
    order = np.lexsort((number, ids[:, 1], ids[:, 0]))
    ids, number = ids[order], number[order]
    starts = np.flatnonzero(~repeats(ids))
    sizes = np.diff(np.append(starts, len(ids)))
    pairs: Counter[tuple[int, int]] = Counter()
    groups: Counter[tuple[int, ...]] = Counter(
        tuple(number[start : start + size].tolist())
        for start, size in zip(starts[sizes > 1], sizes[sizes > 1], strict=True)
    )
    for group, images in groups.items():
        for place, first in enumerate(group):
            for second in group[place + 1 :]:
                pairs[first, second] += images
    found = [
        SharedImages(first, second, across(pools[first], pools[second]), images)
        for (first, second), images in pairs.items()
    ]
    kinds = (ACROSS_LABELS, ACROSS_SPLITS, ACROSS_GENERATORS)
    return sorted(found, key=lambda each: (kinds.index(each.kind), -each.images, each[:2]))


def across(first: Pool, second: Pool) -> str:
    """Say across what two pools share images: labels, else splits, else generators."""
    if first.label != second.label:
        return ACROSS_LABELS
    return ACROSS_SPLITS if first.split != second.split else ACROSS_GENERATORS
