"""Sizes that a pipeline cannot take, found from the manifests before anything is trained."""

from __future__ import annotations

import functools

from data.operations import PipelineError, parse
from data.pools import Pool
from grid.expand import Expansion, Fit
from grid.refusal import Problem

# A pipeline is tried on blank images of the sizes found. Thousands of sizes are sampled: the
# smallest and largest in each direction, where refusals are, and some between.
SIZES_TRIED = 40


def geometry_problems(expansion: Expansion) -> list[Problem]:
    """Return a problem for each fit's pipeline that refuses an image or leaves sizes unequal."""
    problems: dict[str, Problem] = {}
    for fit in expansion.fits.values():
        if fit.training is not None:
            for problem in _training_problems(fit):
                problems.setdefault(problem.what, problem)
        for block in expansion.scoring.get(fit.fit_id, ()):
            for pool_id in block["pools"]:
                for size in sizes(expansion.catalog.pool(pool_id)):
                    refusal = _refusal(block["test_pipeline"], size)
                    if refusal:
                        what = f"test pipeline {block['test_pipeline']!r} of {fit.card.name}"
                        problems.setdefault(
                            what,
                            Problem(
                                what=what,
                                why=f"an image of {size[1]}x{size[0]}: {refusal}",
                                mend="Choose another `input`, or add an operation for small images",
                            ),
                        )
    return list(problems.values())


def _training_problems(fit: Fit) -> list[Problem]:
    assert fit.training is not None
    what = f"train pipeline {fit.train_geometry!r} of {fit.card.name}"
    results: dict[tuple[int, int], tuple[int, int]] = {}
    for pool in fit.training.pools:
        for size in sizes(pool):
            refusal = _refusal(fit.train_geometry, size)
            if refusal:
                return [
                    Problem(
                        what=what,
                        why=f"an image of {size[1]}x{size[0]} in {pool.source}: {refusal}",
                        mend="Choose another `input`, or add an operation for small images",
                    )
                ]
            results[_result(fit.train_geometry, size)] = size
    if len(results) > 1:
        listed = ", ".join(f"{w}x{h}" for h, w in list(results)[:4])
        return [
            Problem(
                what=what,
                why=f"it leaves images of {len(results)} sizes ({listed}), and a batch has one",
                mend="End it with a crop or a resize, e.g. `random_crop(224)`",
            )
        ]
    return []


@functools.lru_cache(maxsize=4096)
def _refusal(pipeline: str, size: tuple[int, int]) -> str:
    try:
        _result(pipeline, size)
    except PipelineError as error:
        return str(error)
    return ""


@functools.lru_cache(maxsize=4096)
def _result(pipeline: str, size: tuple[int, int]) -> tuple[int, int]:
    return parse(pipeline, "geometry").result_size(*size)


_sizes: dict[str, list[tuple[int, int]]] = {}


def sizes(pool: Pool) -> list[tuple[int, int]]:
    """Return (height, width) of a pool's images, each once; of very many, a telling sample."""
    if pool.pool_id not in _sizes:
        heights, widths = pool.table["height"].to_pylist(), pool.table["width"].to_pylist()
        found = sorted(set(zip(heights, widths, strict=True)))
        if len(found) > SIZES_TRIED:
            by_width = sorted(found, key=lambda s: s[1])
            step = len(found) // (SIZES_TRIED - 4)
            found = sorted({found[0], found[-1], by_width[0], by_width[-1], *found[::step]})
        _sizes[pool.pool_id] = found
    return _sizes[pool.pool_id]
