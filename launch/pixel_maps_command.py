"""`crossgen spectra` and `crossgen residual-maps`: maps of pixels, into the store."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from grid.console import Console
from grid.records.places import artifacts_of_kind
from grid.refusal import Refused
from launch.command_lines import print_hint
from launch.desk import open_desk
from launch.pixel_maps.compared_pools import common_side, compared_pools
from launch.pixel_maps.pool_artifacts import PixelMapKind, make_maps
from launch.pixel_maps.saying_maps import print_maps
from launch.waiting import waiting

Value = TypeVar("Value")


def save_pixel_maps(
    kind: PixelMapKind[Value], what: str, file: Path, images: int, size: int | None, **given: Any
) -> None:
    """Compute what is missing of the maps of an experiment's tested pools; say what there is.

    Args:
        kind: of map.
        what: the plural of its name.
        file: the experiment file.
        images: of each pool at most so many.
        size: --size, in pixels; None: the largest that fits.
        given: --store, --only, --set, --limit, --rehash and --trust-index.

    Raises:
        Refused: file, data or size cannot be used.
        StoreError: the store cannot be opened or written.
    """
    if size is not None and size % kind.multiple_px:
        raise Refused.because(f"--size {size}", "it is odd", f"Say {size - 1} or {size + 1}")
    desk = open_desk(file, **given)
    desk.store.check_writable()
    pools = compared_pools(desk.plan)
    with waiting("looking at sizes") as say:
        side = common_side(pools, kind.sides if size is None else (size,))
        maps = make_maps(desk.store, kind, pools, side, images, say)
    print_maps(what, maps, side, f"{desk.store.url}/{artifacts_of_kind(kind.folder)}")
    print_hint(Console(), "draw them", desk.given.command("figures", *kind.figures))
