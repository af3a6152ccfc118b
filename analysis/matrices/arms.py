"""What a matrix is of: everything that a fit and its test have in common but images and seed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from analysis.matrices.lineage import ancestors
from grid.records.experiments import Cell, FitRecord
from grid.records.oracles import ORACLE, is_oracle
from grid.records.table_lists import as_asked
from grid.records.weights_origin import name_of_weights

_WITHOUT_NAME = ("detector", "degradation")  # said by their value alone: "npr, jpeg(75)"


@dataclass(frozen=True)
class ArmOfFit:
    """The settings of a group of fits as (name, value) pairs; equal settings, one matrix."""

    settings: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, fit: FitRecord, cell: Cell, fits: Mapping[str, FitRecord]) -> ArmOfFit:
        """Return the settings of a fit and of one of its cells, epochs as the experiment says."""
        settings: dict[str, Any] = {
            "detector": fit["detector"],
            **_settings(fit, fits),
            "epoch": cell.epoch,
            "degradation": cell.degradation,
            "test input": cell.test_pipeline,
            "equalise": as_asked(cell.equalise),
        }
        return cls(tuple((key, said(value)) for key, value in settings.items()))

    def of_parents_seed(self, fit: FitRecord, fits: Mapping[str, FitRecord]) -> ArmOfFit:
        """Return these settings and the seeds of the fits that a fit descends from.

        Needed where fits of one seed began with weights of several.
        """
        seeds = [str(parent["seed"]) for parent in ancestors(fit, fits)]
        return ArmOfFit((*self.settings, ("weights.seed", "+".join(seeds))))

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
        is_recipe_value = "recipe." in name or name.endswith("validated on")
        if is_recipe_value and not with_recipe_values:
            continue
        # Among those that have it: fits that began from scratch have no parent's settings.
        differs = len({each[name] for each in same if name in each}) > 1
        if name == "detector":
            parts.append(value)
        elif differs and name in _WITHOUT_NAME:
            parts.append("undegraded" if value == "none" else value)
        elif differs:
            parts.append(f"{name.replace(arm['detector'] + '.', '')}={value}")
    if is_oracle({"validate_on": arm["recipe.validate_on"]}):
        parts.append(ORACLE)
    return ", ".join(parts)


def _settings(fit: FitRecord, fits: Mapping[str, FitRecord]) -> dict[str, Any]:
    """What a fit was made with, and the same of the fits whose weights it began with."""
    recipe = dict(fit["recipe"] or {})
    settings: dict[str, Any] = {
        **{f"{fit['detector']}.{key}": value for key, value in fit["options"].items()},
        "augment": fit["augment"],
        "input": fit["input"],
        # Its description states it where it is not the card's own.
        "validated on": fit["description"].get("validation_geometry", "default"),
        "recipe": recipe.pop("name", "none"),
        **{f"recipe.{key}": value for key, value in recipe.items()},
        "weights": _weights(fit, fits),
    }
    parent = fits.get(fit["parent"] or "")
    if parent is not None:
        settings["weights.epoch"] = (fit["weights"] or {}).get("epoch", "selected")
        settings["weights.equalise"] = as_asked(parent["description"].get("equalise", "none"))
        made = _settings(parent, fits).items()
        settings.update({f"weights.{key}": value for key, value in made if key != "weights"})
    return settings


def _weights(fit: FitRecord, fits: Mapping[str, FitRecord]) -> str:
    """What the weights were before training, in words that seeds and training sets share."""
    weights, train = fit["weights"], fit["train"]
    if weights is None or train is None:  # given weights that are not trained are rows
        return "given" if weights is not None else "random"
    parent = fits.get(fit["parent"] or "")
    if parent is None:
        return name_of_weights(weights) or str(fit["parent"])[:8]
    arms = "+".join(parent["arms"])
    began = parent["train"]
    if began is not None and began["label"] == train["label"]:
        return arms
    # Of given weights there are several under one name: their checksum tells them apart.
    label = began["label"] if began else name_of_weights(parent["weights"] or {}) or "given"
    return f"{arms} on {label}"


def said(value: Any) -> str:
    """Return a setting's value as settings say it."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return f"{value:g}"
    return json.dumps(value, sort_keys=True)
