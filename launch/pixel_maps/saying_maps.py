"""What maps were made of which images, in lines."""

from __future__ import annotations

from collections.abc import Sequence

from data.counts import counted
from grid.console import Console
from launch.paragraphs import print_paragraph
from launch.pixel_maps.pool_artifacts import PoolMap

SHOWN = 40


def print_maps(what: str, maps: Sequence[PoolMap], side_px: int, place: str) -> None:
    """Print which pools have a map now, what of their images does not count, and where it lies.

    Args:
        what: the plural of the maps' name.
        maps: of each pool, in the experiment's order.
        side_px: of the crop.
        place: the folder of the store.
    """
    console = Console()
    there = [each for each in maps if each.counted.images]
    new = sum(each.is_new for each in there)
    print_paragraph(
        console,
        f"{what} of {counted(len(there), 'pool')}, the middle {side_px} x {side_px} px of each "
        f"image: {new:,} computed, {len(there) - new:,} there already",
    )
    for each in maps[:SHOWN]:
        print_paragraph(console, _line(each), 2)
    if len(maps) > SHOWN:
        print_paragraph(console, f"... and {counted(len(maps) - SHOWN, 'more pool')}", 2)
    for each in maps:
        if not each.counted.images:
            said = f"! {each.compared.name}: no image counts, so there is no mean of it"
            print_paragraph(console, said, style="yellow")
    print_paragraph(console, place)


def _line(each: PoolMap) -> str:
    """One pool: how many of its images count, and why others do not."""
    held, all_of_it = each.counted, len(each.compared.pool)
    asked = held.images + held.unreadable + held.too_small
    is_all = asked + held.left_out == all_of_it
    of_all = "" if is_all else f" of {all_of_it:,}, drawn by hash"
    reasons = {
        "not decoded": held.unreadable,
        "smaller than that": held.too_small,
        "left out by equalise": held.left_out,
    }
    lost = "".join(f", {n:,} {reason}" for reason, n in reasons.items() if n)
    under = "" if each.compared.equalise == "none" else f" [{each.compared.equalise}]"
    return f"{each.compared.name}{under}: {counted(held.images, 'image')}{of_all}{lost}"
