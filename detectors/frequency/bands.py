"""Frequencies removed: all but a band, a band, some rings, single ones. DC always stays."""

from __future__ import annotations

import torch
from torch import Tensor

from detectors.batch_augmentation.batch import BatchDraws
from detectors.frequency.augmentation import frequency_augmentation
from detectors.frequency.fourier import changed, even, in_band, radius, spectrum, without_mean


@frequency_augmentation("band_pass")
def band_pass(planes_NPHW: Tensor, draws: BatchDraws, width: tuple[float, float]) -> Tensor:
    """Keep a band of random width and place."""
    return removed(planes_NPHW, ~_random_band(planes_NPHW, draws, width))


@frequency_augmentation("band_stop")
def band_stop(planes_NPHW: Tensor, draws: BatchDraws, width: tuple[float, float]) -> Tensor:
    """Remove a band of random width and place."""
    return removed(planes_NPHW, _random_band(planes_NPHW, draws, width))


@frequency_augmentation("band_drop")
def band_drop(planes_NPHW: Tensor, draws: BatchDraws, share: float, bands: int) -> Tensor:
    """Remove each ring with a probability."""
    radius_HV = radius(planes_NPHW)
    ring_HV = (radius_HV * bands).long().clamp(max=bands - 1)
    dropped = torch.from_numpy(draws.shares(bands) < share).to(planes_NPHW.device)
    return removed(planes_NPHW, dropped[:, ring_HV].unsqueeze(1))


@frequency_augmentation("frequency_mask")
def frequency_mask(
    planes_NPHW: Tensor, draws: BatchDraws, ratio: float, band: tuple[float, float]
) -> Tensor:
    """Remove each frequency with a probability, the same in all planes."""
    radius_HV = radius(planes_NPHW)
    drawn_N1HV = even(draws.uniform_field(1, *radius_HV.shape), planes_NPHW.shape[-1])
    return removed(planes_NPHW, (drawn_N1HV < ratio) & in_band(radius_HV, *band))


def removed(planes_NPHW: Tensor, mask_HV: Tensor) -> Tensor:
    """Planes without the frequencies of a mask that can be broadcast to (N, P, H, V); DC stays."""
    return changed(planes_NPHW, -spectrum(planes_NPHW) * without_mean(mask_HV))


def _random_band(planes_NPHW: Tensor, draws: BatchDraws, width: tuple[float, float]) -> Tensor:
    """For each image a band of radii, (N, 1, H, V): its width drawn, then its place."""
    drawn_width = draws.uniform(*width)
    low = draws.uniform(0.0, 1.0) * (1 - drawn_width)
    radius_HV = radius(planes_NPHW)
    return in_band(radius_HV, draws.on_device(low), draws.on_device(low + drawn_width))
