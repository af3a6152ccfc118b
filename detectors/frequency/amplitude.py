"""Amplitudes changed by noise or by a factor; what each means stands where it is declared."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from detectors.batch_augmentation.batch import BatchDraws
from detectors.frequency.augmentation import frequency_augmentation
from detectors.frequency.fourier import changed, even, in_band, radius, spectrum, without_mean


@frequency_augmentation("amplitude_noise")
def amplitude_noise(
    planes_NPHW: Tensor, draws: BatchDraws, sigma: float, band: tuple[float, float]
) -> Tensor:
    """A' = A max(0, 1 + sigma n), n even noise."""
    spectrum_NPHV, mask_HV = _spectrum_and_band(planes_NPHW, band)
    noise_NPHV = even(draws.normal_field(*spectrum_NPHV.shape[1:]), planes_NPHW.shape[-1])
    gain_less_one = (sigma * noise_NPHV).clamp(min=-1)
    return changed(planes_NPHW, spectrum_NPHV * (gain_less_one * mask_HV))


@frequency_augmentation("amplitude_scale")
def amplitude_scale(
    planes_NPHW: Tensor,
    draws: BatchDraws,
    gain: tuple[float, float],
    band: tuple[float, float],
) -> Tensor:
    """A' = g A."""
    spectrum_NPHV, mask_HV = _spectrum_and_band(planes_NPHW, band)
    drawn = np.exp(draws.uniform(np.log(gain[0]), np.log(gain[1])))
    gain_N111 = draws.on_device(drawn - 1)
    return changed(planes_NPHW, spectrum_NPHV * (gain_N111 * mask_HV))


def _spectrum_and_band(planes_NPHW: Tensor, band: tuple[float, float]) -> tuple[Tensor, Tensor]:
    """Half of the spectrum, and where a band is in it: DC never."""
    radius_HV = radius(planes_NPHW)
    return spectrum(planes_NPHW), without_mean(in_band(radius_HV, *band))
