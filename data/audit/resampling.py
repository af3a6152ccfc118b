"""Whether pixels were interpolated: made larger, or turned, before they were stored.

An interpolated row is made of weights that repeat, so the size of its second derivative repeats
too, with a period that the scale gives. Averaged over all rows the period is a peak of a spectrum.

    v(x)      = mean over rows y of |I(y, x - 1) - 2 I(y, x) + I(y, x + 1)|, and the same of columns
    P(f)      = |DFT of ln v, less its moving average, under a Hann window|^2
    statistic = max over f of (P(f) / its local mean) - ln(number of frequencies)

Source: Gallagher, "Detection of Linear and Cubic Interpolation in JPEG Compressed Images" (CRV
2005); why a period shows in derivatives: Mahdian and Saic, "Blind Authentication Using Periodic
Properties of Interpolation" (IEEE TIFS 3(3), 2008). The logarithm and the local mean are ours:
without a period P(f) / mean is nearly exponential, so that the statistic depends little on the
picture's size.

Frequencies near multiples of 1/8 are left out: JPEG's blocks, a camera's demosaicing and layers of
a generator that double the size leave peaks there, which are no preparation of a data set. So a
resize by exactly 2, 4 or 8 is not seen; nor is one that makes a picture smaller with a wide filter.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

SMALLEST_PX = 128
_LONGEST_PX = 1024  # of each side, from the middle: a period shows in far less
_TREND_PX = 9  # of the moving average
_LOWEST = 1 / 16  # cycles per pixel: below it are the picture's own contents
_NEIGHBOURS = 24  # frequencies that make the local mean, without the nearest
_NEAREST = 2
_LATTICE_BINS = 2.5  # kept from a multiple of 1/8, in frequencies of the transform


def period_statistic(luminance_HW: npt.NDArray[np.float32]) -> float:
    """How far the strongest period of rows or columns stands out.

    Args:
        luminance_HW: in grey levels of 0 to 255.

    Returns:
        The statistic of this module, nan where either side is below 128 pixels: the spectrum of
        a shorter side has too few frequencies for a local mean.
    """
    height, width = luminance_HW.shape
    if min(height, width) < SMALLEST_PX:
        return math.nan
    top, left = ((max(side - _LONGEST_PX, 0)) // 2 for side in (height, width))
    middle = luminance_HW[top : top + _LONGEST_PX, left : left + _LONGEST_PX]
    peaks: list[float] = []
    frequencies = 0
    for turned in (middle, middle.T):
        surprise = _surprise(np.abs(np.diff(turned, n=2, axis=1)).mean(axis=0))
        frequencies += len(surprise)
        peaks.append(float(surprise.max(initial=0)))
    return max(peaks) - math.log(max(frequencies, 1))


def _surprise(derivative: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """P(f) over its local mean, at each frequency that counts.

    Args:
        derivative: v(x), its mean size along one side, shape (n,).
    """
    signal = np.log(derivative.astype(np.float64) + 0.1)
    box = np.ones(_TREND_PX)
    signal -= np.convolve(signal, box, "same") / np.convolve(np.ones(len(signal)), box, "same")
    power = np.abs(np.fft.rfft(signal * np.hanning(len(signal)))) ** 2
    count = len(signal)
    frequency = np.arange(len(power)) / count
    to_lattice = np.abs(frequency * 8 - np.round(frequency * 8)) / 8 * count
    counts = (to_lattice > _LATTICE_BINS) & (frequency > _LOWEST)
    # A local mean over frequencies that count, without those that a peak itself fills.
    kernel = np.ones(2 * _NEIGHBOURS + 1)
    kernel[_NEIGHBOURS - _NEAREST : _NEIGHBOURS + _NEAREST + 1] = 0
    total = np.convolve(power * counts, kernel, "full")[_NEIGHBOURS:-_NEIGHBOURS]
    number = np.convolve(counts.astype(float), kernel, "full")[_NEIGHBOURS:-_NEIGHBOURS]
    mean = total / np.maximum(number, 1) + 1e-9
    found: npt.NDArray[np.float64] = (power / mean)[counts]
    return found
