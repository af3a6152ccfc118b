"""SimpleCNN: a plain convolutional baseline, trained from scratch.

`size: seed` is the network of the study this detector comes from (no paper; four convolutions and
a hidden layer on 224 x 224 pixels); `size: tiny` is its small relative for small images.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from detectors.contract import Card, Options, Pipelines

if TYPE_CHECKING:
    from torch import nn


class SimpleCNNOptions(Options):
    """Which of the two networks, and what the study left open."""

    size: Literal["seed", "tiny"] = "seed"
    """tiny: three convolutions 32-64-128 with BatchNorm and a global average, any input size,
    93,730 weights."""

    padding: Literal[0, 1] = 1
    """Of the 3 x 3 convolutions, in pixels; the study does not say. 1: 26,080,066 weights at
    224 px; 0: 19,264,322."""

    dropout: float = Field(default=0.5, ge=0, lt=1)
    """Before the last layer; `tiny` has none."""

    input_px: int = Field(default=224, ge=32)
    """Side of the input that the hidden layer of `seed` is made for."""

    @model_validator(mode="after")
    def _only_what_acts(self) -> SimpleCNNOptions:
        idle = self.model_fields_set & {"padding", "dropout", "input_px"}
        idle = {key for key in idle if getattr(self, key) != type(self).model_fields[key].default}
        if self.size == "tiny" and idle:
            raise ValueError(
                f"{', '.join(sorted(idle))} would change nothing with size: tiny; "
                "leave it out, or use size: seed"
            )
        return self

    def fixed_input_px(self) -> int | None:
        """The hidden layer of `seed` fixes the size; `tiny` takes any."""
        return self.input_px if self.size == "seed" else None

    def micro_batch_acts(self) -> bool:
        """`tiny` has batch normalisation, `seed` draws its dropout for each forward pass."""
        return self.size == "tiny" or self.dropout > 0

    def cpu_seconds_per_megapixel(self) -> float:
        """`tiny` measured at 32 px, `seed` at 224 px."""
        return 2.5 if self.size == "tiny" else 2.3


CARD = Card(
    name="simple_cnn",
    version=1,
    title="SimpleCNN: four convolutions and a hidden layer, from scratch",
    options=SimpleCNNOptions,
    presets={
        # The study says 224 x 224 and "random horizontal flip only"; the squash is our reading.
        "seed": Pipelines(train="resize(224,224) | hflip", test="resize(224,224)"),
        "native": Pipelines(train="random_crop(224, step=2) | hflip", test="center_crop(224)"),
    },
    default_preset="seed",
    recipes={
        # For the preset seed. Cross-entropy over two outputs is binary cross-entropy on their
        # difference. The study names no GPU and selects no epoch: float32 and the last one are our
        # reading.
        "seed": {
            "optimizer": "adam",
            "lr": 1e-4,
            "batch_size": 32,
            "epochs": 10,
            "schedule": "constant",
            "selection": "last",
        },
    },
)


def build(options: SimpleCNNOptions) -> nn.Module:
    """The network; see `detectors.networks.simple_cnn`."""
    from detectors.networks.simple_cnn import SimpleCNN, TinyCNN

    if options.size == "tiny":
        return TinyCNN()
    return SimpleCNN(input_px=options.input_px, padding=options.padding, dropout=options.dropout)
