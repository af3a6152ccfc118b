"""Features of many images: what the last linear layer is given of each, and the logit it makes.

B images, F features.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from detectors.batches import scaled, stacked
from detectors.explaining.last_features import LastFeatures
from detectors.image_batches import ImageBatches
from detectors.memory_account import MemoryAccount
from detectors.prediction import DEFAULT_BATCH_SIZE, evaluating

if TYPE_CHECKING:
    from data.images import ImageRows
    from data.view import View


@dataclass(frozen=True)
class ReadFeatures:
    """Features of images, shape (n, F), and their logits, shape (n,).

    A row that could not be decoded is nan, and in `unreadable` with the reason.
    """

    features: npt.NDArray[np.float32]
    logits: npt.NDArray[np.float32]
    unreadable: list[tuple[int, str]]


def features_of(
    network: nn.Module,
    rows: ImageRows,
    view: View,
    device: torch.device,
    say: Callable[[int], None] = lambda _: None,
) -> ReadFeatures:
    """Score images and note their features on the way, in float32, as a test does it.

    Args:
        network: moved to the device; it comes back in its own mode.
        rows: images, at least one.
        view: what is done to each.
        device: where to compute.
        say: told how many images are done.

    Raises:
        NoLastLayer: see `LastFeatures`.
        ValueError: no image could be decoded.
        OSError, ImageChanged, PipelineError: from the images.
    """
    network.to(device).to(memory_format=torch.channels_last)
    logits = np.full(len(rows), np.nan, np.float32)
    features: npt.NDArray[np.float32] | None = None
    reader, done = LastFeatures(network), 0
    with evaluating(network, device):
        account = MemoryAccount(network, view, device, rows.cache)
        batches = ImageBatches(rows, view, DEFAULT_BATCH_SIZE, device, account)
        for indices, images in batches.of(range(len(rows))):
            images_BCHW = scaled(stacked(images, device.type == "cuda"), device)
            with reader.reading():
                logits[indices] = network(images_BCHW).float().cpu().numpy()
            found_BF = reader.taken(len(indices)).cpu().numpy()
            if features is None:
                features = np.full((len(rows), found_BF.shape[1]), np.nan, np.float32)
            features[indices] = found_BF
            done += len(indices)
            say(done)
    if features is None:
        raise ValueError("none of the images could be decoded; look at their files.")
    return ReadFeatures(features, logits, batches.faults)
