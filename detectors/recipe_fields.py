"""The fields of a recipe: everything about a training but the detector, the images and the seed.

Imports no torch. Which recipes there are is in `detectors.recipes`, the rate at a step in
`detectors.schedules`.
"""

from __future__ import annotations

from typing import Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

KeptEpoch = int | Literal["selected", "last"]

# Fields that act only with some values of another one: stated where idle they would give one
# training two names, so they are refused there, and dropped where a base states them.
ACTS_WITH: dict[str, tuple[str, tuple[str, ...]]] = {
    "final_lr_fraction": ("schedule", ("cosine",)),
    "step_gamma": ("schedule", ("step",)),
    "step_epochs": ("schedule", ("step",)),
    "poly_power": ("schedule", ("poly",)),
    "poly_ends": ("schedule", ("poly",)),
    "plateau_patience": ("schedule", ("plateau",)),
    "plateau_gamma": ("schedule", ("plateau",)),
    "plateau_min_lr": ("schedule", ("plateau",)),
    "plateau_delta": ("schedule", ("plateau",)),
    "plateau_delta_after": ("schedule", ("plateau",)),
    "betas": ("optimizer", ("adam", "adamw")),
    "momentum": ("optimizer", ("sgd",)),
    "dampening": ("optimizer", ("sgd",)),
    "nesterov": ("optimizer", ("sgd",)),
}


TEST_SETS = "test_sets"
"""The value of `validate_on` that makes a fit an oracle."""


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
    dampening: float = Field(default=0.0, ge=0, lt=1)
    """sgd: the share of each gradient that does not enter the momentum."""
    nesterov: bool = False
    """sgd: the step looks ahead along the momentum (Sutskever et al. 2013); timm's sgd does."""

    schedule: Literal["constant", "one_cycle", "cosine", "step", "poly", "plateau"]
    warmup_fraction: float = Field(default=0.0, ge=0, lt=1)
    """Share of all steps in which the rate rises."""
    final_lr_fraction: float = Field(default=0.0, ge=0, le=1)
    """cosine: the rate at the end, as a share of lr."""
    step_epochs: tuple[int, ...] = ()
    """step: after this many epochs the rate is multiplied by step_gamma."""
    step_gamma: float = Field(default=0.1, gt=0, le=1)
    poly_power: float = Field(default=0.9, gt=0)
    """poly: epoch e of E, counted from 0, has (1 - e/E)^power of lr."""
    poly_ends: Literal["above_zero", "at_zero"] = "above_zero"
    """at_zero: epochs are counted from 1, as in SSP's code, so that the last one learns nothing."""
    plateau_patience: int | None = Field(default=None, ge=1)
    """plateau: after so many epochs without progress of the selection's measure the rate falls."""
    plateau_gamma: float = Field(default=0.1, gt=0, lt=1)
    """plateau: what the rate is multiplied by then; the next epoch's measure is the new mark."""
    plateau_min_lr: float = Field(default=0.0, ge=0)
    """plateau: a fall below this rate ends the training instead; `epochs` is the most there are."""
    plateau_delta: float = Field(default=0.0, ge=0)
    """plateau: progress is an improvement by at least this much."""
    plateau_delta_after: float | None = Field(default=None, ge=0)
    """plateau: the same after the first fall; None = as before it."""

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
    freeze: tuple[str, ...] = ()
    """Parts of the network that are not trained and stay in eval mode: names of its modules, such
    as trunk or trunk.layer1, or of single parameters."""
    layer_decay: float | None = Field(default=None, gt=0, lt=1)
    """The rate of a layer d layers before the last one is layer_decay^d of the rate; which layers
    there are is in `detectors.layer_rates`. None = one rate for all."""

    selection: Literal["last", "validation_loss", "validation_auc", "validation_accuracy"] = "last"
    """Which epoch is the detector; a tie goes to the earlier epoch."""
    patience: int | None = Field(default=None, ge=1)
    """Stop after this many epochs without progress of the selection's measure."""
    keep_epochs: tuple[KeptEpoch, ...] = ("selected", "last")
    """Epochs whose weights are kept; only these can be scored. Counted from 1. The selected one
    always is, and stands here unsaid; with selection: last so does the last."""

    precision: Literal["float32", "tf32", "bfloat16"] = "float32"
    """Of training alone; residual front ends and the logit stay float32. tf32: products and
    convolutions on a GPU round their inputs to 10 bits; nothing on a CPU. bfloat16: autocast."""
    deterministic: bool = False
    """Operations only that repeat themselves bit for bit on one kind of GPU; slower there, refused
    where the network needs one that torch does not have so. A CPU repeats itself without."""
    validation_fraction: float = Field(default=0.1, gt=0, lt=1)
    """Share of the training images carved off where no validation split is declared."""
    validate_on: Literal["validation", "test_sets"] = "validation"
    """test_sets: the undegraded images that the fit is tested on, as some official codes do. What
    is selected so is an oracle: it is told apart everywhere and enters no test of a difference."""
    augment: str = "none"
    """Augmentation where the experiment states none."""
    views: int | None = Field(default=None, ge=1)
    """Each training image is shown in so many draws of geometry and augmentation, in turn, the same
    for every seed, so that features of a frozen backbone are kept. None = anew in each epoch."""

    @field_validator("keep_epochs")
    @classmethod
    def _one_spelling(
        cls, keep: tuple[KeptEpoch, ...], info: ValidationInfo
    ) -> tuple[KeptEpoch, ...]:
        # In one order and with what is kept anyway: one training has one identity.
        has_last = "last" in keep or info.data.get("selection") == "last"
        numbers = sorted({epoch for epoch in keep if isinstance(epoch, int)})
        return ("selected", "last", *numbers) if has_last else ("selected", *numbers)

    @field_validator("freeze")
    @classmethod
    def _outermost(cls, parts: tuple[str, ...]) -> tuple[str, ...]:
        # What lies in a frozen part is frozen with it: one training has one identity.
        if any(not part for part in parts):
            raise ValueError("an empty name is no part; leave it out")
        inside = {p for p in parts for other in parts if p.startswith(f"{other}.")}
        return tuple(sorted(set(parts) - inside))

    @model_validator(mode="after")
    def _only_what_acts(self) -> Recipe:
        for field, (owner, values) in ACTS_WITH.items():
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
        if self.nesterov and (not self.momentum or self.dampening):
            raise ValueError("nesterov needs a momentum, and no dampening")
        if self.schedule == "step" and not self.step_epochs:
            raise ValueError("schedule: step needs step_epochs")
        if (
            list(self.step_epochs) != sorted(set(self.step_epochs))
            or min(self.step_epochs, default=1) < 1
        ):
            raise ValueError(f"step_epochs {list(self.step_epochs)} must rise and start at 1")
        if self.patience is not None and self.selection == "last":
            raise ValueError(
                "patience needs a measure: selection: validation_loss, _auc or _accuracy"
            )
        if self.schedule == "plateau" and (
            self.plateau_patience is None or self.selection == "last" or self.epochs is None
        ):
            raise ValueError(
                "schedule: plateau needs plateau_patience, epochs (the most there are) and a "
                "measure, such as selection: validation_accuracy"
            )
        for epoch in self.keep_epochs:
            if isinstance(epoch, int) and not 1 <= epoch <= (self.epochs or epoch):
                raise ValueError(f"keep_epochs {epoch} is not one of the epochs 1 to {self.epochs}")
        return self
