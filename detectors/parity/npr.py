"""NPR against the numbers of its official network."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from data.operations import parse
from detectors.networks.npr import NPR, RESIDUAL_SCALE
from detectors.parity.file import Compared, ParityFile, compared_map
from detectors.weights import load_strictly
from detectors.zoo.npr import NPROptions, official_weights

FILE = "NPR"

GEOMETRY_OF = {
    "native_official_forward": "none",
    "native_trimmed_odd": "trim(2)",
    "resize256_nocrop": "resize(256,256)",
    "resize256_center224": "resize(256,256) | center_crop(224)",
}


def compared(file: ParityFile) -> Iterator[Compared]:
    """Logits in each geometry, and the maps."""
    network = _network(file)
    for image, given in file.content["logits"].items():
        for view, geometry in GEOMETRY_OF.items():
            if isinstance(given.get(view), float):  # the official code crashes at some sizes
                logit = network(_batch(file.images[image], geometry))
                yield Compared(f"{image}: logit, {view}", float(logit), given[view])
        # The official map is the one before the forward pass multiplies it.
        map_BCHW = network.residual(_batch(file.images[image], "trim(2)")) / RESIDUAL_SCALE
        yield from compared_map(f"{image}: map", map_BCHW, given["npr_map_trimmed"])


def _network(file: ParityFile) -> NPR:
    network, keys = NPR(), official_weights(NPROptions())
    state = file.official_weights(keys.to_official(network.state_dict()))
    load_strictly(network, keys.from_official(state))
    return network.eval()


def _batch(image_HWC: NDArray[np.uint8], geometry: str) -> Tensor:
    pixels_HWC = parse(geometry, "geometry")(image_HWC)
    return torch.from_numpy(pixels_HWC.copy()).permute(2, 0, 1)[None].float() / 255
