"""The pools that an experiment tests on, as its equalise leaves them, and their common square."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa

from data.operations import TooSmall
from data.pools import Pool
from data.view import view_of
from grid.checks.auditing import pool_name
from grid.plan.plan import Plan
from grid.records.table_lists import kept_by
from grid.refusal import Refused

FIT_SHARE = 0.9
"""Of every pool's images so many have the square; the others are left out and counted."""


@dataclass(frozen=True)
class ComparedPool:
    """A pool under one equalise.

    Attributes:
        pool: of the experiment.
        root: that its paths are relative to.
        equalise: canonical.
        name: for people.
    """

    pool: Pool
    root: Path
    equalise: str
    name: str

    @cached_property
    def kept(self) -> Pool:
        """The images that the equalise keeps."""
        mask = kept_by(self.equalise, self.pool.label, self.pool.table)
        if mask is None:
            return self.pool
        return replace(self.pool, table=self.pool.table.filter(pa.array(mask)))

    @property
    def left_out(self) -> int:
        """How many images the equalise leaves out."""
        return len(self.pool) - len(self.kept)

    def shorter_sides(self) -> np.ndarray:
        """The shorter side of each kept image after the equalise, in pixels, shape (n,)."""
        height, width = (self.kept.table[name].to_numpy() for name in ("height", "width"))
        sizes, place = np.unique(np.stack([height, width]), axis=1, return_inverse=True)
        view = view_of(self.equalise)
        shorter = []
        for down, across in sizes.T.tolist():
            try:
                shorter.append(min(view.result_size(down, across)))
            except TooSmall:
                shorter.append(0)
        return np.array(shorter, np.int64)[place.reshape(-1)]


def compared_pools(plan: Plan) -> list[ComparedPool]:
    """Return each pool that an experiment tests on, once for each equalise that it is tested under.

    Raises:
        Refused: it tests on nothing.
    """
    catalog = plan.expansion.catalog
    wanted = {
        (pool_id, scoring["equalise"]): None
        for scoring in plan.record["scoring"]
        for pool_id in scoring["pools"]
    }
    if not wanted:
        name = plan.record["name"]
        raise Refused.because(name, "it tests on nothing", "Give it `test:` sets")
    found = []
    for pool_id, equalise in wanted:
        dataset, pool = catalog.dataset_of(pool_id), catalog.pool(pool_id)
        found.append(ComparedPool(pool, dataset.root, equalise, pool_name(dataset, pool)))
    return found


def common_side(pools: Iterable[ComparedPool], sides: Sequence[int]) -> int:
    """Return the largest of some sides that at least FIT_SHARE of every pool's images have.

    Args:
        pools: that are to be compared; empty ones say nothing.
        sides: in pixels, the largest first.

    Raises:
        Refused: the images of a pool are smaller than all of them.
    """
    at_hand = [(each, each.shorter_sides()) for each in pools]
    at_hand = [(each, shorter) for each, shorter in at_hand if len(shorter)]
    for side in sides:
        if all((shorter >= side).mean() >= FIT_SHARE for _, shorter in at_hand):
            return side
    smallest, shorter = min(at_hand, key=lambda pair: np.quantile(pair[1], 1 - FIT_SHARE))
    raise Refused.because(
        smallest.name,
        f"more than one in ten of its images are smaller than {sides[-1]} px, the shortest "
        f"{int(shorter.min())} px",
        "Name a smaller --size, or leave these images out of the experiment",
    )
