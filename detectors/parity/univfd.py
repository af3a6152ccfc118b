"""UnivFD's released head against the numbers of the official code."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from detectors.networks.linear_probe import LogitOfFeatures
from detectors.parity.file import Compared, ParityFile
from detectors.parity.stated_recipe import NotUnderstood
from detectors.weights import load_strictly

FILE = "UnivFD_head"
L2_NORMALISED = "logits_if_l2_normalised_(not_official)"


def compared(file: ParityFile) -> Iterator[Compared]:
    """The released weights, and their logits for the features that the file describes."""
    state = _released(file)
    head = LogitOfFeatures(state["weight"].shape[1])
    load_strictly(head, state)
    seed, count, width = file.stated_numbers(
        r"RandomState\((\d+)\)\.standard_normal\(\((\d+),(\d+)\)\) float32"
    )
    drawn_BF = np.random.RandomState(seed).standard_normal((count, width)).astype(np.float32)
    features_BF = torch.from_numpy(drawn_BF)
    content = file.content
    yield Compared("head: weight, first8", head.weight.flatten()[:8], content["weight_first8"])
    yield Compared("head: bias", head.bias, content["bias"])
    yield Compared("head: logits", head(features_BF), content["logits"])
    if L2_NORMALISED in content:
        unit_BF = functional.normalize(features_BF)
        yield Compared("head: logits of normalised features", head(unit_BF), content[L2_NORMALISED])


def _released(file: ParityFile) -> dict[str, Tensor]:
    """The weights beside the file whose checksum it states.

    Raises:
        NotUnderstood: there is none.
    """
    for path in sorted(file.folder.glob("*.pth")):
        if hashlib.sha256(path.read_bytes()).hexdigest() == file.content.get("sha256"):
            state: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
            return state
    raise NotUnderstood(f"no .pth beside it has the checksum {file.content.get('sha256')}")
