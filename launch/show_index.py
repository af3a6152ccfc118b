"""A collection on the terminal: its layout, a table of its images, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from data.counts import counted
from data.file_problems import PIXELS, FileProblem
from grid.console import Console
from launch.paragraphs import print_paragraph

if TYPE_CHECKING:
    from data.manifest import Manifest
    from launch.index_command import Indexed

_SHOWN = 10
_VALUES_SHOWN = 2
_WIDE = 1000  # columns: what a table is measured in that is not to be broken
_LABELS = {0: "real", 1: "fake"}
_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def print_collection(console: Console, indexed: Indexed, problems: Path | None) -> None:
    """Print one root: layout, images, what differs from what was published, unusable files.

    Args:
        console: where to.
        indexed: the root.
        problems: the file that all unusable files are written to, None where there is none.
    """
    manifest, summary = indexed.manifest, indexed.summary
    print_paragraph(console, str(manifest.root), 0, "bold")
    print_paragraph(console, f"layout {manifest.layout}: {manifest.reason}", 2)
    if manifest.simulated:
        print_paragraph(console, "simulated images: no evidence about real generators", 2, "yellow")
    if manifest.shard is not None:
        said = f"part {manifest.shard[0]} of {manifest.shard[1]}, no whole collection; when all are"
        print_paragraph(console, f"{said} read: crossgen index ROOT --merge FOLDER", 2, "yellow")
    total = f"{counted(summary.images, 'image')}, {_size(summary.bytes)}"
    for number, what in (
        (len(_damaged(manifest)), "of them not decodable"),
        (len(manifest.problems) - len(_damaged(manifest)), "more not usable"),
        (sum(manifest.skipped.values()), "left out by rule"),
    ):
        total += f"; {number:,} {what}" if number else ""
    print_paragraph(console, total, 2)
    if summary.sources:
        table = _table(indexed, ", ")
        on_one_line = console.options.update(width=_WIDE)
        if console.measure(table, options=on_one_line).maximum > console.width:
            table = _table(indexed, ",\n")  # broken between values, not in them
        console.print(table)
    if summary.duplicates:
        said = counted(summary.duplicates, "file has", "files have")
        why = "the bytes of another one of the same source and split, and will count once"
        print_paragraph(console, f"{said} {why}", 2, "yellow")
    if summary.copies:
        said = counted(summary.copies, "copy", "copies")
        why = "of images that another source or split holds too: a test image may be trained on"
        print_paragraph(console, f"{said} {why}", 2, "yellow")
    for comparison in indexed.comparisons:
        _print_comparison(console, comparison.collection, comparison.differences)
    _print_lines(console, "left out by rule", _skipped(manifest), "dim")
    _print_lines(console, "one image with two labels", summary.conflicts, "bold red")
    _print_problems(console, manifest, problems)


def _print_comparison(console: Console, name: str, differences: list[str]) -> None:
    if not differences:
        print_paragraph(console, f"{name}: complete, by the published numbers", 2, "green")
        return
    print_paragraph(console, f"{name}, as published:", 2, "yellow")
    for each in differences[:_SHOWN]:
        print_paragraph(console, each, 4)
    if len(differences) > _SHOWN:
        print_paragraph(console, f"... and {len(differences) - _SHOWN:,} more (--json)", 4, "dim")


def _table(indexed: Indexed, between: str) -> Table:
    """A row for each source, split and label; `between` parts the values of one cell."""
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    heads = ("source", "split", "label", "images", "format", "size, px", "JPEG quality")
    for head in heads:
        table.add_column(head, justify="right" if head == "images" else "left", overflow="fold")
    for each in indexed.summary.sources:
        table.add_row(
            Text(each.source or "-"),
            each.split,
            _LABELS[each.label],
            f"{each.images:,}",
            _shares(each.formats, between),
            _shares(each.sizes, between),
            _shares({f"q{quality}": n for quality, n in each.qualities.items()}, between),
        )
    return table


def _shares(counts: Mapping[str, int], between: str) -> str:
    """The most frequent values with their shares: `q96 61%, q75 20%, 14 others`."""
    if len(counts) <= 1:
        return next(iter(counts), "-")
    total = sum(counts.values())
    shown = [f"{v} {_percent(n, total)}" for v, n in list(counts.items())[:_VALUES_SHOWN]]
    more = len(counts) - _VALUES_SHOWN
    return between.join([*shown, *([counted(more, "other")] if more > 0 else [])])


def _percent(part: int, total: int) -> str:
    """A share that is rounded neither to nothing nor to everything."""
    percent = 100 * part / total
    if percent < 1:
        return "<1%"
    return ">99%" if 99.5 <= percent < 100 else f"{percent:.0f}%"


def _size(size: float) -> str:
    for unit in _UNITS:
        if size < 1000 or unit == _UNITS[-1]:
            break
        size /= 1000
    return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"


def _skipped(manifest: Manifest) -> list[str]:
    return [f"{n:,} x {reason}" for reason, n in manifest.skipped.items()]


def _print_lines(console: Console, title: str, lines: list[str], style: str) -> None:
    if not lines:
        return
    print_paragraph(console, f"{title}:", 2, style)
    for line in lines[:_SHOWN]:
        print_paragraph(console, line, 4)
    if len(lines) > _SHOWN:
        print_paragraph(console, f"... and {len(lines) - _SHOWN:,} more", 4, "dim")


def _print_problems(console: Console, manifest: Manifest, problems: Path | None) -> None:
    damaged = _damaged(manifest)
    unusable = [each for each in manifest.problems if each.kind != PIXELS]
    for files, one, several in (
        (unusable, "file cannot be used", "files cannot be used"),
        (damaged, "image does not decode", "images do not decode"),
    ):
        lines = [f"{each.path}: {each.reason}" for each in files]
        _print_lines(console, counted(len(files), one, several), lines, "bold red")
        if len(files) > _SHOWN:
            where = str(problems) if problems is not None else "--problems FILE.csv"
            print_paragraph(console, f"all of them: {where}", 4)


def _damaged(manifest: Manifest) -> list[FileProblem]:
    """The images whose header is sound and whose pixels are not; they are rows."""
    return [each for each in manifest.problems if each.kind == PIXELS]
