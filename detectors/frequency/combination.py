"""An image and its own transform put together: in the spectrum, or pixel by pixel.

N images, P planes, H/W pixels in [0, 1]; w is the transform's weight. With w = 0 each gives the
image back, magnitude_phase to a last bit of its transform and back, the others exactly.
"""

from __future__ import annotations

import torch
from torch import Tensor

from detectors.frequency.fourier import changed, spectrum, unit


def combined(x_NPHW: Tensor, t_NPHW: Tensor, how: str, w: float) -> Tensor:
    """The image x and its transform t as one, not cut off yet.

    Args:
        x_NPHW: the image.
        t_NPHW: its transform.
        how: replace, magnitude_phase, blend, add, subtract or overlay.
        w: weight of the transform; without meaning for replace.
    """
    if how == "replace":
        return t_NPHW
    if how == "magnitude_phase":
        return _averaged_spectra(x_NPHW, t_NPHW, w)
    if how == "blend":
        return x_NPHW + w * (t_NPHW - x_NPHW)
    if how == "add":
        return x_NPHW + w * t_NPHW
    if how == "subtract":
        return x_NPHW - w * t_NPHW
    if how == "overlay":
        return x_NPHW + w * (_overlaid(x_NPHW, t_NPHW) - x_NPHW)
    raise ValueError(f"combine {how!r} is unknown; data/augmentations/frequency.py names all.")


def _averaged_spectra(x_NPHW: Tensor, t_NPHW: Tensor, w: float) -> Tensor:
    """Amplitudes averaged as numbers, phases as directions, so that a turn past pi is no jump.

    Opposite phases of equal weight have no mean: there the image's own stays.
    """
    of_x, of_t = spectrum(x_NPHW), spectrum(t_NPHW)
    amplitude = (1 - w) * of_x.abs() + w * of_t.abs()
    own = unit(of_x)
    mean = (1 - w) * own + w * unit(of_t)
    direction = torch.where(mean.abs() < 1e-6, own, unit(mean))
    return changed(x_NPHW, amplitude * direction - of_x)


def _overlaid(x_NPHW: Tensor, t_NPHW: Tensor) -> Tensor:
    """The blend mode "overlay": dark pixels of x are multiplied by t, bright ones screened."""
    multiplied = 2 * x_NPHW * t_NPHW
    screened = 1 - 2 * (1 - x_NPHW) * (1 - t_NPHW)
    return torch.where(x_NPHW < 0.5, multiplied, screened)
