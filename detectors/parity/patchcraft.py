"""PatchCraft against the numbers of its network: weights, and logits of two drawn textures."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from detectors.contract import build
from detectors.networks.patchcraft import PatchCraft
from detectors.parity.file import Compared, ParityFile
from detectors.parity.official_network import compared_weights, official_state, with_state
from detectors.zoo.patchcraft import PatchCraftOptions, official_weights

FILE = "PatchCraft"
INPUT = r"RandomState\((\d+)\)\.rand\((\d+),(\d+),(\d+),(\d+),(\d+)\)"
"""What `about` states of the input: seed, images, textures (poor, rich), channels, side, side."""


def compared(file: ParityFile) -> Iterator[Compared]:
    """Counts, names and shapes of the weights, and the logit of each image."""
    options = PatchCraftOptions()
    network, keys = build("patchcraft", options, seed=0), official_weights(options)
    assert isinstance(network, PatchCraft)
    state, given = official_state(file, network, keys), file.content["weights"]
    with_state(network, keys, state)
    parameters = list(network.parameters())
    trained = sum(each.numel() for each in parameters if each.requires_grad)
    yield Compared("n_params", sum(each.numel() for each in parameters), given["n_params"])
    yield Compared("n_trainable", trained, given["n_trainable"])
    yield from compared_weights("weights", state, given)
    for key, shape in file.content["state_dict_shapes"].items():
        found = tuple(state[key].shape) if key in state else ()
        yield Compared(f"shape of {key}", found, shape)
    with torch.inference_mode():
        logit_B = network(_side_by_side(file))
    yield Compared("logits", logit_B.numpy(), file.content["logits"])


def _side_by_side(file: ParityFile) -> Tensor:
    """The file's textures as the network takes them: poor on the left, rich on the right."""
    seed, *shape = file.stated_numbers(INPUT)
    drawn = np.random.RandomState(seed).rand(*shape).astype(np.float32)
    return torch.cat(torch.from_numpy(drawn).unbind(1), dim=3)
