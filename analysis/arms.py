"""What a matrix is of: everything that a fit and its test have in common but images and seed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from grid.records import Cell, FitRecord

_WITHOUT_NAME = ("detector", "degradation")  # said by their value alone: "npr, jpeg(75)"


@dataclass(frozen=True)
class ArmOfFit:
    """The settings of a group of fits as (name, value) pairs; equal settings, one matrix."""

    settings: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, fit: FitRecord, cell: Cell, fits: Mapping[str, FitRecord]) -> ArmOfFit:
        """Return the settings of a fit and of one of its cells, epochs as the experiment says."""
        recipe = dict(fit["recipe"] or {})
        settings: dict[str, Any] = {
            "detector": fit["detector"],
            **{f"{fit['detector']}.{key}": value for key, value in fit["options"].items()},
            "augment": fit["augment"],
            "input": fit["input"],
            "recipe": recipe.pop("name", "none"),
            **{f"recipe.{key}": value for key, value in recipe.items()},
            "weights": _weights(fit, fits),
            "epoch": cell.epoch,
            "degradation": cell.degradation,
            "test input": cell.test_pipeline,
            "equalise": cell.equalise,
        }
        return cls(tuple((key, _said(value)) for key, value in settings.items()))

    def __getitem__(self, name: str) -> str:
        """Return a setting, "" where this detector has none of that name."""
        return dict(self.settings).get(name, "")


def arms_of(arms: Iterable[ArmOfFit]) -> dict[ArmOfFit, str]:
    """Return a title for each: the detector, and what tells it from the others of its detector."""
    every = list(arms)
    titles = {arm: _title(arm, every, with_recipe_values=False) for arm in every}
    if len(set(titles.values())) < len(every):
        titles = {arm: _title(arm, every, with_recipe_values=True) for arm in every}
    return titles


def _title(arm: ArmOfFit, every: list[ArmOfFit], *, with_recipe_values: bool) -> str:
    same = [dict(each.settings) for each in every if each["detector"] == arm["detector"]]
    parts = []
    for name, value in arm.settings:
        if name.startswith("recipe.") and not with_recipe_values:
            continue
        differs = len({each.get(name) for each in same}) > 1
        if name == "detector":
            parts.append(value)
        elif differs and name in _WITHOUT_NAME:
            parts.append("undegraded" if value == "none" else value)
        elif differs:
            parts.append(f"{name.removeprefix(arm['detector'] + '.')}={value}")
    return ", ".join(parts)


def _weights(fit: FitRecord, fits: Mapping[str, FitRecord]) -> str:
    """What the weights were before training, in words that seeds and training sets share."""
    weights, train = fit["weights"], fit["train"]
    if weights is None or train is None:  # given weights that are not trained are rows
        return "given" if weights is not None else "random"
    parent = fits.get(fit["parent"] or "")
    if parent is None:
        return str(weights.get("sha256") or fit["parent"])[:8]
    label = parent["train"]["label"] if parent["train"] else "given"
    arms = "+".join(parent["arms"])
    return arms if label == train["label"] else f"{arms} on {label}"


def _said(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return f"{value:g}"
    return json.dumps(value, sort_keys=True)
