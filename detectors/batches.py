"""From rows to batches on the device: order, views, stacking, transfer.

Images stay uint8 until they are on the device, height-width-channel while they are cropped and
stacked; the permuted stack is then channels_last without a copy. Everything here is a function of
its arguments, so any batch can be made at any time by any thread.

B batch, H/W pixels, C channels.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from data.randomness import Streams, stream
from detectors.loader_cpus import batches_ahead

if TYPE_CHECKING:
    from data.images import ImageRows
    from data.view import View

Indices = npt.NDArray[np.int64]
Item = TypeVar("Item")
Result = TypeVar("Result")


class DifferingSizes(ValueError):
    """The images of a training batch are not of one size."""


def epoch_order(labels: npt.NDArray[np.int8], balance: str, seed: int, epoch: int) -> Indices:
    """The rows of one epoch in the order in which they are shown.

    Args:
        labels: 0 and 1, one per row.
        balance: `natural` shows every row once; `balanced` repeats rows of the smaller class
            (whole rounds, then a random part) until both are shown equally often.
        seed: of the fit.
        epoch: counted from 1.
    """
    rng = stream(seed, "order", epoch)
    rows = np.arange(len(labels), dtype=np.int64)
    if balance == "balanced":
        classes = [rows[labels == label] for label in (0, 1)]
        largest = max(len(members) for members in classes)
        shown = []
        for members in classes:
            rounds, rest = divmod(largest, len(members))
            part = rng.permutation(members)[:rest]
            shown += [members] * rounds + [part]
        rows = np.concatenate(shown)
    return rng.permutation(rows)


def cut_into(count: int, size: int, merge_single: bool) -> list[slice]:
    """Consecutive slices of `size`, the last one shorter: no row is left out.

    Args:
        count: rows.
        size: rows per slice.
        merge_single: join a last slice of one row to the one before it, because batch
            normalisation has no variance of a single image.
    """
    starts = list(range(0, count, size))
    if merge_single and len(starts) > 1 and count - starts[-1] == 1:
        starts.pop()
    return [slice(start, end) for start, end in zip(starts, [*starts[1:], count], strict=True)]


def training_draws(seed: int, epoch: int, views: int | None) -> Streams:
    """Where the draws of an epoch's images come from, by image_id.

    With the recipe's `views` they repeat themselves, and are the same for every seed and whatever
    the number of views: what is made of draw 2 of an image is made once for all fits.
    """
    if views is None:
        return Streams(seed, "image", epoch)
    return Streams("view of training", draw_of_epoch(epoch, views))


def draw_of_epoch(epoch: int, views: int) -> int:
    """Which of the repeated draws an epoch shows."""
    return epoch % views


def load_training_batch(
    rows: ImageRows, indices: Indices, view: View, draws: Streams, pinned: bool
) -> Tensor:
    """One batch, images_BCHW uint8 in channels_last memory.

    Args:
        rows: of the training.
        indices: of the batch's rows.
        view: brings all of them to one size.
        draws: of the epoch, see `training_draws`.
        pinned: page-locked, for a GPU.

    Raises:
        DifferingSizes: the view does not bring these images to one size.
    """
    # All at once: made beside the reading of large images, which drives the interpreter out of the
    # core's cache, they cost several times as much.
    generators = generators_of(rows, indices, view, draws)
    images = (
        rows.strided(int(index), view, rng) for index, rng in zip(indices, generators, strict=True)
    )
    first_HWC = next(images)
    batch_BHWC = _empty(len(indices), first_HWC, pinned)
    pixels_BHWC = batch_BHWC.numpy()
    pixels_BHWC[0] = first_HWC
    sizes = {first_HWC.shape[:2]}
    for place, image_HWC in enumerate(images, 1):
        sizes.add(image_HWC.shape[:2])
        if len(sizes) == 1:
            pixels_BHWC[place] = image_HWC  # at once, while it is in the core's cache
    if len(sizes) > 1:
        some = ", ".join(f"{height} x {width}" for height, width in sorted(sizes)[:3])
        smallest = min(min(size) for size in sizes)
        raise DifferingSizes(
            f"A training batch has images of {len(sizes)} sizes ({some}, ...; height x width) "
            f"after {view.geometry.canonical!r}; training needs one. Add a crop or a resize to "
            f"input's train pipeline, such as random_crop({smallest}, step=2)."
        )
    return batch_BHWC.permute(0, 3, 1, 2)


def generators_of(
    rows: ImageRows, indices: Indices, view: View, draws: Streams
) -> list[np.random.Generator | None]:
    """What a view draws from for each image; None where it draws nothing."""
    if not view.geometry.is_random:
        return [None] * len(indices)
    return [draws.of(rows.image_ids[index]) for index in indices]


def stacked(images: Sequence[npt.NDArray[np.uint8]], pinned: bool = False) -> Tensor:
    """Images_HWC of one size as images_BCHW uint8, channels_last; page-locked for a GPU."""
    batch_BHWC = _empty(len(images), images[0], pinned)
    np.stack(images, out=batch_BHWC.numpy())
    return batch_BHWC.permute(0, 3, 1, 2)


def _empty(count: int, image_HWC: npt.NDArray[np.uint8], pinned: bool) -> Tensor:
    """Room for so many images of one size, B H W C."""
    return torch.empty((count, *image_HWC.shape), dtype=torch.uint8, pin_memory=pinned)


def scaled(images_BCHW: Tensor, device: torch.device) -> Tensor:
    """Uint8 to the device, and there to float32 in [0, 1], exactly x / 255."""
    # A CUDA kernel multiplies by the reciprocal of a number that the host gives it, which rounds
    # otherwise; what it divides by must lie on the device.
    largest = torch.full((), 255.0, device=device)
    return images_BCHW.to(device, non_blocking=True).to(torch.float32).div_(largest)


def in_order(
    function: Callable[[Item], Result], items: Iterable[Item], threads: int
) -> Iterator[Result]:
    """`map` that works ahead in threads; results in the order of the items."""
    if threads == 0:
        yield from map(function, items)
        return
    most = batches_ahead(threads)
    pool = ThreadPoolExecutor(threads, thread_name_prefix="images")
    try:
        ahead: deque[Future[Result]] = deque()
        for item in items:
            ahead.append(pool.submit(function, item))
            if len(ahead) > most:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def require_both_labels(training: npt.NDArray[np.int8], validation: npt.NDArray[np.int8]) -> None:
    """Raise ValueError where a detector could learn or prove nothing by these labels."""
    counts = [int((training == label).sum()) for label in (0, 1)]
    if sum(counts) != len(training) or not all(counts):
        raise ValueError(
            f"The training images are {counts[0]} real and {counts[1]} fake of {len(training)}; "
            "a detector needs both, labelled 0 and 1. Check `train:` of the experiment."
        )
    if not len(validation):
        raise ValueError(
            "There is no validation image; declare a validation split, or train on enough images "
            "for the recipe's validation_fraction."
        )
