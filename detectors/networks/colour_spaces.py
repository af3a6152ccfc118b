"""RGB in [0, 1] in other colour spaces, in float32 and differentiable.

B images, C channels, H/W pixels. Both spaces come out on a scale on which white has brightness 1.
"""

from __future__ import annotations

import torch
from torch import Tensor

# ITU-R BT.601 with full range, as in JPEG files (JFIF 1.02): Y, Cb, Cr; Cb and Cr around 0.5.
YCBCR_OF_RGB = (
    (0.299, 0.587, 0.114),
    (-0.168736, -0.331264, 0.5),
    (0.5, -0.418688, -0.081312),
)
# IEC 61966-2-1 (sRGB): X, Y, Z of linear RGB under D65, and D65's own X, Y, Z: the rows' sums.
XYZ_OF_LINEAR_RGB = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
D65_WHITE = tuple(sum(row) for row in XYZ_OF_LINEAR_RGB)
# CIE 15: f is the cube root above (6/29)^3 and a line below.
LAB_KNEE = 6 / 29


def ycbcr(images_BCHW: Tensor) -> Tensor:
    """Y, Cb, Cr in [0, 1] (BT.601, full range) of RGB in [0, 1]."""
    offset = images_BCHW.new_tensor((0.0, 0.5, 0.5)).view(1, 3, 1, 1)
    return _product(YCBCR_OF_RGB, images_BCHW) + offset


def lab(images_BCHW: Tensor) -> Tensor:
    """CIE L*, a*, b* (D65, 2 degrees), each divided by 100, of sRGB in [0, 1]."""
    low = images_BCHW / 12.92
    high = ((images_BCHW.clamp(min=0.04) + 0.055) / 1.055) ** 2.4
    linear = torch.where(images_BCHW <= 0.04045, low, high)
    white = images_BCHW.new_tensor(D65_WHITE).view(1, 3, 1, 1)
    ratio = _product(XYZ_OF_LINEAR_RGB, linear) / white
    # Clamped where the line holds, so that the gradient of the root is never infinite.
    root = ratio.clamp(min=LAB_KNEE**3) ** (1 / 3)
    line = ratio / (3 * LAB_KNEE**2) + 4 / 29
    x, y, z = torch.where(ratio > LAB_KNEE**3, root, line).unbind(1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], dim=1) / 100


def _product(matrix: tuple[tuple[float, ...], ...], images_BCHW: Tensor) -> Tensor:
    """Each pixel times a 3 x 3 matrix; sums, not a matmul, so that no device makes it TF32."""
    red, green, blue = images_BCHW.unbind(1)
    return torch.stack([r * red + g * green + b * blue for r, g, b in matrix], dim=1)
