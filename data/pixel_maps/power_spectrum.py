"""Log power spectrum of an image, and its mean over rings of frequency.

    P(u, v) = |DFT of w (x - m)|^2 / sum of w^2          in dB: 10 log10(P + floor)

x is luminance between 0 and 1 on a square of N x N pixels, w a Hann window along both axes
(periodic), m the mean of x weighted by w, so that what is left at frequency 0 is nothing. By this
scale the mean of P over all frequencies is the variance of x under the window (Parseval), and white
noise of variance s^2 has P = s^2 everywhere. The window keeps the edges of a picture, which do not
fit together, from drawing a cross into the spectrum (Harris, "On the use of windows for harmonic
analysis with the discrete Fourier transform", Proc. IEEE 66(1), 1978).

A ring holds the frequencies whose distance from 0 rounds to the same number of cycles per crop, up
to the Nyquist frequency of the axes; corners beyond it are in no ring. Rings are means in dB, as
Durall, Keuper and Keuper took the azimuthal mean of log spectra (arXiv 2003.01826).

The log of a single image's P lies 2.51 dB below the log of its expectation (P is exponential about
it), alike for reals and fakes, so differences are not moved by it.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from data.audit.jpeg_history import luminance
from data.pipelines import Image

VERSION = 1
"""Raised where the same pixels would be given other numbers."""
FLOOR = 1e-8
"""Added to P: -80 dB, far below the -59 dB of rounding to 256 levels. Constant images have it."""

Array = npt.NDArray[np.float64]


def power_spectrum(image_HWC: Image) -> Array:
    """Return P of an image for half of the plane; the other half mirrors it.

    Args:
        image_HWC: uint8 RGB, a square of even side N.

    Returns:
        Shape (N, N / 2 + 1): rows are cycles per crop downwards from -N / 2 to N / 2 - 1, columns
        those across from 0 to N / 2.
    """
    height, width = image_HWC.shape[:2]
    if height != width or height % 2:
        raise ValueError(f"An image of {height} x {width} px: give a square of even side.")
    window_HW = _window(height)
    shade_HW = luminance(image_HWC).astype(np.float64) / 255
    shade_HW -= (window_HW * shade_HW).sum() / window_HW.sum()
    amplitude = np.fft.fftshift(np.fft.rfft2(window_HW * shade_HW), axes=0)
    power: Array = (amplitude.real**2 + amplitude.imag**2) / (window_HW**2).sum()
    return power


def decibels(power: Array) -> Array:
    """Return 10 log10(P + FLOOR)."""
    return 10 * np.log10(power + FLOOR)


def over_rings(half_plane: Array) -> Array:
    """Return the mean of a half plane over each ring, shape (N / 2 + 1,), from 0 to Nyquist."""
    ring, weight = _rings(half_plane.shape[0])
    count = half_plane.shape[1]
    inside = ring < count
    sums = np.bincount(ring[inside], (weight * half_plane)[inside], count)
    mean: Array = sums / np.bincount(ring[inside], weight[inside], count)
    return mean


@lru_cache(maxsize=8)
def _window(side: int) -> Array:
    from scipy.signal.windows import hann

    line: Array = hann(side, sym=False)
    return np.outer(line, line)


@lru_cache(maxsize=8)
def _rings(side: int) -> tuple[npt.NDArray[np.int64], Array]:
    """The ring of each frequency of the half plane, and how often it stands in the whole plane."""
    down, across = np.mgrid[-side // 2 : side // 2, 0 : side // 2 + 1]
    ring = np.rint(np.hypot(down, across)).astype(np.int64)
    weight = np.full(ring.shape, 2.0)
    weight[:, [0, -1]] = 1.0
    return ring, weight
