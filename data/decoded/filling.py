"""Filling slabs ahead of the trials that will read them, part by part, in whatever processes."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

from data.decode import ImageChanged, UnreadableImage, decode
from data.decoded.shelf import SlabShelf
from data.decoded.slab import Sizes
from data.decoded.slab_key import SlabKey
from data.matching.table_list import TableList, remember
from data.operations import PipelineError


@dataclass(frozen=True, eq=False)
class FillingPart:
    """Some images of a slab that exists. It is small: it travels to another process.

    Attributes:
        key: of the slab.
        label: 0 real, 1 fake, of the pool.
        images: rank, image_id and path of each.
        tables: that the kept view's `match` needs, None without one.
    """

    key: SlabKey
    label: int
    images: tuple[tuple[int, str, str], ...]
    tables: TableList | None = None


@dataclass(frozen=True)
class Filled:
    """What became of some images; each is counted once.

    Attributes:
        made: decoded now and kept.
        found: kept before, and proved.
        left: decoded, and not kept: the bound is reached or the disk full.
        faults: a sentence for each that cannot be kept: it does not decode, it changed.
    """

    made: int = 0
    found: int = 0
    left: int = 0
    faults: tuple[str, ...] = ()

    def __add__(self, other: Filled) -> Filled:
        return Filled(
            self.made + other.made,
            self.found + other.found,
            self.left + other.left,
            self.faults + other.faults,
        )

    @property
    def images(self) -> int:
        """All of them."""
        return self.made + self.found + self.left + len(self.faults)


def fill(folder: Path, max_bytes: int, part: FillingPart) -> Filled:
    """Decode and keep what is not kept yet; no fault of an image ends it."""
    if part.tables is not None:
        remember(part.tables)
    shelf, filled = _shelf(folder, max_bytes), Filled()
    for rank, image_id, path in part.images:
        slab = shelf.slab(part.key, _deleted)
        if slab is not None and shelf.read(slab, rank, image_id) is not None:
            filled += Filled(found=1)
            continue
        try:
            image_HWC = part.key.kept(decode(path, image_id), image_id, part.label)
        except (UnreadableImage, ImageChanged, PipelineError, OSError, MemoryError) as error:
            said = str(error) or type(error).__name__
            filled += Filled(faults=(said if path in said else f"{path}: {said}",))
            continue
        is_kept = slab is not None and shelf.write(slab, rank, image_id, image_HWC)
        filled += Filled(made=1) if is_kept else Filled(left=1)
    return filled


@functools.lru_cache(maxsize=2)
def _shelf(folder: Path, max_bytes: int) -> SlabShelf:
    return SlabShelf(folder, max_bytes)


def _deleted() -> Sizes:
    raise FileNotFoundError("the slab was deleted while it was being filled")
