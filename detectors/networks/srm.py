"""Three high-pass kernels of the spatial rich model (Fridrich and Kodovsky, TIFS 2012), as in SSP.

A pixel's prediction from its neighbours is subtracted from it; what is left is mostly noise. SSP
(arXiv 2402.01123) repeats each kernel over the three colours, so that red, green and blue are
summed, and cuts the response off at -3 and 3.

B batch, H/W pixels.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from detectors.networks.precision import full_precision

SRM_LIMIT = 3.0
"""Where the response is cut off, in units of the normalised image."""

_SECOND_ORDER = [
    [0, 0, 0, 0, 0],
    [0, -1, 2, -1, 0],
    [0, 2, -4, 2, 0],
    [0, -1, 2, -1, 0],
    [0, 0, 0, 0, 0],
]
_SQUARE = [
    [-1, 2, -2, 2, -1],
    [2, -6, 8, -6, 2],
    [-2, 8, -12, 8, -2],
    [2, -6, 8, -6, 2],
    [-1, 2, -2, 2, -1],
]
_LINE = [
    [0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0],
    [0, 1, -2, 1, 0],
    [0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0],
]
_KERNELS = ((_SECOND_ORDER, 4.0), (_SQUARE, 12.0), (_LINE, 2.0))


def srm_kernels() -> Tensor:
    """The kernels as weights of a convolution, shape (3, 3, 5, 5): outputs, colours, lines."""
    kernels = [torch.tensor(lines, dtype=torch.float32) / scale for lines, scale in _KERNELS]
    return torch.stack(kernels)[:, None].repeat(1, 3, 1, 1)


class SRMFilter(nn.Module):
    """The three kernels at every pixel, in float32 always, then cut off.

    The response is a small difference of large numbers: in bfloat16 its error is 39 times the
    signal, in TF32 5 times.

    Args:
        is_trained: whether the kernels are learned further; frozen in SSP.
        is_cut_off: whether the response ends at -3 and 3.
    """

    def __init__(self, is_trained: bool = False, is_cut_off: bool = True) -> None:
        super().__init__()
        self.is_cut_off = is_cut_off
        self.kernel = nn.Parameter(srm_kernels(), requires_grad=is_trained)

    def forward(self, images_BCHW: Tensor) -> Tensor:
        """Normalised RGB, (B, 3, H, W) -> responses of the same shape; black beyond the border."""
        with full_precision(images_BCHW.device.type):
            response_BCHW = functional.conv2d(images_BCHW.float(), self.kernel, padding=2)
        if self.is_cut_off:
            return functional.hardtanh(response_BCHW, -SRM_LIMIT, SRM_LIMIT)
        return response_BCHW
