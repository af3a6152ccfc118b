"""Pools of the same images in several datasets, of which these say other classes or pairs.

A pool's id is made of its images alone, so a collection and one that was derived from its
photographs may hold pools of one id. What folders say of the images decides which of them are
trained on, and that must be what the dataset says that the file names.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from data.pools import Pool

_DIGITS = 8


def told_apart(pools: Mapping[str, Sequence[Pool]]) -> dict[str, tuple[Pool, ...]]:
    """Return the datasets whose pools differ from a later one's of their id, with `twin` set.

    The last dataset's stays as it is, which is the one that a pool's id alone stands for.

    Args:
        pools: of each dataset, by its name.
    """
    same: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for alias, each in pools.items():
        for place, pool in enumerate(each):
            same[pool.pool_id].append((alias, place))
    changed: dict[str, list[Pool]] = {}
    for places in same.values():
        if len(places) == 1:
            continue
        *others, (alias, place) = places
        meant = _said(pools[alias][place])
        for alias, place in others:
            if (said := _said(pools[alias][place])) != meant:
                own = changed.setdefault(alias, list(pools[alias]))
                own[place] = replace(own[place], twin=f"-{said}")
    return {alias: tuple(each) for alias, each in changed.items()}


def _said(pool: Pool) -> str:
    """Digest of the classes and pairs of a pool's images, in the order of their ids."""
    said = [pool.table[name].to_pylist() for name in ("class", "pair")]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:_DIGITS]
