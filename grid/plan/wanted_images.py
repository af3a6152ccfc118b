"""Which images what is missing reads, and as what they are kept decoded on a node."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from data.decoded.prefix import split
from data.decoded.slab import slot_starts
from data.operations import parse
from data.pools import Pool
from data.view import View
from detectors.training_pipeline import training_pipeline
from grid.checks.sizes import SIZES_TRIED, mean_pixels
from grid.expansion.fits import Expansion, Fit
from grid.plan.plan import Plan
from grid.records.experiments import ScoringRecord
from grid.records.tested_views import views_of


@dataclass(frozen=True, eq=False)
class WantedImages:
    """Images of a pool that are read through a view: those where `is_wanted`, by rank."""

    pool: Pool
    kept: View
    is_wanted: npt.NDArray[np.bool_]


def wanted_images(plan: Plan) -> list[WantedImages]:
    """What the missing part of a plan reads, each pool and kept view once, in the plan's order."""
    gathered = _Gathered(plan.expansion)
    for fit_plan in plan.missing:
        fit = fit_plan.fit
        if not fit_plan.committed:
            gathered.add_training(fit)
            for block in plan.expansion.scoring.get(fit.fit_id, ()):
                gathered.add_tests(block)
        for pool_id, view in fit_plan.absent:
            gathered.add_pool(pool_id, view)
    return list(gathered.found.values())


def decoded_bytes(wanted: WantedImages) -> int | None:
    """Bytes that they take decoded: exact of few sizes, of very many by a sample of them.

    None where the view refuses one of the sizes.
    """
    table = wanted.pool.table
    heights, widths = (table[name].to_numpy().astype(np.int64) for name in ("height", "width"))
    sizes = np.stack([heights, widths], axis=1)[wanted.is_wanted]
    distinct, counts = np.unique(sizes, axis=0, return_counts=True)
    mean = mean_pixels(wanted.kept, wanted.pool)
    if mean is None:
        return None
    if len(distinct) > SIZES_TRIED:
        return int(3 * mean * len(sizes))
    results = np.array([wanted.kept.result_size(h, w) for h, w in distinct.tolist()], np.int32)
    slots = np.diff(slot_starts(results.reshape(-1, 2)))
    return int((slots * counts).sum())


class _Gathered:
    """Images by pool and kept view; what many fits of a grid share is looked at once."""

    def __init__(self, expansion: Expansion) -> None:
        self.found: dict[tuple[str, View], WantedImages] = {}
        self._catalog = expansion.catalog
        self._seen: set[tuple[object, ...]] = set()

    def add_training(self, fit: Fit) -> None:
        """What a fit trains and is validated on."""
        selection, pools = fit.selection, fit.training
        views = fit.equalise, fit.train_geometry, fit.augment, fit.validation_geometry
        if selection is None or pools is None or self._known(id(selection), *views):
            return
        augmented = training_pipeline(
            fit.train_view.geometry, parse(fit.augment, "augmentation").per_image
        )
        trained = replace(fit.train_view, geometry=augmented)
        for kept, rows in (
            (split(trained).kept, selection.train),
            (split(fit.validation_view, is_test=True).kept, selection.validation),
        ):
            for index, pool in enumerate((*pools.pools, *pools.validation_pools)):
                is_wanted = np.zeros(len(pool), bool)
                is_wanted[rows.ranks[rows.pools == index]] = True
                if is_wanted.any():
                    self._add(WantedImages(pool, kept, is_wanted))

    def add_tests(self, block: ScoringRecord) -> None:
        """Whole pools, through each view that a fit is tested through."""
        tested = block["equalise"], *block["degradations"], block["test_pipeline"]
        if not self._known(tested, *block["pools"]):
            for view in views_of(block):
                for pool_id in block["pools"]:
                    self.add_pool(pool_id, view)

    def add_pool(self, pool_id: str, view: View) -> None:
        """A whole pool."""
        if not self._known(pool_id, view.canonical):
            pool = self._catalog.pool(pool_id)
            kept = split(view, is_test=True).kept
            self._add(WantedImages(pool, kept, np.ones(len(pool), bool)))

    def _known(self, *part: object) -> bool:
        known = part in self._seen
        self._seen.add(part)
        return known

    def _add(self, wanted: WantedImages) -> None:
        place = wanted.pool.pool_id, wanted.kept
        known = self.found.get(place)
        if known is not None:
            wanted = replace(wanted, is_wanted=known.is_wanted | wanted.is_wanted)
        self.found[place] = wanted
