"""What a fit will cost: what its like cost in this store, else on one CPU core as measured for it.

What ran on another kind of device says nothing: a GPU's seconds are no CPU's. Where neither is
known, that is said and nothing is guessed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from statistics import median
from typing import Any

from data.view import View
from grid.checks.sizes import mean_pixels
from grid.expansion.fits import Expansion, Fit
from grid.records.commits import Commit, committed_fits
from grid.records.identity import canonical_json
from grid.records.readable import readable_commits, readable_provenances
from grid.store.base import Store
from grid.trial.contract import Work
from grid.trial.device import single_device

# What makes two fits cost alike per image: network and geometry. Names of keys in a description.
_ALIKE = ("detector", "options", "train_geometry", "validation_geometry", "augment")


OTHERS_READ = 300
ASKED_PER_KIND = 12
"""Fits of one kind of work whose provenance is read: a plan must not read thousands."""


class Costs:
    """Seconds per trained image, by kind of work and device; scoring is taken for a part of it.

    Args:
        store: has the provenance of `commits`, which says where they ran; read when it is needed.
        commits: fits to learn from.
    """

    def __init__(self, store: Store, commits: Mapping[str, Commit]) -> None:
        self._store = store
        self._alike: dict[str, list[Commit]] = {}
        for fit_id in sorted(commits):
            commit = commits[fit_id]
            if _trained_images(commit) and commit["seconds"] > 0:
                kind = kind_of_work(commit["description"])
                self._alike.setdefault(kind, []).append(commit)
        self._rates: dict[str, dict[str, list[float]]] = {}

    def knows(self, kind: str) -> bool:
        """Whether work of this kind has run, on whatever device."""
        return kind in self._alike

    def rates(self, kind: str) -> Mapping[str, list[float]]:
        """Seconds per trained image by device, as in provenance; only fits that ran on one."""
        if kind not in self._rates:
            alike = self._alike.get(kind, [])
            asked = alike[:: -(-len(alike) // ASKED_PER_KIND) or 1]
            made, _ = readable_provenances(self._store, asked)
            rates: dict[str, list[float]] = {}
            for commit in asked:
                device = single_device(made.get(commit["fit_id"], {}))
                if device is not None:
                    rate = commit["seconds"] / _trained_images(commit)
                    rates.setdefault(device, []).append(rate)
            self._rates[kind] = rates
        return self._rates[kind]

    def predict(self, work: Work, device: str | None) -> float | None:
        """Return the seconds that some work will take; None where its like never ran there.

        Args:
            work: what is to be done.
            device: where, as `single_device` names it. None for not known: then the device on which
                its like ran is meant, where that is one.
        """
        known = self.rates(work.kind).get(self.device_meant(work, device) or "")
        return median(known) * work.amount if known else None

    def device_meant(self, work: Work, device: str | None) -> str | None:
        """Return the device that a prediction is of; None where none is known."""
        rates = self.rates(work.kind)
        return next(iter(rates)) if device is None and len(rates) == 1 else device


def shipped_estimate(fit: Fit, work: Work) -> float | None:
    """Return the seconds that some work takes on one CPU core by the detector's own measurement.

    None where the detector states none, or the geometry's result is not known beforehand.
    """
    rate = fit.options.cpu_seconds_per_megapixel()
    pools = fit.training.pools if fit.training is not None else ()
    pixels = mean_pixels(fit.train_view, pools[0]) if pools else None
    return None if rate is None or pixels is None else rate * pixels / 1e6 * work.amount


def costs_in(store: Store, own: Mapping[str, Commit], missing: Iterable[Fit]) -> Costs:
    """Learn costs from an experiment's own commits and, for kinds unknown there, from others'.

    Args:
        store: the whole of it; at most OTHERS_READ commits of other experiments are read.
        own: commits that are read already.
        missing: the fits to be predicted.
    """
    costs = Costs(store, own)
    unknown = {fit.card.name for fit in missing if not costs.knows(kind_of_work(fit.description))}
    if not unknown:
        return costs
    others = [
        fit_id
        for fit_id in sorted(committed_fits(store) - own.keys())
        if fit_id.rsplit("-", 2)[0] in unknown
    ]
    step = -(-len(others) // OTHERS_READ) or 1
    read, _ = readable_commits(store, others[::step])
    return Costs(store, {**own, **read})


def _trained_images(commit: Commit) -> int:
    """Images that went through a training. Balanced classes show some twice: still an estimate."""
    recipe = commit["description"].get("recipe") or {}
    if recipe.get("steps"):
        return int(recipe["steps"] * recipe["batch_size"])
    return commit["n_train"] * commit["last_epoch"]


def work_of(fit: Fit, *, trains: bool, scored_images: float) -> Work:
    """Return what is left of a fit in images: of all epochs (or the recipe's steps), and scored."""
    trained = 0
    if trains and fit.recipe is not None and fit.selection is not None:
        if fit.recipe.steps is not None:
            trained = fit.recipe.steps * fit.recipe.batch_size
        else:
            trained = (fit.recipe.epochs or 0) * len(fit.selection.train)
    return Work(kind_of_work(fit.description), trained, scored_images)


def images_to_score(fit: Fit, expansion: Expansion, pieces: Iterable[tuple[str, View]]) -> float:
    """Return how many images some pieces have, each by its pixels against a training image's.

    Args:
        fit: whose pieces.
        expansion: knows the pools.
        pieces: pool id and view of each.
    """
    trained = fit.training.pools if fit.training is not None else ()
    unit = mean_pixels(fit.train_view, trained[0]) if trained else None
    images = 0.0
    for (pool_id, view), times in Counter(pieces).items():
        pool = expansion.catalog.pool(pool_id)
        pixels = mean_pixels(view, pool) if unit else None
        images += times * len(pool) * (pixels / unit if pixels and unit else 1.0)
    return images


def kind_of_work(description: Mapping[str, Any]) -> str:
    """Return the same text for fits that cost alike per image."""
    recipe = description.get("recipe") or {}
    alike = {key: description.get(key) for key in _ALIKE}
    return canonical_json({**alike, "precision": recipe.get("precision")})
