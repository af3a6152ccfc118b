"""Logits of images: decoded, brought to their view, network in eval mode and full float32."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from data.view import View
from detectors.batches import scaled, stacked
from detectors.frozen_features import is_over_frozen, scored_by_features
from detectors.halved_batches import HalvedBatches
from detectors.image_batches import Image, ImageBatches
from detectors.memory_account import MemoryAccount
from detectors.networks.precision import without_tf32

if TYPE_CHECKING:
    from data.images import ImageRows

DEFAULT_BATCH_SIZE = 64


@dataclass(frozen=True)
class Predictions:
    """One logit per row: larger = more fake, nan where it could not be decoded or is too large."""

    logits: npt.NDArray[np.float32]
    unreadable: list[tuple[int, str]]
    """Row and reason of each nan."""


def predict(
    network: nn.Module,
    rows: ImageRows,
    view: View,
    device: str | torch.device,
    batch_size: int = DEFAULT_BATCH_SIZE,
    *,
    unreadable: Literal["null", "raise"] = "null",
    stop: Callable[[], bool] | None = None,
    may_halve: bool = True,
) -> Predictions:
    """Score every row, in batches of equal size; the network comes back in its own mode.

    Which rows share a batch is a function of the rows alone, as long as memory suffices, and what a
    view draws one of the image, so a repetition is equal bit for bit on equal hardware; another
    batch size changes the last bits (at most 1e-4 max(1, |logit|)).

    Args:
        network: as `detectors.contract.build` makes it; moved to the device.
        rows: images; also with undecodable ones.
        view: what is done to each image; what its geometry draws is a function of the image.
        device: "cpu", "cuda", ...
        batch_size: upper bound; large images come in smaller batches, the larger the less memory
            there is.
        may_halve: whether a batch for which memory does not suffice after all is halved.
        unreadable: what to do with an image that cannot be decoded, or is too large for the
            memory here: a nan, or UnreadableImage for the first one, which carries the others:
            from there on rows are only looked through and nothing is scored.
        stop: looked at between batches.

    Raises:
        ShareTooSmall: the GPU has room for an image, the process's share of it has not.
        Stopped: see `stop`.
        UnreadableImage: see `unreadable`; ImageTooLarge where memory is what is missing.
        ImageChanged, OSError: from the images; never a nan.
        PipelineError: an image that the geometry refuses, named.
        ValueError: a geometry that no test may have, or a logit that is not finite.
    """
    device = torch.device(device)
    if not view.geometry.is_testable:
        raise ValueError(
            f"{view.geometry.canonical!r} is random; testing is deterministic, so use "
            "center_crop for random_crop and leave hflip out."
        )
    logits = np.full(len(rows.image_ids), np.nan, dtype=np.float32)
    network.to(device).to(memory_format=torch.channels_last)
    with evaluating(network, device):
        account = MemoryAccount(network, view, device, rows.cache)
        batches = ImageBatches(rows, view, batch_size, device, account, unreadable, stop)
        for indices, logit_B in _scored(network, batches, HalvedBatches(may_halve=may_halve)):
            logits[indices] = logit_B.float().cpu().numpy()
    batches.raise_what_was_found()
    _require_finite(logits, batches.faults, rows)
    return Predictions(logits, batches.faults)


def _scored(
    network: nn.Module, batches: ImageBatches, halved: HalvedBatches
) -> Iterator[tuple[list[int], Tensor]]:
    """Rows and their logit_B; over a frozen backbone by its features, so far as they are kept."""
    rows, device = batches.rows, batches.device
    if is_over_frozen(network):
        yield from scored_by_features(network, rows, batches.view, device, batches.of, halved)
        return

    def logits(images: Sequence[Image]) -> Tensor:
        logit_B: Tensor = network(scaled(stacked(images, device.type == "cuda"), device))
        return logit_B

    for indices, images in batches.of(range(len(rows))):
        yield indices, torch.cat(halved.parts(images, logits))


def _require_finite(
    logits: npt.NDArray[np.float32], faults: list[tuple[int, str]], rows: ImageRows
) -> None:
    """Refuse logits that are not finite, but for those of rows at fault."""
    expected = np.ones(len(logits), dtype=bool)
    expected[[index for index, _ in faults]] = False
    wrong = np.flatnonzero(expected & ~np.isfinite(logits))
    if len(wrong):
        raise ValueError(
            f"{len(wrong)} of {len(logits)} logits are not finite, the first for image "
            f"{rows.image_ids[wrong[0]]}; the weights have diverged: train with a lower rate."
        )


@contextmanager
def evaluating(network: nn.Module, device: torch.device) -> Iterator[None]:
    """Eval mode, no gradients, true float32; each module gets its own mode back."""
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        with ExitStack() as settings:
            settings.enter_context(torch.inference_mode())
            settings.enter_context(torch.autocast(device.type, enabled=False))
            settings.enter_context(without_tf32())
            yield
    finally:
        for module, training in modes:
            module.training = training
