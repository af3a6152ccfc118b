"""Dual input: the pixels and a second view of them, as channels of one network or in two streams.

No paper: it is the second way that a study of frequency augmentation for GenImage names, a network
that is given an image and its transform and learns what to take from each.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, field_validator, model_validator

from detectors.contract import Card, Options, Pipelines
from detectors.second_view.text import canonical_view

if TYPE_CHECKING:
    from torch import nn

ANY_SIZE = ("small", "resnet50")
OURS = (*ANY_SIZE, "swin_t", "deit_s")
TRANSFORMER_PX = 224
SECONDS_PER_MEGAPIXEL = {
    "small": (4.0, 1.5),
    "resnet50": (11.4, 1.9),
    "swin_t": (10.9, 1.9),
    "deit_s": (7.0, 0.9),
}
"""full and tiny, with joined channels; the full ones of the last three are those of pixels alone.
Of timm's other networks nothing is known."""


class DualInputOptions(Options):
    """What the second view is, which network, and where the two inputs meet."""

    second_view: str = "log_spectrum"
    """Of the words of `data/second_views.py`: log_spectrum, band_pass(0.5, 1), phase_only,
    augmented("phase_jitter(0.5, p=1)"), or several joined by |."""

    backbone: str = "small"
    """small: convolutions 32-64-128-256 with BatchNorm and a global average, 390,023 weights, any
    size; resnet50, any size; swin_t, deit_s, 224 px; or any network of timm by its name."""

    join: Literal["channels", "two_streams"] = "channels"
    """channels: six channels before the first convolution. two_streams: a network for each input,
    their features put side by side before the last layer."""

    shared: bool = False
    """two_streams: one set of weights for both, which then sees pixels and spectra."""

    size: Literal["full", "tiny"] = "full"
    """tiny: the small relative of the backbone, any size; of small 16-32-64, 24,199 weights.
    `small` is an earlier word for full."""

    input_px: int = Field(default=224, ge=32)
    """Side of the square input of a network of timm."""

    @field_validator("second_view")
    @classmethod
    def _one_spelling(cls, text: str) -> str:
        return canonical_view(text)

    @field_validator("size", mode="before")
    @classmethod
    def _earlier_word(cls, size: Any) -> Any:
        return "full" if size == "small" else size

    @field_validator("backbone")
    @classmethod
    def _known(cls, name: str) -> str:
        if name in OURS:
            return name
        from detectors.timm_names import timm_names  # reads timm's source: only where one is named

        if name not in timm_names():
            near = " or ".join(get_close_matches(name, [*OURS, *timm_names()], n=3))
            asked = f"; did you mean {near}?" if near else ""
            raise ValueError(f"neither one of {', '.join(OURS)} nor a network of timm{asked}")
        return name

    @model_validator(mode="after")
    def _only_what_acts(self) -> DualInputOptions:
        if self.shared and self.join != "two_streams":
            raise ValueError(
                "shared would change nothing with join: channels; leave it out, or use join: "
                "two_streams"
            )
        if self.input_px != TRANSFORMER_PX and self.backbone in OURS:
            raise ValueError(
                f"input_px would change nothing with backbone: {self.backbone}; leave it out, or "
                "name a network of timm"
            )
        if self.size == "tiny" and self.backbone not in OURS:
            raise ValueError(
                f"{self.backbone} has no tiny relative; leave size out and name a smaller network "
                "of timm, such as test_vit"
            )
        return self

    def second_input(self) -> str:
        """The option itself."""
        return self.second_view

    def fixed_input_px(self) -> int | None:
        """224 for Swin-T and DeiT-S, for a network of timm what it is built for; else any size."""
        if self.backbone in ANY_SIZE or self.size == "tiny":
            return None
        return self.input_px

    def weight_parts(self) -> tuple[str, ...]:
        """Two streams with weights of their own begin with weights each."""
        return ("pixels", "second") if self.join == "two_streams" and not self.shared else ()

    def cpu_seconds_per_megapixel(self) -> float | None:
        """Measured with joined channels at 32 px; two streams cost about twice that."""
        if self.backbone not in SECONDS_PER_MEGAPIXEL:
            return None
        seconds = SECONDS_PER_MEGAPIXEL[self.backbone][self.size == "tiny"]
        return seconds * (2 if self.join == "two_streams" else 1)


CARD = Card(
    name="dual_input",
    version=1,
    title="Pixels and a second view of them, in one network or in two streams",
    options=DualInputOptions,
    presets={
        # Spectra of several sizes are not alike: tested at the size of training.
        "native": Pipelines(
            train="random_crop(224, step=2) | hflip", test="center_crop(224, step=2)"
        ),
    },
    default_preset="native",
)


def build(options: DualInputOptions) -> nn.Module:
    """The network of two inputs; see `detectors.networks.dual_input`."""
    from detectors.networks.dual_input import DualInput
    from detectors.networks.trunks import trunk

    def features(in_channels: int) -> Any:
        return trunk(
            options.backbone,
            size=options.size,
            in_channels=in_channels,
            input_px=options.input_px,
        )

    if options.join == "channels":
        return DualInput(features(6))
    pixels = features(3)
    return DualInput(pixels, pixels if options.shared else features(3))
