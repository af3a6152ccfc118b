"""Dual input: the pixels and a second view of them, joined before the first convolution.

No paper: it is the second way that a study of frequency augmentation for GenImage names, a network
that is given an image and its transform and learns what to take from each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import field_validator

from detectors.contract import Card, Options, Pipelines
from detectors.second_view.text import canonical_view

if TYPE_CHECKING:
    from torch import nn

WIDTHS = {"small": (32, 64, 128, 256), "tiny": (16, 32, 64)}


class DualInputOptions(Options):
    """What the second view is, and how large the network."""

    second_view: str = "log_spectrum"
    """Of the words of `data/second_views.py`: log_spectrum, band_pass(0.5, 1), phase_only,
    augmented("phase_jitter(0.5, p=1)"), or several joined by |."""

    size: Literal["small", "tiny"] = "small"
    """small: convolutions 32-64-128-256, 390,023 weights; tiny: 16-32-64, 24,199 weights. With
    BatchNorm and a global average, any input size."""

    @field_validator("second_view")
    @classmethod
    def _one_spelling(cls, text: str) -> str:
        return canonical_view(text)

    def second_input(self) -> str:
        """The option itself."""
        return self.second_view

    def cpu_seconds_per_megapixel(self) -> float:
        """Measured at 32 px, beside the tiny SimpleCNN."""
        return 1.5 if self.size == "tiny" else 4.0


CARD = Card(
    name="dual_input",
    version=1,
    title="Pixels and a second view of them in one small network",
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

    return DualInput(WIDTHS[options.size])
