"""The five ways in which the toy generators double their resolution.

Each is a convolution with a harmless part and a random one, as weights are after training. The
random part mixes the channels and has zero mean over space, so that every phase of the doubled
grid keeps gain 1. The exception is the transposed convolution's `phase_gain`: its checkerboard
(Odena, Dumoulin and Olah, "Deconvolution and checkerboard artifacts", Distill 2016).

Shapes: O output channels, I input channels, P the 2 x 2 phases of the doubled grid, then the
kernel's height and width.
"""

from collections.abc import Callable
from itertools import product
from typing import Literal

import numpy as np
import numpy.typing as npt

from data.toy.filters import Floats, convolve, doubled, repeated

Upsampler = Callable[[Floats], Floats]
Kind = Literal["tconv", "nearest", "nearest2", "bilinear", "shuffle"]
_Kernel = npt.NDArray[np.float64]

_SMOOTH = np.array([[1, 2, 1], [2, 6, 2], [1, 2, 1]]) / 18
_BINOMIAL = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16
_SHARP = np.array([[0, -1, 0], [-1, 10, -1], [0, -1, 0]]) / 6
_BILINEAR = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 16
_AFTER_ENLARGING = {
    "nearest": (repeated, (_SMOOTH,)),
    "nearest2": (repeated, (_BINOMIAL, _SHARP)),
    "bilinear": (doubled, (_SHARP,)),
}
# For output pixels of even and of odd index: (place among the three nearest inputs, tap of the
# transposed kernel that joins the two).
_TAPS_OF_PHASE = (((0, 3), (1, 1)), ((1, 2), (2, 0)))


def upsampler(kind: Kind, spread: float, phase_gain: float, rng: np.random.Generator) -> Upsampler:
    """Draw the weights of an up-sampler.

    Args:
        kind: `tconv` transposed convolution, 4 x 4 with stride 2; `nearest` repetition and a
            convolution; `nearest2` repetition and two; `bilinear` interpolation and a
            convolution; `shuffle` sub-pixel convolution (arXiv 1609.05158).
        spread: of the random part, its standard deviation per tap of tconv, three times that of
            the 3 x 3 kernels.
        phase_gain: how far tconv's phases differ in gain; the others ignore it.
        rng: gives the weights.

    Returns:
        A function from shape (B, 3, H, W) to (B, 3, 2 H, 2 W).
    """
    if kind == "tconv":
        return _per_phase(_transposed(spread, phase_gain, rng))
    if kind == "shuffle":
        harmless = _polyphase(_per_channel(_BILINEAR))
        return _per_phase(harmless + _random(rng, spread, 3, 4, 3))
    enlarged, parts = _AFTER_ENLARGING[kind]
    kernels = [
        (_per_channel(harmless) + _random(rng, spread, 3, 3)).astype(np.float32)
        for harmless in parts
    ]

    def apply(images_BCHW: Floats) -> Floats:
        images_BCHW = enlarged(images_BCHW)
        for kernel in kernels:
            images_BCHW = convolve(images_BCHW, kernel)
        return images_BCHW

    return apply


def _per_channel(kernel: _Kernel) -> _Kernel:
    """The same kernel for every channel, which does not mix them; shape (3, 3, ...)."""
    repeated_kernel: _Kernel = np.eye(3)[:, :, None, None] * kernel
    return repeated_kernel


def _random(rng: np.random.Generator, spread: float, *channels: int) -> _Kernel:
    kernel = rng.standard_normal((*channels, 3, 3))
    kernel -= kernel.mean(axis=(-2, -1), keepdims=True)
    return kernel * (spread / 3)


def _transposed(spread: float, phase_gain: float, rng: np.random.Generator) -> _Kernel:
    random = rng.standard_normal((3, 3, 4, 4))
    gain = rng.standard_normal((3, 3, 2, 2))
    gain -= gain.mean(axis=(-2, -1), keepdims=True)
    # Every second tap belongs to one phase.
    for row, column in np.ndindex(2, 2):
        taps = random[..., row::2, column::2]
        taps -= taps.mean(axis=(-2, -1), keepdims=True)
    return _polyphase(
        _per_channel(_BILINEAR) + spread * random + phase_gain / 4 * np.tile(gain, (1, 1, 2, 2))
    )


def _polyphase(kernel_OI44: _Kernel) -> _Kernel:
    """A transposed convolution as one 3 x 3 convolution per phase, shape (O, P, I, 3, 3)."""
    phases = np.zeros((3, 2, 2, 3, 3, 3))
    for p, q in np.ndindex(2, 2):
        for (row, tap_row), (column, tap_column) in product(_TAPS_OF_PHASE[p], _TAPS_OF_PHASE[q]):
            phases[:, p, q, :, row, column] = kernel_OI44[..., tap_row, tap_column]
    return phases.reshape(3, 4, 3, 3, 3)


def _per_phase(kernel_OPI33: _Kernel) -> Upsampler:
    """Convolve to a plane per phase and interleave them to pixels."""
    kernel = kernel_OPI33.reshape(12, 3, 3, 3).astype(np.float32)

    def apply(images_BCHW: Floats) -> Floats:
        num, _, height, width = images_BCHW.shape
        planes = convolve(images_BCHW, kernel).reshape(num, 3, 2, 2, height, width)
        pixels = planes.transpose(0, 1, 4, 2, 5, 3)
        return pixels.reshape(num, 3, 2 * height, 2 * width)

    return apply
