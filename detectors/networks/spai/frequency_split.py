"""The low and the high frequencies of square images (SPAI, section 3.2).

B batch, C channels, S side in pixels.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

RADIUS, RADIUS_AT = 16, 224
"""The official circle: radius 16 of 224 x 224 frequencies; for other sides in proportion."""


def official_mask(side_px: int) -> Tensor:
    """Frequencies that are low, 1 or 0, shape (S, S), with DC at (S/2, S/2).

    Both axes count 0 at indices S/2 - 1 and S/2, so the circle is centred half a frequency off DC:
    a property of the official code that its checkpoints were trained with.
    """
    away = torch.arange(side_px) - side_px // 2
    away = torch.where(away < 0, -1 - away, away)
    squared = away[:, None] ** 2 + away[None, :] ** 2
    return (squared * RADIUS_AT**2 < (RADIUS * side_px) ** 2).float()


class FrequencySplit(nn.Module):
    """Images -> their low and their high frequencies, which add up to the images.

    The official code takes the real part of an inverse transform. That is what the mean of the mask
    and its mirror image gives, and this mean is symmetric: so real transforms of half the size do.
    """

    weights: Tensor

    def __init__(self, side_px: int) -> None:
        super().__init__()
        mask = torch.fft.ifftshift(official_mask(side_px))
        mirrored = mask.flip(0, 1).roll((1, 1), (0, 1))
        half = ((mask + mirrored) / 2)[:, : side_px // 2 + 1]
        self.register_buffer("weights", half.contiguous(), persistent=False)

    def forward(self, images_BCSS: Tensor) -> tuple[Tensor, Tensor]:
        """Float32 of the masks' side -> low_BCSS, high_BCSS, not cut off at 0 and 1."""
        spectrum = torch.fft.rfft2(images_BCSS)
        low_BCSS = torch.fft.irfft2(spectrum * self.weights, s=images_BCSS.shape[-2:])
        return low_BCSS, images_BCSS - low_BCSS
