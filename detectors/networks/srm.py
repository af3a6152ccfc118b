"""Three high-pass kernels of the spatial rich model (Fridrich and Kodovsky, TIFS 2012), as in SSP.

A pixel's prediction from its neighbours is subtracted from it; what is left is mostly noise. SSP
(arXiv 2402.01123) repeats each kernel over the three colours, so that red, green and blue are
summed, and cuts the response off at -3 and 3. They are three of the thirty in `srm_kernels.py`.

B batch, H/W pixels.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from detectors.networks.precision import full_precision
from detectors.networks.srm_kernels import thirty_srm_kernels

SRM_LIMIT = 3.0
"""Where the response is cut off, in units of the normalised image."""

_AMONG_THIRTY = (28, 29, 11)
"""Both squares and the second difference along a line."""


def srm_kernels() -> Tensor:
    """The kernels as weights of a convolution, shape (3, 3, 5, 5): outputs, colours, lines."""
    return thirty_srm_kernels()[list(_AMONG_THIRTY), None].repeat(1, 3, 1, 1)


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
