"""Pipelines that squash: images of several sizes come out at one, each resampled in its own way.

What resampling leaves behind then tells the sizes apart, and with them the sources.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from data.counts import counted
from data.generators import SEVERAL
from data.operations import Pipeline, parse
from data.pipelines import PipelineError
from data.pools import Pool
from grid.checks.sizes import Size
from grid.expansion.fits import Expansion
from grid.sources.catalog import Catalog
from grid.sources.source import FAKE

SOURCES_SHOWN = 4


@dataclass(frozen=True)
class Squash:
    """One detector's pipelines to one size, and the sizes of each source that they are given."""

    detector: str
    to: Size
    sizes: Mapping[str, frozenset[Size]]

    @property
    def sources(self) -> str:
        """Some sources with their sizes, those first that have a size no earlier one has."""
        told: set[Size] = set()
        first: list[str] = []
        others: list[str] = []
        for name, sizes in self.sizes.items():
            (others if sizes <= told else first).append(f"{name} {_listed(sizes)}")
            told |= sizes
        ordered = [*first, *others]
        more = len(ordered) - SOURCES_SHOWN
        return ", ".join(ordered[:SOURCES_SHOWN]) + (f" and {more:,} more" if more > 0 else "")


def squashed(expansion: Expansion) -> list[Squash]:
    """Return what squashes sources of several sizes, from the manifests alone."""
    used: dict[tuple[str, str], dict[str, Pool]] = {}  # pools by detector and geometry
    for fit in expansion.fits.values():
        if fit.training is not None:
            training, validation = fit.training.pools, fit.training.validation_pools
            _add(used, fit.card.name, fit.train_geometry, training)
            _add(used, fit.card.name, fit.validation_geometry, (*training, *validation))
        for block in expansion.scoring.get(fit.fit_id, ()):
            pools = [expansion.catalog.pool(pool_id) for pool_id in block["pools"]]
            _add(used, fit.card.name, block["test_pipeline"], pools)
    found: dict[tuple[str, Size], dict[str, frozenset[Size]]] = {}
    sizes_of: dict[str, frozenset[Size]] = {}
    for (detector, geometry), pools_by_id in used.items():
        before, to = _until_squash(parse(geometry, "geometry"))
        if to is None:
            continue
        for pool in pools_by_id.values():
            if pool.pool_id not in sizes_of:
                sizes_of[pool.pool_id] = _sizes(pool)
            name = _name(pool, expansion.catalog)
            known = found.setdefault((detector, to), {})
            arriving = _arriving(before, sizes_of[pool.pool_id])
            known[name] = known.get(name, frozenset()) | arriving
    return [
        Squash(detector, to, sources)
        for (detector, to), sources in found.items()
        if len(frozenset().union(*sources.values())) > 1
    ]


def _add(
    used: dict[tuple[str, str], dict[str, Pool]],
    detector: str,
    geometry: str,
    pools: Iterable[Pool],
) -> None:
    used.setdefault((detector, geometry), {}).update({pool.pool_id: pool for pool in pools})


def _until_squash(pipeline: Pipeline) -> tuple[Pipeline, Size | None]:
    """Return what comes before the first `resize(h,w)`, and its size; None without one."""
    for place, step in enumerate(pipeline.operations):
        if step.name == "resize" and len(step.positional) == 2:
            height, width = step.positional
            return Pipeline(pipeline.operations[:place]), (height, width)
    return pipeline, None


def _arriving(before: Pipeline, sizes: Iterable[Size]) -> frozenset[Size]:
    """Return the sizes with which images reach the squash; one that is refused never does."""
    if not before.operations:
        return frozenset(sizes)
    found = set()
    for size in sizes:
        try:
            found.add(before.result_size(*size))
        except PipelineError:  # refused elsewhere, with what to do
            continue
    return frozenset(found)


def _sizes(pool: Pool) -> frozenset[Size]:
    each = pool.table.select(["height", "width"]).group_by(["height", "width"]).aggregate([])
    return frozenset(zip(each["height"].to_pylist(), each["width"].to_pylist(), strict=True))


def _name(pool: Pool, catalog: Catalog) -> str:
    alias = catalog.dataset_of(pool.pool_id).alias
    if pool.label == FAKE:
        return f"{alias}/{pool.source}"
    of_one = pool.beside and SEVERAL not in pool.beside
    return f"{alias}/{pool.beside if of_one else pool.source} reals"


def _listed(sizes: frozenset[Size]) -> str:
    height, width = min(sizes)
    more = f" and {counted(len(sizes) - 1, 'other size')}" if len(sizes) > 1 else ""
    return f"{width}x{height}{more}"
