"""The maps that a network says it sees of an image, by its own `what_it_sees`."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt

from detectors.prediction import evaluating
from detectors.second_view.with_second_view import WithSecondView

if TYPE_CHECKING:
    from torch import Tensor, nn

Planes = npt.NDArray[np.float32]


def seen_maps(network: nn.Module, image_1CHW: Tensor) -> dict[str, Planes]:
    """Name -> planes_CHW of one image; nothing where the network has no such maps.

    Args:
        network: on the device of the image.
        image_1CHW: RGB in [0, 1].
    """
    inner = network.network if isinstance(network, WithSecondView) else network
    if not hasattr(inner, "what_it_sees"):
        return {}
    with evaluating(network, image_1CHW.device):
        maps = cast("WithSecondView", network).what_it_sees(image_1CHW)
        return {name: map_BCHW[0].float().cpu().numpy() for name, map_BCHW in maps.items()}
