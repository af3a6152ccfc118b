"""What second views compute, of RGB in [0, 1]; their words stand in `data/second_views.py`.

B images, C channels, H/W pixels, V columns of half a spectrum.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from data.operations import Pipeline
from detectors.frequency.fourier import in_band, radius, spectrum, without_mean
from detectors.networks.precision import full_precision

FLOOR = 1e-3
"""Added to an amplitude before its logarithm or its inverse is taken."""


def log_spectrum(images_BCHW: Tensor) -> Tensor:
    """log(A + 1e-3) with DC in the middle, standardised for each image and channel."""
    logarithm_BCHW = torch.log(torch.fft.fft2(images_BCHW).abs() + FLOOR)
    return standardised(torch.fft.fftshift(logarithm_BCHW, dim=(-2, -1)))


def band_pass(images_BCHW: Tensor, low: float, high: float) -> Tensor:
    """The frequencies of a band."""
    size = images_BCHW.shape[-2:]
    mask_HV = without_mean(in_band(radius(images_BCHW), low, high))
    band_BCHW: Tensor = torch.fft.irfft2(spectrum(images_BCHW) * mask_HV, s=size)
    return band_BCHW


def phase_only(images_BCHW: Tensor) -> Tensor:
    """F / (A + 1e-3) back in pixels, standardised."""
    spectrum_BCHV = spectrum(images_BCHW)
    white_BCHV = spectrum_BCHV / (spectrum_BCHV.abs() + FLOOR)
    return standardised(torch.fft.irfft2(white_BCHV, s=images_BCHW.shape[-2:]))


VIEWS: dict[str, Callable[..., Tensor]] = {
    function.__name__: function for function in (log_spectrum, band_pass, phase_only)
}


def standardised(planes_BCHW: Tensor) -> Tensor:
    """Mean 0 and variance 1 for each image and channel; 0 where nothing varies."""
    mean = planes_BCHW.mean(dim=(2, 3), keepdim=True)
    deviation = planes_BCHW.std(dim=(2, 3), keepdim=True, correction=0)
    return (planes_BCHW - mean) / (deviation + 1e-6)


def second_view(pipeline: Pipeline, images_BCHW: Tensor) -> Tensor:
    """The second view of images, in full float32 whatever autocast is on; the same shape."""
    with full_precision(images_BCHW.device.type):
        view_BCHW = images_BCHW.float().contiguous()
        for step in pipeline.operations:
            view_BCHW = VIEWS[step.name](view_BCHW, **step.settings)
        return view_BCHW
