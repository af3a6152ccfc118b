"""The thirty high-pass kernels of the spatial rich model (Fridrich and Kodovsky, TIFS 2012).

PatchCraft and AIDE share them: eight first, four second and eight third differences, one for each
direction; halves of two square kernels, and those squares. Each is divided by the largest magnitude
in it, padded to 5 x 5 and frozen. SSP's three (`detectors/networks/srm.py`) are among them.

B batch, C colours, H/W pixels.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from detectors.networks.precision import full_precision

COUNT = 30
SIDE = 5
_CENTRE = SIDE // 2

UP, DOWN, LEFT, RIGHT = (-1, 0), (1, 0), (0, -1), (0, 1)
UP_LEFT, UP_RIGHT, DOWN_LEFT, DOWN_RIGHT = (-1, -1), (-1, 1), (1, -1), (1, 1)

# Along a direction: multiple of its step -> weight.
_FIRST = ({1: 1, 0: -1}, (UP_LEFT, UP, UP_RIGHT, LEFT, RIGHT, DOWN_LEFT, DOWN, DOWN_RIGHT))
_SECOND = ({1: 1, 0: -2, -1: 1}, (UP_LEFT, UP, UP_RIGHT, LEFT))
_THIRD = (
    {2: -1, 1: 3, 0: -3, -1: 1},
    (UP_LEFT, UP, UP_RIGHT, RIGHT, DOWN_RIGHT, DOWN, DOWN_LEFT, LEFT),
)

_SQUARE_3 = [
    [0, 0, 0, 0, 0],
    [0, -1, 2, -1, 0],
    [0, 2, -4, 2, 0],
    [0, -1, 2, -1, 0],
    [0, 0, 0, 0, 0],
]
_SQUARE_5 = [
    [-1, 2, -2, 2, -1],
    [2, -6, 8, -6, 2],
    [-2, 8, -12, 8, -2],
    [2, -6, 8, -6, 2],
    [-1, 2, -2, 2, -1],
]
_HALVES = (UP, RIGHT, DOWN, LEFT)


def thirty_srm_kernels() -> Tensor:
    """All kernels in the order of the official codes, shape (30, 5, 5), largest magnitude 1."""
    square_3, square_5 = torch.tensor(_SQUARE_3), torch.tensor(_SQUARE_5)
    kernels = [
        _differences(weights, step)
        for weights, directions in (_FIRST, _SECOND, _THIRD)
        for step in directions
    ]
    kernels += [_half(square, side) for square in (square_3, square_5) for side in _HALVES]
    kernels += [square_3, square_5]
    stacked = torch.stack(kernels).float()
    return stacked / stacked.abs().amax(dim=(1, 2), keepdim=True)


class SRMKernels(nn.Module):
    """The thirty kernels at every pixel, frozen, in float32 always; black beyond the border.

    Args:
        colours: `apart`: thirty maps of each colour, all of red before those of green, as in
            PatchCraft. `summed`: thirty maps of the sum of the colours, as in AIDE.
    """

    def __init__(self, colours: Literal["apart", "summed"]) -> None:
        super().__init__()
        self.colours = colours
        channels = 3 if colours == "summed" else 1
        kernel = thirty_srm_kernels()[:, None].repeat(1, channels, 1, 1)
        self.kernel = nn.Parameter(kernel, requires_grad=False)

    def forward(self, images_BCHW: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, 90, H, W) or (B, 30, H, W)."""
        batch, _, height, width = images_BCHW.shape
        with full_precision(images_BCHW.device.type):
            planes = images_BCHW.float()
            if self.colours == "apart":
                planes = planes.reshape(-1, 1, height, width)
            maps = functional.conv2d(planes, self.kernel, padding=_CENTRE)
            return maps.reshape(batch, -1, height, width)


def _differences(weights: dict[int, int], step: tuple[int, int]) -> Tensor:
    """Weights at multiples of a step from the centre."""
    kernel = torch.zeros(SIDE, SIDE, dtype=torch.int64)
    for multiple, weight in weights.items():
        kernel[_CENTRE + multiple * step[0], _CENTRE + multiple * step[1]] = weight
    return kernel


def _half(square: Tensor, side: tuple[int, int]) -> Tensor:
    """A square with its centre line, and zeros on the side that is opposite to the given one."""
    half = square.clone()
    beyond = {
        UP: (slice(_CENTRE + 1, None), slice(None)),
        DOWN: (slice(None, _CENTRE), slice(None)),
        LEFT: (slice(None), slice(_CENTRE + 1, None)),
        RIGHT: (slice(None), slice(None, _CENTRE)),
    }
    half[beyond[side]] = 0
    return half
