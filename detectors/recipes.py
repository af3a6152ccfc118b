"""Recipes: everything about a training but the detector, the images and the seed.

Imports no torch: `plan` resolves and checks recipes. The rate at a step is in
`detectors.schedules`, the loop in `detectors.training`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from data.suggestions import did_you_mean
from detectors.contract import Card

KeptEpoch = int | Literal["selected", "last"]

# Fields that act only with some values of another one: stated where idle they would give one
# training two names, so they are refused there, and dropped where a base states them.
_ACTS_WITH: dict[str, tuple[str, tuple[str, ...]]] = {
    "final_lr_fraction": ("schedule", ("cosine",)),
    "step_gamma": ("schedule", ("step",)),
    "step_epochs": ("schedule", ("step",)),
    "betas": ("optimizer", ("adam", "adamw")),
    "momentum": ("optimizer", ("sgd",)),
}


class BadRecipe(ValueError):
    """A recipe that does not exist or has a value that makes no sense."""


class Recipe(BaseModel):
    """How a detector is trained. Fields without a default must be stated by every recipe.

    A default is neutral: it is what a recipe does that says nothing, and it stays out of a fit's
    identity, so that a field added later changes no id.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    optimizer: Literal["adamw", "adam", "sgd"]
    lr: float = Field(gt=0)
    """Highest learning rate; the schedule scales it."""
    weight_decay: float = Field(default=0.0, ge=0)
    """adamw: decoupled (Loshchilov and Hutter 2019); adam, sgd: added to the gradient."""
    decay_on: Literal["all", "matrices"] = "all"
    """matrices: biases and normalisation weights (one-dimensional tensors) are not decayed."""
    betas: tuple[float, float] = (0.9, 0.999)
    momentum: float = Field(default=0.0, ge=0, lt=1)

    schedule: Literal["constant", "one_cycle", "cosine", "step"]
    warmup_fraction: float = Field(default=0.0, ge=0, lt=1)
    """Share of all steps in which the rate rises."""
    final_lr_fraction: float = Field(default=0.0, ge=0, le=1)
    """cosine: the rate at the end, as a share of lr."""
    step_epochs: tuple[int, ...] = ()
    """step: after this many epochs the rate is multiplied by step_gamma."""
    step_gamma: float = Field(default=0.1, gt=0, le=1)

    epochs: int | None = Field(default=None, ge=1)
    steps: int | None = Field(default=None, ge=1)
    """A budget in optimiser steps instead of epochs; the last epoch may then be partial."""
    batch_size: int = Field(ge=1)
    micro_batch: int | None = Field(default=None, ge=1)
    """Images per forward pass; gradients are summed to batch_size. None = batch_size."""
    class_balance: Literal["natural", "balanced"] = "natural"
    """balanced: an epoch shows both classes equally often, repeating images of the smaller."""

    loss: Literal["bce"] = "bce"
    """Binary cross-entropy on the logit; for a detector with two outputs, whose logit is their
    difference, this *is* cross-entropy."""
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    """Targets s/2 and 1 - s/2, as cross-entropy over two classes smooths."""
    gradient_clip: float | None = Field(default=None, gt=0)
    """Largest norm of the whole gradient."""

    selection: Literal["last", "validation_loss", "validation_auc"] = "last"
    """Which epoch is the detector; a tie goes to the earlier epoch."""
    patience: int | None = Field(default=None, ge=1)
    """Stop after this many epochs without progress of the selection's measure."""
    keep_epochs: tuple[KeptEpoch, ...] = ("selected", "last")
    """Epochs whose weights are kept; only these can be scored. Counted from 1. The selected one
    always is, and stands here unsaid; with selection: last so does the last."""

    precision: Literal["float32", "bfloat16"] = "float32"
    """bfloat16: autocast in training only; residual front ends and the logit stay float32."""
    deterministic: bool = False
    """Operations only that repeat themselves bit for bit on one kind of GPU; slower there, refused
    where the network needs one that torch does not have so. A CPU repeats itself without."""
    validation_fraction: float = Field(default=0.1, gt=0, lt=1)
    """Share of the training images carved off where no validation split is declared."""
    augment: str = "none"
    """Augmentation where the experiment states none."""

    @field_validator("keep_epochs")
    @classmethod
    def _one_spelling(
        cls, keep: tuple[KeptEpoch, ...], info: ValidationInfo
    ) -> tuple[KeptEpoch, ...]:
        # In one order and with what is kept anyway: one training has one identity.
        has_last = "last" in keep or info.data.get("selection") == "last"
        numbers = sorted({epoch for epoch in keep if isinstance(epoch, int)})
        return ("selected", "last", *numbers) if has_last else ("selected", *numbers)

    @model_validator(mode="after")
    def _only_what_acts(self) -> Recipe:
        for field, (owner, values) in _ACTS_WITH.items():
            value, acting = getattr(self, owner), getattr(self, field)
            if value not in values and acting != type(self).model_fields[field].default:
                raise ValueError(
                    f"{field} would change nothing with {owner}: {value}; leave it out, or use "
                    f"{owner}: {' or '.join(values)}"
                )
        if self.decay_on != "all" and not self.weight_decay:
            raise ValueError(
                "decay_on would change nothing without weight_decay; leave it out, or give one"
            )
        return self

    @model_validator(mode="after")
    def _consistent(self) -> Recipe:
        if (self.epochs is None) == (self.steps is None):
            raise ValueError("state either epochs or steps, one of them and not both")
        if self.micro_batch is not None and self.micro_batch > self.batch_size:
            raise ValueError(
                f"micro_batch {self.micro_batch} is larger than batch_size {self.batch_size}; "
                "give a smaller one or none"
            )
        if self.schedule == "step" and not self.step_epochs:
            raise ValueError("schedule: step needs step_epochs")
        if (
            list(self.step_epochs) != sorted(set(self.step_epochs))
            or min(self.step_epochs, default=1) < 1
        ):
            raise ValueError(f"step_epochs {list(self.step_epochs)} must rise and start at 1")
        if self.patience is not None and self.selection == "last":
            raise ValueError("patience needs a measure: selection: validation_loss or _auc")
        for epoch in self.keep_epochs:
            if isinstance(epoch, int) and not 1 <= epoch <= (self.epochs or epoch):
                raise ValueError(f"keep_epochs {epoch} is not one of the epochs 1 to {self.epochs}")
        return self


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
    for field, (owner, acting) in _ACTS_WITH.items():
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

    `deterministic` came after the first stores, so it is left out where it is neutral.
    """
    values = recipe.model_dump(mode="json")
    if not recipe.deterministic:
        del values["deterministic"]
    return values


def _said(where: tuple[int | str, ...], value: Any, reason: str) -> str:
    reason = reason.removeprefix("Value error, ")
    # A contradiction between fields has no place of its own; its text names them.
    return f"{'.'.join(map(str, where))} = {value!r}: {reason}" if where else reason
