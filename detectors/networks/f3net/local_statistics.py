"""LFS, F3-Net's local frequency statistics: how strong six bands are in each small window.

B batch, C channels, S pixels of a side, L windows of a side, N frequencies of a window (100).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from detectors.networks.f3net.cosine_transform import BandFilters, cosine_matrix, diagonal_band

WINDOW_PX, STRIDE_PX, PADDING_PX = 10, 2, 4
STATISTICS = 6
GREY = (0.299, 0.587, 0.114)
"""Weights of red, green and blue."""
BRIGHTNESS = 122.5
"""Half the range that [-1, 1] becomes: the official number, not 127.5."""
FLOOR = 1e-15
"""Added before the logarithm."""
TRANSFORM: list[list[float]] = cosine_matrix(WINDOW_PX).tolist()


class LocalStatistics(nn.Module):
    """Cosine transform of each 10 x 10 window of the grey image, every 2 pixels; six band sums.

    Args:
        log_first: as the official code: the mean logarithm of a band's coefficients, weighted by
            its filter. Otherwise as the paper (eq. 4): the logarithm of the weighted sum.
    """

    counts: Tensor

    def __init__(self, log_first: bool = True) -> None:
        super().__init__()
        self.log_first = log_first
        edges = [WINDOW_PX * 2.0 / STATISTICS * index for index in range(STATISTICS + 1)]
        masks = [
            diagonal_band(WINDOW_PX, edges[index], edges[index + 1]) for index in range(STATISTICS)
        ]
        self.filters = BandFilters(masks)
        counts = self.filters.masks.sum(dim=(1, 2))
        self.register_buffer("counts", counts, persistent=False)

    def forward(self, images_BCSS: Tensor) -> Tensor:
        """(B, 3, S, S) in [-1, 1] -> (B, 6, L, L), float32; L = 149 at 299 px.

        Call it in full precision.
        """
        if images_BCSS.device.type == "cpu" and len(images_BCSS) > 1:
            # One image's sums stay in a CPU's cache, a batch's do not; the numbers are the same.
            return torch.cat([self(image_1CSS) for image_1CSS in torch.split(images_BCSS, 1)])
        red, green, blue = images_BCSS.unbind(dim=1)
        grey_BSS = GREY[0] * red + GREY[1] * green + GREY[2] * blue
        amplitude_BNLL = window_transform((grey_BSS + 1) * BRIGHTNESS).abs_()
        filters_FN = (self.filters() / self.counts[:, None, None]).flatten(1)
        if self.log_first:
            return _weighted(amplitude_BNLL.add_(FLOOR).log10_(), filters_FN)
        return (_weighted(amplitude_BNLL, filters_FN.abs()) + FLOOR).log10()


def window_side(size_px: int) -> int:
    """Windows along a side."""
    return (size_px + 2 * PADDING_PX - WINDOW_PX) // STRIDE_PX + 1


def window_transform(grey_BSS: Tensor) -> Tensor:
    """The cosine transform of each window, (B, N, L, L); frequency (u, v) is number 10 u + v.

    Down the columns first, which neighbouring windows share, then along the rows. Each product is
    rounded before it is added, in one order, on every device: in a window of one grey the
    coefficients are what rounding leaves, and the logarithm that follows makes that visible. A
    library's matrix product rounds otherwise on each kind of processor, and the map of an image
    of flat cells then differs by 5 %.
    """
    padded_BSS = functional.pad(grey_BSS, [PADDING_PX] * 4)
    span = (window_side(grey_BSS.shape[1]) - 1) * STRIDE_PX + 1
    starts = [slice(first, first + span, STRIDE_PX) for first in range(WINDOW_PX)]
    down_BULS = torch.stack(_sums([padded_BSS[:, rows] for rows in starts]), dim=1)
    across = _sums([down_BULS[..., columns].contiguous() for columns in starts])
    return torch.stack(across, dim=2).flatten(1, 2)


def _sums(positions: Sequence[Tensor]) -> list[Tensor]:
    """One row of a transform after the other: the sum of coefficient times position."""
    sums = []
    for coefficients in TRANSFORM:
        total = positions[0] * coefficients[0]
        for position, coefficient in zip(positions[1:], coefficients[1:], strict=True):
            # Not add(alpha=...), which multiplies and adds without rounding in between.
            total += position * coefficient
        sums.append(total)
    return sums


def _weighted(amplitude_BNLL: Tensor, filters_FN: Tensor) -> Tensor:
    return torch.einsum("fn,bnij->bfij", filters_FN, amplitude_BNLL)
