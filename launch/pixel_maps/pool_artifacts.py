"""A map of each pool that an experiment compares, computed where it is not in the store yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from data.decode import ImageChanged
from data.operations import PipelineError
from data.pipelines import Image
from data.pixel_maps.pool_images import drawn, each_image
from data.view import View, view_of
from grid.records.artifacts.artifact_files import key_of, sound_artifact
from grid.records.artifacts.counted import CountedImages
from grid.refusal import Refused
from grid.store.base import Store
from grid.store.errors import StoreError
from launch.pixel_maps.compared_pools import ComparedPool

Value = TypeVar("Value")
Given = TypeVar("Given", contravariant=True)
MadeFrom = dict[str, Any]


class PoolSummary(Protocol[Given]):
    """What is added up over the images of a pool."""

    def add(self, image_id: str, value: Given) -> None:
        """Count an image in."""

    def write(
        self, store: Store, compared: ComparedPool, counted: CountedImages, made_from: MadeFrom
    ) -> str:
        """Store what came of it and return its key."""


@dataclass(frozen=True, kw_only=True)
class PixelMapKind(Generic[Value]):
    """A kind of map.

    Attributes:
        folder: its folder among the artifacts.
        figures: the kinds of figures that show it.
        version: of the computation.
        step_px: the crop begins at multiples of so many pixels.
        sides: of the crop, in pixels, the largest first; the first that fits is taken.
        multiple_px: a side that is asked for must be a multiple of this.
        measure: of one crop, uint8 RGB.
        summary: begins a pool.
    """

    folder: str
    figures: Sequence[str]
    version: int
    step_px: int
    sides: Sequence[int]
    multiple_px: int
    measure: Callable[[Image], Value]
    summary: Callable[[], PoolSummary[Value]]

    def view(self, equalise: str, side_px: int) -> View:
        """What is done to each image before it is measured."""
        step = "" if self.step_px == 1 else f", step={self.step_px}"
        return view_of(equalise, geometry=f"center_crop({side_px}{step})")


@dataclass(frozen=True)
class PoolMap:
    """A pool's map in the store.

    Attributes:
        compared: the pool.
        counted: which of its images count.
        is_new: whether it was computed just now.
    """

    compared: ComparedPool
    counted: CountedImages
    is_new: bool


def make_maps(
    store: Store,
    kind: PixelMapKind[Value],
    pools: Sequence[ComparedPool],
    side_px: int,
    images: int,
    say: Callable[[str], None] = lambda _: None,
) -> list[PoolMap]:
    """Compute the map of each pool that is not in the store, and return all of them.

    A pool of which no image counts has no map, since a mean of nothing is no number.

    Args:
        store: gets them, each when it is done.
        kind: of map.
        pools: whose.
        side_px: of the crop.
        images: of each pool at most so many, drawn by hash.
        say: told what is being done.

    Raises:
        Refused: an image changed since it was indexed, or cannot be read just now.
        StoreUnwritable: the store cannot be written.
    """
    found = []
    for number, compared in enumerate(pools, 1):
        say(f"{compared.name} ({number}/{len(pools)})")
        found.append(_made(store, kind, compared, side_px, images))
    return found


def _made(
    store: Store, kind: PixelMapKind[Value], compared: ComparedPool, side_px: int, images: int
) -> PoolMap:
    view = kind.view(compared.equalise, side_px)
    made_from: MadeFrom = {
        "pool_id": compared.pool.pool_id,
        "equalise": compared.equalise,
        "size_px": side_px,
        "view": view.canonical,
        "operations": view.versions,
        "images": images if images < len(compared.kept) else None,
        "version": kind.version,
    }
    key = key_of(kind.folder, compared.pool.pool_id, made_from)
    there = sound_artifact(store, key)
    if there is not None:
        return PoolMap(compared, CountedImages.of(there.measured), is_new=False)
    summary = kind.summary()
    counted = _added_up(summary, kind, compared, view, images)
    if counted.images:
        summary.write(store, compared, counted, made_from)
    return PoolMap(compared, counted, is_new=True)


def _added_up(
    summary: PoolSummary[Value],
    kind: PixelMapKind[Value],
    compared: ComparedPool,
    view: View,
    images: int,
) -> CountedImages:
    counts = {"images": 0, "unreadable": 0, "too_small": 0}
    try:
        for each in each_image(drawn(compared.kept, images), compared.root, view, kind.measure):
            if each.value is not None:
                summary.add(each.image_id, each.value)
                counts["images"] += 1
            else:
                counts["too_small" if each.is_too_small else "unreadable"] += 1
    except (ImageChanged, PipelineError) as error:
        mend = "Put the image back, or call the command again to index it anew"
        raise Refused.because(compared.name, str(error).rstrip("."), mend) from error
    except StoreError:
        raise
    except OSError as error:
        why = f"{error.filename or 'a file'} cannot be read ({error.strerror or error})"
        raise Refused.because(compared.name, why, "Check its permissions and its disk") from error
    return CountedImages(**counts, left_out=compared.left_out)
