"""What a command that makes images leaves out, a few lines of it."""

from __future__ import annotations

from collections.abc import Sequence

from grid.console import Console

SHOWN = 20


def print_some(console: Console, title: str, lines: Sequence[str]) -> None:
    """Print a title and the first lines below it, and how many more there are; nothing of none."""
    if not lines:
        return
    console.print(title, style="yellow", highlight=False, markup=False)
    for line in lines[:SHOWN]:
        console.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)
    if len(lines) > SHOWN:
        console.print(f"  ... and {len(lines) - SHOWN:,} more", highlight=False, markup=False)
