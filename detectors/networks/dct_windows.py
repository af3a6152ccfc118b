"""Windows of an image by how high its frequencies are there: AIDE's choice (arXiv 2406.19435).

B batch, C colours, H/W pixels, R/Q rows and columns of windows, S side of a window, U/V vertical
and horizontal frequencies.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from detectors.networks.precision import full_precision

BANDS = 6
WINDOWS_AT_ONCE = 2048
"""Of 32 x 32 px in three colours: 25 MB for each tensor of coefficients."""

CHOSEN = ("lowest", "highest", "second lowest", "second highest")
"""The windows that are taken, in the order of the official code."""


class DCTWindows(nn.Module):
    """Scores of all windows of an image, and the four at the ends.

    The score of a window is the sum, over six diagonal bands of its DCT, of 2^k times the band's
    mean of log(1 + |coefficient|), k counting from the lowest; means are summed over colours.

    Args:
        size_px: side of the windows.
        stride_px: between their corners; pixels behind the last whole step are not looked at.
    """

    transform_US: Tensor
    weight_UV: Tensor

    def __init__(self, size_px: int = 32, stride_px: int = 16) -> None:
        super().__init__()
        self.size_px, self.stride_px = size_px, stride_px
        self.register_buffer("transform_US", _dct_matrix(size_px), persistent=False)
        self.register_buffer("weight_UV", _band_weights(size_px), persistent=False)

    def scores(self, image_CHW: Tensor) -> Tensor:
        """The score of each window of one image in [0, 1], scores_RQ, float32.

        Raises:
            ValueError: the image is smaller than a window.
        """
        height, width = image_CHW.shape[1:]
        if min(height, width) < self.size_px:
            raise ValueError(
                f"Windows of {self.size_px} px do not fit into an image of {height} x {width} px; "
                f"put squash({self.size_px}) into the input."
            )
        size, step = self.size_px, self.stride_px
        with torch.no_grad(), full_precision(image_CHW.device.type):
            strips_CRWS = image_CHW.float().unfold(1, size, step)
            columns = (width - size) // step + 1
            # Vertically first: windows beside each other share what that gives.
            parts = [
                self._scores_of_rows(rows_CRWS)
                for rows_CRWS in torch.split(strips_CRWS, max(1, WINDOWS_AT_ONCE // columns), 1)
            ]
            return torch.cat(parts)

    def places(self, image_CHW: Tensor) -> Tensor:
        """Which windows are taken, counted line by line, in the order of `CHOSEN`.

        Where an image has one window alone, that is all four.
        """
        order_N = self.scores(image_CHW).flatten().argsort(stable=True)
        last = len(order_N) - 1
        ends = torch.tensor([0, last, min(1, last), max(last - 1, 0)], device=order_N.device)
        return order_N[ends]

    def forward(self, images_BCHW: Tensor) -> Tensor:
        """The taken windows, (B, 4, C, S, S), in the order of `CHOSEN`.

        Image by image, so that an image's choice is its own, whatever it is batched with.
        """
        size, step = self.size_px, self.stride_px
        taken = []
        for image_CHW in images_BCHW:
            place_N = self.places(image_CHW)
            windows_CRQSS = image_CHW.unfold(1, size, step).unfold(2, size, step)
            columns = windows_CRQSS.shape[2]
            taken.append(windows_CRQSS[:, place_N // columns, place_N % columns].transpose(0, 1))
        return torch.stack(taken)

    def _scores_of_rows(self, rows_CRWS: Tensor) -> Tensor:
        across_CRWU = rows_CRWS @ self.transform_US.T
        windows_CRQUS = across_CRWU.unfold(2, self.size_px, self.stride_px)
        coefficient_CRQUV = windows_CRQUS @ self.transform_US.T
        return (coefficient_CRQUV.abs_().log1p_() * self.weight_UV).sum(dim=(0, 3, 4))


def _dct_matrix(size: int) -> Tensor:
    """The orthonormal DCT-II, rows are frequencies."""
    frequency_U1 = torch.arange(size, dtype=torch.float64)[:, None]
    place_S = torch.arange(size, dtype=torch.float64) + 0.5
    matrix_US = torch.cos(math.pi / size * frequency_U1 * place_S) * math.sqrt(2 / size)
    matrix_US[0] /= math.sqrt(2)
    return matrix_US.float()


def _band_weights(size: int) -> Tensor:
    """What log(1 + |coefficient|) is multiplied by.

    A band is all frequencies with U + V from one edge to the next, both included, so that where an
    edge is a whole number, as the middle one is, two bands share a diagonal.
    """
    sum_UV = torch.arange(size)[:, None] + torch.arange(size)
    weight_UV = torch.zeros(size, size, dtype=torch.float64)
    for band in range(BANDS):
        low, high = 2 * size / BANDS * band, 2 * size / BANDS * (band + 1)
        is_in_UV = (sum_UV >= low) & (sum_UV <= high)
        weight_UV += 2**band * is_in_UV / is_in_UV.sum()
    return weight_UV.float()
