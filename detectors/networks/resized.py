"""Images brought to another size on the device, antialiased."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from detectors.networks.precision import full_precision


def squashed(images_BCHW: Tensor, side_px: int) -> Tensor:
    """Squares of one side, whatever the proportions were; float32, bilinear, antialiased."""
    if images_BCHW.shape[2:] == (side_px, side_px):
        return images_BCHW
    with full_precision(images_BCHW.device.type):
        return functional.interpolate(
            images_BCHW.float(),
            size=(side_px, side_px),
            mode="bilinear",
            antialias=True,
            align_corners=False,
        )
