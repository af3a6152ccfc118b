"""What an experiment's record says of a fit, as the views `fits` and `cells` tell it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from analysis.matrices.lineage import seen_generators
from grid.records.experiments import FitRecord


def fit_facts(fit: FitRecord, fits: Mapping[str, FitRecord]) -> dict[str, Any]:
    """Return columns of `fits` by name; what is a mapping in the record is JSON text.

    Generators are those that a fit or one it began from was trained on; None where these are not
    all known, so that SQL which asks for new ones finds none there.

    Args:
        fit: as an experiment's record tells it.
        fits: of the same record, by id.
    """
    train: Mapping[str, Any] = fit["train"] or {}
    seen = seen_generators(fit, fits)
    recipe = fit["recipe"] or {}
    return {
        "name": fit["label"],
        "detector": fit["detector"],
        "card_version": fit["card_version"],
        "options": _json(fit["options"]),
        "train": train.get("label"),
        "train_generators": list(seen.generators) if seen.all_known else None,
        "train_groups": list(seen.groups) if seen.all_known else None,
        "train_families": list(seen.families) if seen.all_known else None,
        "n_train": train.get("n"),
        "n_validation": train.get("n_validation"),
        "augment": fit["augment"],
        "input": fit["input"] if isinstance(fit["input"], str) else _json(fit["input"]),
        "recipe": recipe.get("name"),
        "recipe_values": _json(recipe),
        "seed": fit["seed"],
        "weights": _json(fit["weights"]) if fit["weights"] is not None else None,
        "parent": fit["parent"],
    }


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
