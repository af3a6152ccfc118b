"""Logits of images: decoded, brought to their view, network in eval mode and full float32."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from data.image_files import ImageTooLarge, UnreadableImage
from data.operations import PipelineError
from data.view import View
from detectors.batches import in_order, scaled, stacked
from detectors.loader_cpus import loader_threads
from detectors.memory_account import MemoryAccount
from detectors.networks.precision import without_tf32

if TYPE_CHECKING:
    from data.images import ImageRows

Image = npt.NDArray[np.uint8]
DEFAULT_BATCH_SIZE = 64
# Bounds of memory. A batch has at most as many pixels as 64 images of 256 x 256; images of sizes
# that do not fill a batch wait until the sum of all that wait is this.
MOST_PIXELS_IN_BATCH = 64 * 256 * 256
MOST_PIXELS_WAITING = 4 * MOST_PIXELS_IN_BATCH
ROWS_PER_JOB = 16
"""Rows that a thread decodes in one go, while they have no more pixels than a batch may."""


class Stopped(Exception):
    """The caller's `stop` said so; nothing of the result is given."""


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
) -> Predictions:
    """Score every row, in batches of equal size; the network comes back in its own mode.

    Which rows share a batch is a function of the rows alone, and what a view draws one of the
    image, so a repetition is equal bit for bit on equal hardware; another batch size changes the
    last bits (at most 1e-4 max(1, |logit|)).

    Args:
        network: as `detectors.contract.build` makes it; moved to the device.
        rows: images; also with undecodable ones.
        view: what is done to each image; what its geometry draws is a function of the image.
        device: "cpu", "cuda", ...
        batch_size: upper bound; large images come in smaller batches, the larger the less memory
            there is.
        unreadable: what to do with an image that cannot be decoded, or is too large for the
            memory here: a nan, or UnreadableImage for the first one, which carries the others:
            from there on rows are only looked through and nothing is scored.
        stop: looked at between batches.

    Raises:
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
    faults: list[tuple[int, str]] = []
    network.to(device).to(memory_format=torch.channels_last)
    with evaluating(network, device):
        account = MemoryAccount(network, view, device, rows.cache)
        batches = _by_size(rows, view, batch_size, device, account, faults, unreadable, stop)
        for indices, images in batches:
            if stop is not None and stop():
                raise Stopped
            logit_B = network(scaled(stacked(images, device.type == "cuda"), device))
            logits[indices] = logit_B.float().cpu().numpy()
    _require_finite(logits, faults, rows)
    return Predictions(logits, faults)


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


def _by_size(
    rows: ImageRows,
    view: View,
    batch_size: int,
    device: torch.device,
    account: MemoryAccount,
    faults: list[tuple[int, str]],
    unreadable: Literal["null", "raise"],
    stop: Callable[[], bool] | None,
) -> Iterator[tuple[list[int], list[Image]]]:
    """Batches of equal sizes: a size's images wait until they fill a batch or memory is short.

    Rows come in their order, so the first fault is that of the lowest row.
    """
    waiting: dict[tuple[int, int], tuple[list[int], list[Image]]] = {}
    pixels_waiting = 0
    raised: list[UnreadableImage] = []

    def load(job: range) -> list[tuple[int, Image | UnreadableImage]]:
        return [(index, _image_or_fault(rows, view, account, index)) for index in job]

    for loaded in in_order(load, _jobs(rows), loader_threads(device)):
        if raised and stop is not None and stop():
            break  # what is known by now is said
        for index, image in loaded:
            if not isinstance(image, UnreadableImage):
                height, width = image.shape[:2]
                reason = account.too_large_to_score(height, width)
                if reason:
                    image = ImageTooLarge(rows.paths[index], reason, rows.image_ids[index])
            if isinstance(image, UnreadableImage):
                if unreadable == "raise":
                    raised.append(image)
                else:
                    faults.append((index, image.reason))
                continue
            if raised:
                continue
            pixels = height * width
            indices, images = waiting.setdefault((height, width), ([], []))
            indices.append(index)
            images.append(image)
            pixels_waiting += pixels
            most = max(1, min(batch_size, MOST_PIXELS_IN_BATCH // pixels))
            if len(images) >= account.most_images(height, width, most):
                full = (height, width)
            elif pixels_waiting > MOST_PIXELS_WAITING:
                full = max(waiting, key=lambda size: size[0] * size[1] * len(waiting[size][0]))
            else:
                continue
            pixels_waiting -= full[0] * full[1] * len(waiting[full][0])
            yield waiting.pop(full)
    if raised:
        raised[0].add_others(raised[1:])
        raise raised[0]
    yield from waiting.values()


def _jobs(rows: ImageRows) -> Iterator[range]:
    """Consecutive rows that are decoded in one go.

    Several jobs are decoded ahead of the network, so large photographs, and images whose size is
    not known, go one by one.
    """
    start, pixels = 0, 0
    sizes = [MOST_PIXELS_IN_BATCH] * len(rows) if rows.pixels is None else rows.pixels.tolist()
    for index, own in enumerate(sizes):
        is_full = index - start == ROWS_PER_JOB or pixels + own > MOST_PIXELS_IN_BATCH
        if index > start and is_full:
            yield range(start, index)
            start, pixels = index, 0
        pixels += own
    if start < len(rows):
        yield range(start, len(rows))


def _image_or_fault(
    rows: ImageRows, view: View, account: MemoryAccount, index: int
) -> Image | UnreadableImage:
    pixels = 0 if rows.pixels is None else int(rows.pixels[index])
    reason = account.too_large_to_prepare(pixels)
    if reason:
        return ImageTooLarge(rows.paths[index], reason, rows.image_ids[index])
    try:
        with account.preparing(pixels):
            return rows.viewed(index, view)
    except UnreadableImage as error:
        return error
    except PipelineError as error:
        error.add_note(f"image {rows.image_ids[index]}")
        raise
