"""Names of fits for people: short, and telling each fit from the others of its experiment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from detectors.contract import Card, Options, options_that_differ
from grid.records.oracles import ORACLE
from grid.records.table_lists import as_asked
from grid.records.weights_origin import name_of_weights

if TYPE_CHECKING:
    from grid.expansion.fits import Fit

ID_LETTERS = 6
"""Of a fit's id, where nothing that people would say tells two fits apart."""


def detector_label(card: Card, options: Options) -> str:
    """Return a detector's name and the options that differ from the card's defaults."""
    different = ",".join(
        f"{key}={_said(value)}" for key, value in options_that_differ(card, options).items()
    )
    return f"{card.name}({different})" if different else card.name


def short_label(
    card: Card,
    options: Options,
    trained_on: str | None,
    augment: str,
    seed: int | None,
    *,
    is_oracle: bool = False,
) -> str:
    """Return what is said of a fit alone: `npr(factor=0.25) / toy/gan_tconv / seed 0`.

    Args:
        card: the detector.
        options: the detector's, validated.
        trained_on: the training set's label, None for given weights.
        augment: the augmentation's pipeline, `none` for none.
        seed: None where nothing is trained.
        is_oracle: whether its epoch was selected on the images that it is tested on.
    """
    parts = [
        detector_label(card, options),
        trained_on or "given weights",
        "" if augment == "none" else augment,
        "" if seed is None else f"seed {seed}",
        ORACLE if is_oracle else "",
    ]
    return " / ".join(part for part in parts if part)


def with_own_labels(fits: Mapping[str, Fit]) -> dict[str, Fit]:
    """Return the fits with labels that differ: to equal ones is added what differs between them."""
    alike: defaultdict[str, list[Fit]] = defaultdict(list)
    for fit in fits.values():
        alike[fit.label].append(fit)
    labels = {
        fit.fit_id: label if len(same) == 1 else f"{label} / {_difference(fit, same)}"
        for label, same in alike.items()
        for fit in same
    }
    return {fit_id: replace(fit, label=labels[fit_id]) for fit_id, fit in fits.items()}


def _difference(fit: Fit, same: list[Fit]) -> str:
    """Say what makes a fit differ from others of its label; the id where words do not suffice."""
    of_recipe = [each for each in same if each.recipe_name == fit.recipe_name]
    said = _differing(_settings(fit), [_settings(each) for each in same])
    said |= _differing(_recipe(fit), [_recipe(each) for each in of_recipe])
    twins = [e for e in of_recipe if (_settings(e), _recipe(e)) == (_settings(fit), _recipe(fit))]
    words = [f"{key}={_said(value)}" for key, value in said.items()]
    return ", ".join([*words, fit.fit_id[-ID_LETTERS:]] if len(twins) > 1 else words)


def _differing(own: Mapping[str, Any], every: list[dict[str, Any]]) -> dict[str, Any]:
    return {k: v for k, v in own.items() if any(other[k] != v for other in every)}


def _settings(fit: Fit) -> dict[str, Any]:
    """What fits of one label can differ in, beside the images and the values of the recipe."""
    return {
        "input": fit.train_geometry,
        "validated on": fit.validation_geometry,
        "weights": fit.parent or (name_of_weights(fit.weights) if fit.weights else "random"),
        "recipe": fit.recipe_name,
        "equalise": as_asked(fit.equalise),
    }


def _recipe(fit: Fit) -> dict[str, Any]:
    return fit.recipe.model_dump(mode="json") if fit.recipe else {}


def _said(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
