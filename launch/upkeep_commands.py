"""`crossgen compact` and `crossgen gc`: a tidy store, never a lost result."""

from __future__ import annotations

from collections import defaultdict

from rich.table import Table

from data.byte_counts import in_bytes
from data.counts import counted
from grid.console import Console
from grid.records.scores.compacted import compact
from grid.upkeep.gc import Garbage, collect, garbage
from launch.desk import store_of


def run_compact(store: str | None) -> None:
    """Copy small score files into few large ones below `derived/`, and say what it came to."""
    console = Console()
    done = compact(store_of(store))
    console.print(
        f"{counted(done.pieces, 'piece')} of {counted(done.fits, 'fit')}, copied: "
        f"{in_bytes(done.piece_bytes)} in {in_bytes(done.copy_bytes)}; "
        f"{done.written:,} written, {done.removed:,} outdated removed",
        highlight=False,
    )
    for refused in done.refused:
        console.print(f"not copied: {refused}", style="bold red", highlight=False, markup=False)


def run_gc(store: str | None, *, dry_run: bool) -> None:
    """Delete, or only list, what no commit names."""
    console = Console()
    opened = store_of(store)
    found = garbage(opened) if dry_run else collect(opened)
    if not found:
        console.print("nothing to delete", style="green")
        return
    if dry_run:
        for each in found:
            console.print(f"{each.key}: {each.why}", highlight=False, markup=False)
    console.print(_summary(found))
    verb = "would be" if dry_run else "was" if len(found) == 1 else "were"
    total = in_bytes(sum(each.bytes for each in found))
    console.print(f"{counted(len(found), 'file')}, {total}, {verb} deleted", highlight=False)


def _summary(found: list[Garbage]) -> Table:
    sizes: defaultdict[str, list[int]] = defaultdict(list)
    for each in found:
        sizes[each.kind].append(each.bytes)
    table = Table("kind", "files", "size", box=None, header_style="dim")
    for kind, values in sizes.items():
        table.add_row(kind, f"{len(values):,}", in_bytes(sum(values)))
    return table
