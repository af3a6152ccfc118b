"""Which recipes there are, and a recipe from its name or from changes to a named one.

Imports no torch: `plan` resolves and checks recipes. A recipe's fields are in
`detectors.recipe_fields`, the loop in `detectors.training`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import to_jsonable_python

from data.suggestions import did_you_mean
from detectors.contract import Card
from detectors.recipe_fields import ACTS_WITH, Recipe


class BadRecipe(ValueError):
    """A recipe that does not exist or has a value that makes no sense."""


ADDED_LATER = (
    "deterministic",
    "dampening",
    "nesterov",
    "poly_power",
    "poly_ends",
    "plateau_patience",
    "plateau_gamma",
    "plateau_min_lr",
    "plateau_delta",
    "plateau_delta_after",
    "validate_on",
    "freeze",
    "layer_decay",
    "views",
)
"""Fields that the records of the first stores do not have."""

SHARED: dict[str, dict[str, Any]] = {
    # For small images and few of them; measured on the toy generators.
    "small": {
        "optimizer": "adamw",
        "lr": 1e-3,
        "weight_decay": 1e-2,
        "schedule": "one_cycle",
        "warmup_fraction": 0.2,
        "epochs": 8,
        "batch_size": 32,
    },
    # One fair recipe for comparing detectors: nothing in it was tuned for any of them.
    "common": {
        "optimizer": "adamw",
        "lr": 2e-4,
        "weight_decay": 0.05,
        "decay_on": "matrices",
        "schedule": "cosine",
        "warmup_fraction": 0.05,
        "epochs": 10,
        "batch_size": 64,
        "gradient_clip": 1.0,
        "selection": "validation_loss",
        "precision": "bfloat16",
    },
}


def recipe_names(card: Card) -> list[str]:
    """The recipes that a detector can be trained by: the shared ones and its own."""
    return sorted({*SHARED, *card.recipes})


def resolve_recipe(card: Card, spec: str | Mapping[str, Any]) -> Recipe:
    """A recipe from its name, or from `{"base": NAME, field: value, ...}`.

    A stated `steps` replaces the base's `epochs` and the other way round; what the base states for
    another schedule or optimizer than the stated one is dropped. Without a base all required fields
    must be stated.

    Raises:
        BadRecipe: unknown name or field, a value out of range, or values that contradict.
    """
    changes = {"base": spec} if isinstance(spec, str) else dict(spec)
    base = changes.pop("base", None)
    values: dict[str, Any] = {}
    if base is not None:
        known = recipe_names(card)
        if base not in known:
            raise BadRecipe(f"Unknown recipe {base!r} for {card.name}. {did_you_mean(base, known)}")
        values = dict(card.recipes[base] if base in card.recipes else SHARED[base])
    for key in changes:
        if key not in Recipe.model_fields:
            raise BadRecipe(
                f"Unknown recipe field {key!r}. {did_you_mean(key, Recipe.model_fields)}"
            )
    for stated, replaced in (("steps", "epochs"), ("epochs", "steps")):
        if changes.get(stated) is not None and replaced not in changes:
            values.pop(replaced, None)
    for field, (owner, acting) in ACTS_WITH.items():
        if field not in changes and changes.get(owner, acting[0]) not in acting:
            values.pop(field, None)
    if "decay_on" not in changes and not changes.get("weight_decay", 1):
        values.pop("decay_on", None)
    try:
        return Recipe.model_validate({**values, **changes})
    except ValidationError as error:
        faults = "; ".join(
            _said(fault["loc"], fault["input"], fault["msg"]) for fault in error.errors()
        )
        raise BadRecipe(
            f"Recipe {spec!r} for {card.name}: {faults}. Change the value in the experiment's "
            "recipe, as in recipe: {base: small, epochs: 20}."
        ) from None


def differing(recipe: Recipe, *, micro_batch_acts: bool = True) -> dict[str, Any]:
    """What enters the identity: the fields without a default, and those that differ from it.

    Args:
        recipe: resolved.
        micro_batch_acts: what the detector's options say; where the images of a forward pass do
            not touch each other, the micro-batch is only a matter of memory and stays out.
    """
    values = recipe.model_dump(mode="json")
    neutral = {
        key: field.get_default()
        for key, field in Recipe.model_fields.items()
        if not field.is_required()
    }
    neutral_json = Recipe.model_construct(**neutral).model_dump(mode="json", warnings=False)
    same = {key for key in neutral if values[key] == neutral_json[key]}
    if not micro_batch_acts or recipe.micro_batch == recipe.batch_size:
        same.add("micro_batch")
    return {key: value for key, value in values.items() if key not in same}


def recorded(recipe: Recipe) -> dict[str, Any]:
    """All values of a recipe for an experiment's record, whose digest no new field may change.

    A field that came after the first stores is left out where it is neutral.
    """
    values = recipe.model_dump(mode="json")
    defaults = {key: Recipe.model_fields[key].get_default() for key in ADDED_LATER}
    neutral = to_jsonable_python(defaults)
    return {
        key: value for key, value in values.items() if key not in neutral or value != neutral[key]
    }


def _said(where: tuple[int | str, ...], value: Any, reason: str) -> str:
    reason = reason.removeprefix("Value error, ").replace("a valid tuple", "a list, as in [a, b]")
    # A contradiction between fields has no place of its own; its text names them.
    return f"{'.'.join(map(str, where))} = {value!r}: {reason}" if where else reason
