"""Phases turned by noise, the amplitudes kept."""

from __future__ import annotations

import torch
from torch import Tensor

from detectors.batch_augmentation.batch import BatchDraws
from detectors.frequency.augmentation import frequency_augmentation
from detectors.frequency.fourier import changed, in_band, odd, radius, spectrum


@frequency_augmentation("phase_jitter")
def phase_jitter(
    planes_NPHW: Tensor, draws: BatchDraws, sigma: float, band: tuple[float, float]
) -> Tensor:
    """F' = F exp(i sigma n), n odd noise."""
    spectrum_NPHV = spectrum(planes_NPHW)
    width = planes_NPHW.shape[-1]
    is_in_band_HV = in_band(radius(planes_NPHW), *band)
    angle_NPHV = odd(draws.normal_field(*spectrum_NPHV.shape[1:]), width) * sigma * is_in_band_HV
    turn_NPHV = torch.polar(torch.ones_like(angle_NPHV), angle_NPHV)
    return changed(planes_NPHW, spectrum_NPHV * (turn_NPHV - 1))
