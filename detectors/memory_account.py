"""Whether there is room for an image, known before it is decoded and before it is scored.

An image that is too large for the memory of its trial is a fault of that image, by name; without
this it would be the end of the process, or of the machine.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import nn

from detectors import memory_limits
from detectors.forward_memory import forward_memory, goes_in_parts
from detectors.loader_cpus import batches_ahead, loader_threads
from detectors.out_of_memory import ShareTooSmall

if TYPE_CHECKING:
    from data.images import DecodedCache
    from data.view import View

PIXEL_BYTES = 3
DECODE_BYTES = 14
"""Per pixel: Pillow's own image and its conversion (4 each), the array and the copy it is from."""

FROM_ABOVE = 2048
"""Bytes per pixel that no forward pass is thought to exceed: below, nothing need be measured. For
each pixel that the network makes of one, where it says so (`pixels_per_input_pixel`, SSP)."""


class MemoryAccount:
    """The memory that one prediction's images may take.

    Args:
        network: on the device, in eval mode.
        view: what is done to each image.
        device: where the network runs.
        cache: of decoded images, given up where an image needs its room.
    """

    def __init__(
        self, network: nn.Module, view: View, device: torch.device, cache: DecodedCache | None
    ) -> None:
        self._network = network
        self._device = device
        enlarged = float(getattr(network, "pixels_per_input_pixel", 1.0))
        # Parts of a fixed side take what they take, however few pixels an image has.
        self._from_above = math.inf if goes_in_parts(network) else FROM_ABOVE * enlarged
        self._cache = cache
        held = cache.used_bytes if cache is not None else 0
        self._host = memory_limits.host_bytes(droppable=held)
        on_gpu = device.type == "cuda"
        self._forward = _on_device(device) if on_gpu else self._host
        self._with_whole_gpu = _on_device(device, share=1.0) if on_gpu else 0
        threads = loader_threads(device)
        self._at_once = batches_ahead(threads or 1)
        ahead = batches_ahead(threads)
        self._prepared = max(DECODE_BYTES, view.bytes_per_pixel) + PIXEL_BYTES * (1 + ahead)
        self._one_large = threading.Lock()

    @contextmanager
    def preparing(self, pixels: int) -> Iterator[None]:
        """Large images are decoded one at a time, whatever the number of threads."""
        if pixels * self._prepared * self._at_once <= self._host:
            yield
        else:
            with self._one_large:
                yield

    def too_large_to_prepare(self, pixels: int) -> str:
        """Why an image of this many pixels cannot be decoded and brought to its view, or ""."""
        return self._refusal(pixels, pixels * self._prepared, self._host, "decoded")

    def too_large_to_score(self, height: int, width: int) -> str:
        """Why an image that came out at this size cannot be scored, or "".

        Raises:
            ShareTooSmall: a larger share of the GPU would do; that is no fault of the image.
        """
        pixels = height * width
        if pixels * self._from_above <= self._forward:
            return ""
        needed = self._bytes(height, width)
        if self._forward < needed <= self._with_whole_gpu:
            raise ShareTooSmall(
                f"an image of {width}x{height} pixels takes about {_gigabytes(needed)} to be "
                f"scored, and this process's share of the GPU leaves {_gigabytes(self._forward)}"
            )
        return self._refusal(pixels, needed, self._forward, "scored")

    def most_images(self, height: int, width: int, wanted: int) -> int:
        """How many images of a size go through the network together: at least 1, at most `wanted`.

        Where memory decides, half of it is used and the number is a power of two: what a process
        holds differs a little from run to run, and batches should not.
        """
        if wanted * height * width * self._from_above <= self._forward:
            return wanted
        room = self._forward // 2 // self._bytes(height, width)
        return wanted if room >= wanted else 1 << max(room.bit_length() - 1, 0)

    def _bytes(self, height: int, width: int) -> int:
        """Of a pass over one image: itself, its place in the batch, the network's tensors."""
        measured = forward_memory(self._network, height, width, self._device)
        return measured.of(height * width) + 2 * PIXEL_BYTES * height * width

    def _refusal(self, pixels: int, needed: int, allowed: int, what: str) -> str:
        if needed > allowed:
            return (
                f"too large: {pixels:,} pixels take about {_gigabytes(needed)} to be {what}, and "
                f"the images of this trial may take {_gigabytes(allowed)}"
            )
        if self._cache is not None and needed + self._cache.used_bytes > allowed:
            self._cache.retain(())
        return ""


def _on_device(device: torch.device, share: float | None = None) -> int:
    """What images may take of a GPU; of the share that the process is bound to, or of another."""
    _, total = torch.cuda.mem_get_info(device)
    if share is None:
        share = torch.cuda.get_per_process_memory_fraction(device)
    return memory_limits.device_bytes(total, share, torch.cuda.memory_allocated(device))


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
