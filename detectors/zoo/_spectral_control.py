"""What the linear models on spectra have in common: options, geometry, recipe, paper."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from detectors.contract import Options, Paper, Pipelines

TINY_PX = 32


class SpectralControlOptions(Options):
    """Of which planes, and at which size."""

    input_px: int = Field(default=224, ge=8)
    """Side of the square input: there is a weight for each frequency of it."""

    channels: Literal["rgb", "grey"] = "rgb"
    """rgb: a spectrum of each colour; grey: one of the brightness (.299 R + .587 G + .114 B)."""

    size: Literal["full", "tiny"] = "full"
    """tiny: the same at 32 px."""

    @model_validator(mode="after")
    def _one_size(self) -> SpectralControlOptions:
        default = type(self).model_fields["input_px"].default
        if self.size == "tiny" and self.input_px not in (default, TINY_PX):
            raise ValueError(
                f"size: tiny is input_px: {TINY_PX}, which contradicts {self.input_px}; leave one "
                "of them out"
            )
        return self

    def side_px(self) -> int:
        """Side of the input after both options."""
        return TINY_PX if self.size == "tiny" else self.input_px

    def fixed_input_px(self) -> int | None:
        """One weight per frequency fixes the size."""
        return self.side_px()

    def cpu_seconds_per_megapixel(self) -> float:
        """Measured at 32 and at 224 px: 0.08 to 0.15."""
        return 0.15


PRESETS = {
    # Spectra live on untouched pixels: nothing is resampled, what is smaller is tiled. A flip
    # turns the diagonals of the FFT; of the DCT it changes nothing but signs.
    "native": Pipelines(
        train="tile(224) | random_crop(224, step=2) | hflip",
        test="tile(224) | center_crop(224, step=2)",
    ),
}

RECIPES: dict[str, dict[str, Any]] = {
    # Ours, for the preset native: it follows no published training. A convex problem: whatever the
    # seed, about the same weights. The decay is the L2 penalty.
    "l2": {
        "optimizer": "sgd",
        "momentum": 0.9,
        "lr": 2.0,
        "weight_decay": 1e-3,
        "decay_on": "matrices",
        "schedule": "cosine",
        "epochs": 40,
        "batch_size": 64,
        "selection": "last",
    },
}

PAPER = Paper(
    title="Leveraging Frequency Analysis for Deep Fake Image Recognition",
    authors=(
        "Frank, Joel and Eisenhofer, Thorsten and Schönherr, Lea and Fischer, Asja and Kolossa, "
        "Dorothea and Holz, Thorsten"
    ),
    venue="ICML 2020",
    year=2020,
    arxiv="2003.08685",
)
