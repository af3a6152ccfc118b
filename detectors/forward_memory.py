"""What a forward pass takes of memory, measured once per network on blank images of small sizes.

On a CPU the tensors that are alive are counted: a function of the network alone, so that batches
are the same on every run, where what a process holds also tells of what it did before. On a GPU
its allocator knows, libraries' work space included.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, cast

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from detectors.batches import scaled

LARGEST_SIDE = {"cpu": 256, "cuda": 1024}
# What libraries take beside tensors. Measured on NPR and ResNet-50 at 1024 px: 12 to 14 %.
MARGIN = 1.25


@dataclass(frozen=True)
class ForwardMemory:
    """Bytes of a forward pass over one image, as a function of its pixels."""

    per_pixel: float
    per_pair: float = 0.0
    """Per pixel and pixel: attention over all positions grows with their square."""
    fixed: float = 0.0
    """Whatever the number of pixels, for the size that was asked about."""

    def of(self, pixels: int) -> int:
        """Bytes of a pass over one image of this many pixels."""
        return int(MARGIN * (self.fixed + (self.per_pixel + self.per_pair * pixels) * pixels))


class GoesInParts(Protocol):
    """A network that takes an image in parts, so that what it needs does not grow as images do."""

    def forward_bytes(self, height: int, width: int, peak: Peak) -> int:
        """Bytes of a pass over one image of this size, composed of what is measured on parts."""
        ...


Peak = Callable[[nn.Module, int, int], int]
"""A module, height and width -> the most bytes of its tensors in a pass over one blank image."""

_measured: weakref.WeakKeyDictionary[nn.Module, dict[tuple[str, int, int], ForwardMemory]] = (
    weakref.WeakKeyDictionary()
)


def forward_memory(
    network: nn.Module, height: int, width: int, device: torch.device
) -> ForwardMemory:
    """Measure what images of a size take, at that size or, where it is large, at smaller ones.

    Args:
        network: on the device, in the mode in which it is going to run.
        height: of the images, in pixels.
        width: of the images, in pixels.
        device: where it runs.
    """
    if goes_in_parts(network):
        parted = cast(GoesInParts, network)
        return ForwardMemory(0.0, fixed=parted.forward_bytes(height, width, _peak_on(device)))
    side = LARGEST_SIDE.get(device.type, LARGEST_SIDE["cpu"])
    key = device.type, min(height, side), min(width, side)
    known = _measured.setdefault(network, {})
    if key not in known:
        known[key] = _measure(network, key[1], key[2], (height, width), device)
    return known[key]


def goes_in_parts(network: nn.Module) -> bool:
    """Whether a network says itself what it takes, as `GoesInParts`."""
    return hasattr(network, "forward_bytes")


def _peak_on(device: torch.device) -> Peak:
    """Measure each module once for a size, at that size."""

    def peak(module: nn.Module, height: int, width: int) -> int:
        known = _measured.setdefault(module, {})
        key = device.type, height, width
        if key not in known:
            known[key] = ForwardMemory(0.0, fixed=_peak(module, height, width, device))
        return int(known[key].fixed)

    return peak


def _measure(
    network: nn.Module, height: int, width: int, full: tuple[int, int], device: torch.device
) -> ForwardMemory:
    pixels = height * width
    if full == (height, width):
        return ForwardMemory(_peak(network, height, width, device) / pixels)
    try:
        half = _peak(network, height // 2, width // 2, device)
        whole = _peak(network, height, width, device)
    except Exception:  # a network of one size refuses others, in words of its own
        return ForwardMemory(_peak(network, *full, device) / (full[0] * full[1]))
    squared = (whole - 4 * half) * 4 / 3
    if squared < 0.02 * whole:  # rounding of sizes, and what a library keeps
        return ForwardMemory(whole / pixels)
    return ForwardMemory((whole - squared) / pixels, squared / pixels**2)


def _peak(network: nn.Module, height: int, width: int, device: torch.device) -> int:
    blank_BHWC = torch.zeros((1, height, width, 3), dtype=torch.uint8)
    images_BCHW = blank_BHWC.permute(0, 3, 1, 2)
    if device.type == "cuda":
        network(scaled(images_BCHW, device))  # libraries keep what they take at the first call
        torch.cuda.synchronize(device)
        before = torch.cuda.memory_allocated(device)
        torch.cuda.reset_peak_memory_stats(device)
        network(scaled(images_BCHW, device))
        torch.cuda.synchronize(device)
        return int(torch.cuda.max_memory_allocated(device) - before)
    with _LiveTensors() as live:
        network(scaled(images_BCHW, device))
    return int(live.peak)


class _LiveTensors(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the bytes of tensors made while it is on, as long as each is alive."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.peak = 0
        self._live = 0
        self._known: set[int] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            if isinstance(leaf, Tensor):
                self._count(leaf.untyped_storage())
        return result

    def _count(self, storage: torch.UntypedStorage) -> None:
        key, size = storage._cdata, storage.nbytes()
        if key in self._known:
            return
        self._known.add(key)
        self._live += size
        self.peak = max(self.peak, self._live)
        weakref.finalize(storage, self._forget, key, size)

    def _forget(self, key: int, size: int) -> None:
        self._known.discard(key)
        self._live -= size
