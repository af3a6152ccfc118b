"""What of a store is damaged: a sentence and the way out, beside whatever else a command shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from data.counts import counted
from grid.console import Console
from grid.integrity.damage import Damage
from launch.command_lines import Given, print_hint, store_command
from launch.paragraphs import print_paragraph

SHOWN = 3
_MENDS = "to set it aside, so that the next run makes it again"


def print_damage(console: Console, given: Given, damage: Sequence[Damage]) -> None:
    """Print what a plan sees of damage; nothing where there is none."""
    if not damage:
        return
    said = f"! damaged in the store, and not touched by a run: {counted(len(damage), 'file')}"
    console.print(said, style="bold red", highlight=False, markup=False)
    for each in damage[:SHOWN]:
        print_paragraph(console, str(each), 4, "dim")
    if len(damage) > SHOWN:
        console.print(f"    ... and {len(damage) - SHOWN:,} more", style="dim", highlight=False)
    print_hint(console, _MENDS, given.store_command("check", "store", "--repair"), 2)


def print_left_out(console: Console, damaged: Mapping[str, str], store: str | None) -> None:
    """Print which files a reader left out because they are damaged; nothing where there is none.

    Args:
        console: where to; stderr beside rows.
        damaged: the reason by key.
        store: --store, or the file's.
    """
    if not damaged:
        return
    key, why = next(iter(damaged.items()))
    more = f", and {counted(len(damaged) - 1, 'other file')}" if len(damaged) > 1 else ""
    print_paragraph(console, f"! left out, because it is damaged: {key}: {why}{more}", 0, "yellow")
    print_hint(console, _MENDS, store_command(store, "check", "store", "--repair"), 2, "yellow")
