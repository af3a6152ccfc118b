"""Images that do not decode, as a plan knows them: left out of training, or null logits."""

from __future__ import annotations

from collections.abc import Sequence

from data.counts import counted
from grid.console import Console
from grid.plan.known_failures import given_up, left_out_of_training
from grid.sources.undecodable import Undecodable
from launch.desk import Desk

SHOWN = 20


def print_known_nulls(console: Console, desk: Desk, images: Sequence[Undecodable]) -> None:
    """Print the images whose logits will be null, of those that are known not to decode."""
    scored = {
        pool_id
        for f in desk.plan.missing
        for block in desk.plan.expansion.scoring.get(f.fit.fit_id, ())
        for pool_id in block["pools"]
    }
    tested = [image for image in images if scored.intersection(image.pools)]
    if tested:
        does = counted(len(tested), "image does not decode, its", "images do not decode, their")
        _print_images(console, f"{does} logits will be null:", tested)


def print_left_out_of_training(console: Console, desk: Desk) -> None:
    """Print the images that no fit is trained or validated on, and the fits that this ends."""
    images = left_out_of_training(desk.plan)
    if not images:
        return
    does = counted(len(images), "image does", "images do")
    _print_images(console, f"{does} not decode, left out of training and validation:", images)
    ended = given_up(desk.plan, desk.store)
    if ended:
        said = (
            f"{counted(len(ended), 'fit was', 'fits were')} begun with them. Without them it is "
            "another fit, has another id and begins anew; given up:"
        )
        console.print(said, style="yellow", highlight=False)
        _print_lines(console, ended)


def _print_images(console: Console, title: str, images: Sequence[Undecodable]) -> None:
    console.print(title, style="yellow", highlight=False)
    _print_lines(console, [f"{image.dataset}/{image}" for image in images])


def _print_lines(console: Console, lines: Sequence[str]) -> None:
    for line in lines[:SHOWN]:
        console.print(f"  {line}", highlight=False, markup=False)
    if len(lines) > SHOWN:
        console.print(f"  ... and {len(lines) - SHOWN:,} more", highlight=False)
