"""What adapters share: a network with the weights of a file's recipe, an image as its input."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from data.operations import parse
from detectors.key_maps import KeyMap
from detectors.parity.file import Compared, ParityFile
from detectors.weights import load_strictly

Network = TypeVar("Network", bound=nn.Module)


def official_state(
    file: ParityFile, network: nn.Module, keys: KeyMap, unused: Mapping[str, Tensor] | None = None
) -> dict[str, Tensor]:
    """The official state dict of a network of ours, filled by the file's recipe.

    Args:
        file: states the recipe.
        network: ours, as built.
        keys: its key map.
        unused: official tensors that ours does without.
    """
    return file.official_weights({**keys.to_official(network.state_dict()), **(unused or {})})


def with_state(network: Network, keys: KeyMap, state: Mapping[str, Tensor]) -> Network:
    """The network with an official state dict, in eval mode."""
    load_strictly(network, keys.from_official(state))
    return network.eval()


def compared_weights(
    what: str, state: Mapping[str, Tensor], given: Mapping[str, Any]
) -> Iterator[Compared]:
    """Number of tensors and sum of magnitudes of a filled state dict, beside the file's."""
    total = sum(float(value.double().abs().sum()) for value in state.values())
    yield Compared(f"{what}, n_tensors", len(state), given["n_tensors"])
    yield Compared(f"{what}, sum_abs", total, given["sum_abs"])


def pixels_of(image_HWC: NDArray[np.uint8], geometry: str = "none") -> Tensor:
    """An image as a batch of one: images_BCHW, RGB in [0, 1]."""
    pixels_HWC = parse(geometry, "geometry")(image_HWC)
    return torch.from_numpy(pixels_HWC.copy()).permute(2, 0, 1)[None].float() / 255
