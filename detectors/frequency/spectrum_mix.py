"""The amplitude of another image, or of the image in a mirror, mixed in; phases are kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from detectors.batch_augmentation.batch import BatchDraws, TrainingBatch
from detectors.batch_augmentation.implementations import implements
from detectors.frequency.augmentation import SHARED, finished, partner_planes
from detectors.frequency.fourier import changed, in_band, radius, spectrum, unit


@implements("spectrum_mix")
def spectrum_mix(
    batch: TrainingBatch,
    draws: BatchDraws,
    alpha: float,
    partner: str,
    label: str | None,
    band: tuple[float, float],
    **shared: object,
) -> TrainingBatch:
    """A' = (1 - m) A + m A_partner within a band, and the label as the rule says."""
    share = draws.uniform(0.0, alpha)
    partners = draws.rows if partner == "self" else draws.partners(partner == "same_label")

    def transform(planes_NPHW: Tensor) -> Tensor:
        others = partner_planes(draws, partners, planes_NPHW)
        if partner == "self":
            others = others.flip(-1)
        return with_amplitude_of(planes_NPHW, others, draws.on_device(share), band)

    own = {key: shared[key] for key in SHARED}
    images_NCHW = finished(draws.taken(draws.rows), transform, **own)  # type: ignore[arg-type]
    target_B = batch.target_B
    if label == "mixed":
        target_B = draws.mixed_targets(partners, share)
    elif label == "fake_if_either":
        # A spectrum of which nothing is mixed in makes nothing fake.
        target_B = target_B.clone()
        either = torch.maximum(target_B[draws.rows], batch.target_B[partners])
        is_mixed = torch.from_numpy(np.asarray(share > 0))
        target_B[draws.rows] = torch.where(is_mixed, either, target_B[draws.rows])
    return replace(batch, images_BCHW=draws.replaced(images_NCHW), target_B=target_B)


def with_amplitude_of(
    planes_NPHW: Tensor, others_NPHW: Tensor, share_N111: Tensor, band: tuple[float, float]
) -> Tensor:
    """Planes whose amplitude goes towards that of others, by a share and within a band."""
    own = spectrum(planes_NPHW)
    difference = spectrum(others_NPHW).abs() - own.abs()
    mask_HV = in_band(radius(planes_NPHW), *band)
    return changed(planes_NPHW, unit(own) * (difference * share_N111 * mask_HV))
