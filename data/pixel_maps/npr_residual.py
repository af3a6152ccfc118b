"""What NPR looks at (arXiv 2312.10461), in numpy: an image minus itself shrunk and enlarged.

At the official factor .5, by nearest neighbours, each pixel is compared with the top left one of
its 2 x 2 block. `detectors.networks.npr_residual` is the network's; a test holds both to be equal.
An up-sampler that repeats pixels leaves nothing, one that interpolates leaves a grid: that grid is
what the mean of the absolute residual over many images shows, since their scenes average out.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from data.pipelines import Image

VERSION = 1
"""Raised where the same pixels would be given other numbers."""
BLOCK_PX = 2
"""Side of a block at the official factor .5."""

Residual = npt.NDArray[np.float32]


def npr_residual(image_HWC: Image) -> Residual:
    """Return x - up(down(x)), shape (H, W, 3), float32 between -1 and 1.

    Args:
        image_HWC: uint8 RGB; both sides even, since the official code's own rounding of other
            sizes is no block.
    """
    height, width = image_HWC.shape[:2]
    if height % BLOCK_PX or width % BLOCK_PX:
        raise ValueError(f"An image of {height} x {width} px: give even sides.")
    pixels_HWC = image_HWC.astype(np.float32) / np.float32(255)
    first = pixels_HWC[::BLOCK_PX, ::BLOCK_PX]
    residual: Residual = pixels_HWC - first.repeat(BLOCK_PX, 0).repeat(BLOCK_PX, 1)
    return residual


def absolute_residual(image_HWC: Image) -> Residual:
    """Return |x - up(down(x))| in grey levels of 0 to 255, the mean of the channels, (H, W)."""
    absolute: Residual = np.abs(npr_residual(image_HWC)).mean(axis=2) * np.float32(255)
    return absolute
