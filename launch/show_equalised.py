"""What `equalise:` does to an experiment's images, in a plan: sizes, codings, what is left out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from data.counts import counted
from data.jpeg_tables import quality_of
from grid.console import Console
from grid.expansion.equalising import Matched
from grid.expansion.fits import Expansion
from launch.paragraphs import print_paragraph

if TYPE_CHECKING:
    from data.matching.forming import ClassCounts
    from data.matching.table_list import TableList

COMPARISONS_SHOWN = 8


def print_equalised(console: Console, expansion: Expansion) -> None:
    """Print what is done to both classes, and what can be read of them still."""
    for asked in expansion.equalises_asked:
        if not asked.startswith("recompress"):
            continue
        print_paragraph(
            console,
            f"equalise {asked}: both classes are coded as JPEG once more. Where reals are JPEG "
            "already they are then coded twice, which a detector can read "
            "(data/matching/README.md); `match` codes fakes alone",
            0,
            "yellow",
        )
    by_asked: dict[str, list[Matched]] = {}
    for matched in expansion.matched:
        by_asked.setdefault(matched.asked, []).append(matched)
    for asked, comparisons in by_asked.items():
        print_paragraph(console, f"equalise {asked}, made of the reals of each comparison:")
        for matched in comparisons[:COMPARISONS_SHOWN]:
            print_paragraph(console, f"{matched.comparison}: {in_words(matched)}", 2, "dim")
        if len(comparisons) > COMPARISONS_SHOWN:
            more = counted(len(comparisons) - COMPARISONS_SHOWN, "more comparison")
            print_paragraph(console, f"... and {more}", 2, "dim")
    for line in _readable_still(expansion.matched):
        print_paragraph(console, line, 0, "yellow")


def in_words(matched: Matched) -> str:
    """Say what `match` does to the two classes of a comparison."""
    formed = matched.formed
    size_px = formed.table_list.size_px
    size = "one size, nothing is cropped" if size_px is None else f"squares of {size_px} px"
    return (
        f"{size}; {_coded(formed.table_list)}; left out are {_left_out(formed.reals, 'real')} and "
        f"{_left_out(formed.fakes, 'fake')}"
    )


def _coded(table_list: TableList) -> str:
    """The codings that fakes are given, the most frequent one by name."""
    total = sum(n for _, n in table_list.codings)
    coding, most = max(table_list.codings, key=lambda each: each[1])
    if len(table_list.codings) == 1 and not coding.tables:
        return "no real is JPEG, nothing is coded"
    quality = quality_of(coding.tables) if coding.tables else None
    name = f"quality {quality} {coding.subsampling}" if quality else "tables of its own"
    if not coding.tables:
        name = "no coding"
    codings = counted(len(table_list.codings), "coding")
    return f"fakes get {codings} of the reals, most often {name} ({most / total:.0%})"


def _left_out(counts: ClassCounts, word: str) -> str:
    reasons = [
        f"{n:,} {why}"
        for n, why in (
            (counts.too_small, "too small"),
            (counts.coded_otherwise, "coded as no fake can be"),
        )
        if n
    ]
    said = f"{counts.left_out:,} of {counted(counts.images, word)}"
    return f"{said} ({', '.join(reasons)})" if reasons else said


def _readable_still(matched: tuple[Matched, ...]) -> Iterator[str]:
    twice = [each for each in matched if each.formed.coded_twice]
    if twice:
        most = max(twice, key=lambda each: each.formed.coded_twice)
        fakes = counted(most.formed.coded_twice, "fake")
        also = f" ({counted(len(twice) - 1, 'more comparison')} alike)" if len(twice) > 1 else ""
        yield (
            f"{most.comparison}{also}: {fakes} of {most.formed.fakes.images:,} "
            f"{'is' if most.formed.coded_twice == 1 else 'are'} JPEG already and will be coded "
            "twice, which a detector can read; give the fakes as they were generated"
        )
