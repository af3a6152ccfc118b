"""What an experiment's record says of a fit, as the views `fits` and `cells` tell it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from grid.records.experiments import FitRecord


def fit_facts(fit: FitRecord) -> dict[str, Any]:
    """Return columns of `fits` by name; what is a mapping in the record is JSON text."""
    train: Mapping[str, Any] = fit["train"] or {}
    recipe = fit["recipe"] or {}
    return {
        "name": fit["label"],
        "detector": fit["detector"],
        "card_version": fit["card_version"],
        "options": _json(fit["options"]),
        "train": train.get("label"),
        "train_generators": train.get("generators"),
        "train_groups": train.get("groups"),
        "train_families": train.get("families"),
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
