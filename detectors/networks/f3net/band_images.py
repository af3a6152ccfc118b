"""FAD, F3-Net's frequency-aware decomposition: an image as four images, one for each band.

B batch, C channels, S pixels of a side. The bands are of the diagonals of the cosine transform.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from detectors.networks.f3net.cosine_transform import BandFilters, cosine_matrix, diagonal_band

BANDS = ("low", "middle", "high", "all")


class BandImages(nn.Module):
    """Cosine transform of the whole image, four filters over it, four transforms back.

    The masks overlap on the diagonals where they meet. At 299 px they hold 5,778, 5,654, 78,226
    and 89,401 frequencies.

    Args:
        size: side of the image, in pixels; the filters are of that size.
    """

    matrix: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        low, middle, all_ = size // 2.82, size // 2, size * 2
        edges = ((0, low), (low, middle), (middle, all_), (0, all_))
        self.register_buffer("matrix", cosine_matrix(size), persistent=False)
        self.filters = BandFilters([diagonal_band(size, first, last) for first, last in edges])

    def forward(self, images_BCSS: Tensor) -> Tensor:
        """(B, 3, S, S) -> (B, 12, S, S): the bands one after the other, float32.

        Call it in full precision. All bands go back in one product of matrices.
        """
        matrix = self.matrix
        frequencies_BCSS = matrix @ images_BCSS @ matrix.mT
        bands_BNCSS = frequencies_BCSS[:, None] * self.filters()[:, None]
        images_BNCSS: Tensor = matrix.mT @ bands_BNCSS @ matrix
        return images_BNCSS.flatten(1, 2)

    def by_band(self, images_BCSS: Tensor) -> dict[str, Tensor]:
        """The four images, (B, 3, S, S) each."""
        return dict(zip(BANDS, torch.chunk(self(images_BCSS), len(BANDS), dim=1), strict=True))
