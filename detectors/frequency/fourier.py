"""The discrete Fourier transform of real images, and changes of it that keep them real.

torch's `rfft2` gives half of the spectrum: F(u, v) for v from 0 to W/2, (N, C, H, V) with
V = W // 2 + 1; the other half is F(-u, -v) = conj F(u, v). In the columns v = 0 and, for even W,
v = W/2 the mirror of a frequency stands in the same column: there a change must be made even
(amplitudes) or odd (phases) by hand, or what comes back is not the image of that spectrum.

N images, C planes, H/W pixels, V columns of half a spectrum.
"""

from __future__ import annotations

import torch
from torch import Tensor

LARGEST_RADIUS = 0.5**0.5
"""Cycles per pixel at the corner of a spectrum."""


def spectrum(planes_NCHW: Tensor) -> Tensor:
    """Half of the spectrum of real planes, complex (N, C, H, V), unnormalised."""
    half_NCHV: Tensor = torch.fft.rfft2(planes_NCHW.contiguous())
    return half_NCHV


def changed(planes_NCHW: Tensor, change_NCHV: Tensor) -> Tensor:
    """Planes whose spectrum is changed by a summand: where that is 0, equal bit for bit."""
    height, width = planes_NCHW.shape[-2:]
    difference_NCHW: Tensor = torch.fft.irfft2(change_NCHV, s=(height, width))
    return planes_NCHW + difference_NCHW


def radius(planes_NCHW: Tensor) -> Tensor:
    """Radius of each frequency as a share of the largest: 0 at DC, 1 at the corner; (H, V)."""
    (height, width), device = planes_NCHW.shape[-2:], planes_NCHW.device
    down = torch.fft.fftfreq(height, device=device)
    across = torch.fft.rfftfreq(width, device=device)
    return torch.hypot(down[:, None], across[None, :]) / LARGEST_RADIUS


def in_band(radius_HV: Tensor, low: Tensor | float, high: Tensor | float) -> Tensor:
    """Where low <= radius < high, the corner itself within where high is 1; broadcast.

    The corner's radius may come out at 1 and a last bit: it counts as 1.
    """
    radius_HV = radius_HV.clamp(max=1.0)
    high = torch.as_tensor(high, dtype=radius_HV.dtype, device=radius_HV.device)
    return (radius_HV >= low) & ((radius_HV < high) | ((high >= 1) & (radius_HV == 1)))


def without_mean(mask_HV: Tensor) -> Tensor:
    """A mask of frequencies less DC."""
    mask_HV = mask_HV.clone()
    mask_HV[..., 0, 0] = False
    return mask_HV


def even(field_NCHV: Tensor, width: int) -> Tensor:
    """A field of independent numbers made even, f(-u, -v) = f(u, v), as amplitudes are."""
    return _mirrored(field_NCHV, width, sign=1)


def odd(field_NCHV: Tensor, width: int) -> Tensor:
    """A field of independent numbers made odd, f(-u, -v) = -f(u, v), as phases are.

    Frequencies that are their own mirrors, DC among them, get 0.
    """
    return _mirrored(field_NCHV, width, sign=-1)


def _mirrored(field_NCHV: Tensor, width: int, sign: int) -> Tensor:
    height = field_NCHV.shape[-2]
    field_NCHV = field_NCHV.clone()
    rows_H = torch.arange(height, device=field_NCHV.device)
    is_first_half_H = rows_H <= height // 2
    is_own_mirror_H = (2 * rows_H) % height == 0
    for column in (0, width // 2) if width % 2 == 0 else (0,):
        own_NCH = field_NCHV[..., column]
        mirror_NCH = own_NCH.flip(-1).roll(1, dims=-1)  # at u what stands at -u
        column_NCH = torch.where(is_first_half_H, own_NCH, sign * mirror_NCH)
        if sign < 0:
            column_NCH = column_NCH.masked_fill(is_own_mirror_H, 0)
        field_NCHV[..., column] = column_NCH
    return field_NCHV


def unit(spectrum_NCHV: Tensor) -> Tensor:
    """exp(i phase): the spectrum divided by its amplitude; 1 where that is 0."""
    amplitude = spectrum_NCHV.abs()
    is_zero = amplitude == 0
    return torch.where(is_zero, 1.0, spectrum_NCHV / amplitude.masked_fill(is_zero, 1.0))
