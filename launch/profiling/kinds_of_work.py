"""Which kinds of work an experiment has: one fit of each is measured, in a store that is discarded.

The store of the results gets neither manifests nor a marker of a run that never was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from grid.checks.sizes import mean_pixels
from grid.expansion.fits import Expansion, Fit
from grid.expansion.labels import detector_label
from grid.plan.plan import make_plan, make_trials
from grid.records.memory_profiles import kind_of_memory
from grid.records.tested_views import views_of
from grid.store.base import Store


@dataclass(frozen=True)
class LargestTest:
    """Where a fit's largest test images are: a view of one of its blocks of scoring, a pool."""

    block: int
    view: int
    pool_id: str


@dataclass(frozen=True)
class KindOfWork:
    """One kind of work, by the spec of a trial of it. Travels to the process that measures."""

    label: str
    fits: int
    batch: int | None
    spec: Mapping[str, Any]
    test: LargestTest | None

    @property
    def kind(self) -> str:
        """As profiles call it."""
        return kind_of_memory(self.spec["memory_work"])


def kinds_of_work(expansion: Expansion, store: Store, batch: int | None) -> list[KindOfWork]:
    """Return the kinds of work of an experiment, in the order in which its fits first need them.

    Args:
        expansion: of the experiment.
        store: an empty one; it gets what the specs refer to.
        batch: images per step in place of each recipe's own; None: its own.
    """
    if batch is not None:
        fits = {fit_id: _with_batch(fit, batch) for fit_id, fit in expansion.fits.items()}
        expansion = replace(expansion, fits=fits)
    found: dict[str, KindOfWork] = {}
    for trial in make_trials(make_plan(expansion, store), store):
        fit = expansion.fits[trial.fit_id]
        known = found.get(trial.gpu_need.kind)
        if known is not None:
            found[known.kind] = replace(known, fits=known.fits + 1)
            continue
        # Weights change no byte of memory, and a parent's need not be trained yet.
        own = {"parent": None, "weights": None} if trial.spec["parent"] is not None else {}
        # Nothing that this node keeps of the images makes the work look smaller.
        spec = {**trial.spec, **own, "from_files": True}
        at_once = (fit.recipe.micro_batch or fit.recipe.batch_size) if fit.recipe else None
        label = detector_label(fit.card, fit.options)
        found[trial.gpu_need.kind] = KindOfWork(
            label, 1, at_once, spec, _largest_test(fit, expansion)
        )
    return list(found.values())


def _with_batch(fit: Fit, batch: int) -> Fit:
    if fit.recipe is None:
        return fit
    at_once = fit.recipe.micro_batch
    smaller = None if at_once is None else min(at_once, batch)
    recipe = fit.recipe.model_copy(update={"batch_size": batch, "micro_batch": smaller})
    return replace(fit, recipe=recipe)


def _largest_test(fit: Fit, expansion: Expansion) -> LargestTest | None:
    found: tuple[float, LargestTest] | None = None
    for block, record in enumerate(expansion.scoring.get(fit.fit_id, ())):
        for view, each in enumerate(views_of(record)):
            for pool_id in record["pools"]:
                area = mean_pixels(each, expansion.catalog.pool(pool_id)) or 0.0
                if found is None or area > found[0]:
                    found = area, LargestTest(block, view, pool_id)
    return None if found is None else found[1]
