"""A fit's weights as an experiment's record keeps them: without paths, generators with families."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from data.generators import Generator, generator
from grid.records.weights_origin import StatedTraining
from grid.sources.catalog import Catalog


def recorded_weights(weights: Mapping[str, Any], catalog: Catalog) -> dict[str, Any]:
    """Return a fit's weights for the record, which holds no path of any machine.

    Args:
        weights: as the expansion found them.
        catalog: states families and groups of its generators; of others the table knows them.
    """
    if "parts" in weights:
        parts = weights["parts"].items()
        return {"parts": {part: recorded_weights(file, catalog) for part, file in parts}}
    kept = {key: value for key, value in weights.items() if key != "path"}
    if "trained_on" in kept:
        kept["trained_on"] = _with_families(kept["trained_on"], catalog)
    return kept


def _with_families(stated: StatedTraining, catalog: Catalog) -> StatedTraining:
    here = {
        source.generator: Generator(source.generator, source.family, source.generator_group)
        for source in catalog.all_sources()
    }
    found = [here.get(name) or generator(name) for name in stated["generators"]]
    return {
        **stated,
        "groups": sorted({each.group for each in found}),
        "families": sorted({each.family for each in found}),
    }
