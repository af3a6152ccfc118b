"""Sizes that a pipeline or a network cannot take, found from the manifests before training."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable

from data.operations import PipelineError, TooLarge
from data.pools import Pool
from data.view import View
from grid.expansion.fits import Expansion, Fit
from grid.records.tested_views import views_of
from grid.refusal import Problem

SIZES_TRIED = 40
"""A pipeline is tried on blank images of the sizes found. Thousands of sizes are sampled: the ends
of each of `_ENDS`, where refusals are, and some between."""

Size = tuple[int, int]
"""Height and width, in pixels."""

# Small images do not hold a crop, long ones are no WebP; a narrow one grows long when its shorter
# side is brought to a size.
_ENDS: tuple[Callable[[Size], float], ...] = (
    lambda size: size[0],
    lambda size: size[1],
    lambda size: size[0] / size[1],
)
_MEND = "Choose another `input`, or add an operation for small images"
_MEND_LARGE = (
    "Put a crop or a resize before it, such as `resize(factor=0.5) | webp(80)`, or take the image "
    "out of the collection"
)


def geometry_problems(expansion: Expansion) -> list[Problem]:
    """Return a problem for each pipeline that refuses an image, or whose result does not fit."""
    trials = _Trials()
    for fit in expansion.fits.values():
        if fit.training is not None:
            trained, validated = fit.training.pools, fit.training.validation_pools
            trials.train(fit, trained)
            # Carved or declared: validation sees images of either.
            trials.test(fit, fit.validation_view, [*trained, *validated])
        for block in expansion.scoring.get(fit.fit_id, ()):
            pools = [expansion.catalog.pool(pool_id) for pool_id in block["pools"]]
            for view in views_of(block):
                trials.test(fit, view, pools)
    return list(trials.problems.values())


_mean_pixels: dict[tuple[View, str], float | None] = {}


def mean_pixels(view: View, pool: Pool) -> float | None:
    """Return the mean area that a pool's sizes come out with, None where one is refused.

    Each size counts once, however many images have it: an estimate, for costs.
    """
    key = view, pool.pool_id
    if key not in _mean_pixels:
        results = [_result(view, size) for size in sizes(pool)]
        taken = [result for result in results if not isinstance(result, PipelineError)]
        areas = [height * width for height, width in taken]
        is_known = bool(areas) and len(areas) == len(results)
        _mean_pixels[key] = sum(areas) / len(areas) if is_known else None
    return _mean_pixels[key]


class _Trials:
    """Each pipeline on each pool's sizes, once, however many fits share them."""

    def __init__(self) -> None:
        self.problems: dict[str, Problem] = {}
        self._seen: set[tuple[object, ...]] = set()

    def train(self, fit: Fit, pools: Iterable[Pool]) -> None:
        """Training needs a result of one size for all pools together."""
        pools = tuple(pools)
        network_px = fit.options.fixed_input_px()
        view = fit.train_view
        if self._known("train", view.canonical, network_px, *(pool.pool_id for pool in pools)):
            return
        what = f"train pipeline {fit.train_geometry!r} of {fit.card.name}"
        results = self._results(what, view, pools)
        if len(results) > 1:
            listed = ", ".join(f"{w}x{h}" for h, w in list(results)[:4])
            self._add(
                what,
                f"it leaves images of {len(results)} sizes ({listed}), and a batch has one",
                "End it with a crop or a resize, e.g. `random_crop(224)`",
            )
        else:
            self._check_network(what, fit, network_px, results)

    def test(self, fit: Fit, view: View, pools: Iterable[Pool]) -> None:
        """Testing takes any size that the network takes."""
        network_px = fit.options.fixed_input_px()
        for pool in pools:
            if self._known(view.canonical, network_px, pool.pool_id):
                continue
            what = f"test pipeline {view.geometry.canonical!r} of {fit.card.name}"
            if view.degradation.operations:
                what += f" after the degradation {view.degradation.canonical!r}"
            results = self._results(what, view, [pool])
            self._check_network(what, fit, network_px, results)

    def _known(self, *trial: object) -> bool:
        known = trial in self._seen
        self._seen.add(trial)
        return known

    def _results(self, what: str, view: View, pools: Iterable[Pool]) -> dict[Size, Size]:
        """The sizes that come out, each with one that went in; a refusal is a problem."""
        results: dict[Size, Size] = {}
        for pool in pools:
            for size in sizes(pool):
                result = _result(view, size)
                if isinstance(result, PipelineError):
                    why = f"an image of {size[1]}x{size[0]} in {pool.source}: {result}"
                    self._add(what, why, _MEND_LARGE if isinstance(result, TooLarge) else _MEND)
                    return {}
                results.setdefault(result, size)
        return results

    def _check_network(
        self, what: str, fit: Fit, network_px: int | None, results: dict[Size, Size]
    ) -> None:
        wrong = [size for size in results if network_px and size != (network_px, network_px)]
        if wrong:
            height, width = wrong[0]
            self._add(
                what,
                f"an image comes out at {width}x{height}, and with these options {fit.card.name} "
                f"takes {network_px}x{network_px} only",
                f"End it with `center_crop({network_px})` or `resize({network_px},{network_px})`, "
                f"or change the detector's options",
            )

    def _add(self, what: str, why: str, mend: str) -> None:
        self.problems.setdefault(what, Problem(what=what, why=why, mend=mend))


@functools.lru_cache(maxsize=4096)
def _result(view: View, size: Size) -> Size | PipelineError:
    """The size of an image in a view, or why it is refused."""
    try:
        return view.result_size(*size)
    except PipelineError as error:
        return error.with_traceback(None)  # which would hold on to what was tried


_sizes: dict[str, list[Size]] = {}


def sizes(pool: Pool) -> list[Size]:
    """Return the sizes of a pool's images, each once; of very many, a telling sample."""
    if pool.pool_id not in _sizes:
        each = pool.table.select(["height", "width"]).group_by(["height", "width"]).aggregate([])
        found = sorted(zip(each["height"].to_pylist(), each["width"].to_pylist(), strict=True))
        if len(found) > SIZES_TRIED:
            ends = {end for key in _ENDS for end in (min(found, key=key), max(found, key=key))}
            step = len(found) // (SIZES_TRIED - len(ends))
            found = sorted({*ends, *found[::step]})
        _sizes[pool.pool_id] = found
    return _sizes[pool.pool_id]
