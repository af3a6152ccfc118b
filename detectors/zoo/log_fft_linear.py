"""A linear model on log-FFT spectra: a control that every deep detector is to be held against.

After Frank et al. (ICML 2020, arXiv 2003.08685), who show that a linear model on log-scaled
spectra finds images of GANs; how it is standardised and trained is ours. What a deep detector finds
beyond it, it did not read off the strength of frequencies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.contract import Card
from detectors.zoo._spectral_control import PAPER, PRESETS, RECIPES, SpectralControlOptions

if TYPE_CHECKING:
    from torch import nn


class LogFFTLinearOptions(SpectralControlOptions):
    """Those of both spectra."""


CARD = Card(
    name="log_fft_linear",
    version=1,
    title="Control: a linear model on log-FFT spectra",
    options=LogFFTLinearOptions,
    presets=PRESETS,
    default_preset="native",
    recipes=RECIPES,
    is_control=True,
    paper=PAPER,
)


def build(options: LogFFTLinearOptions) -> nn.Module:
    """The network; see `detectors.networks.linear_on_spectra`."""
    from detectors.networks.linear_on_spectra import LinearOnSpectra, log_fft

    grey = options.channels == "grey"
    return LinearOnSpectra(log_fft, input_px=options.side_px(), grey=grey)
