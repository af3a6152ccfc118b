"""`crossgen merge`: results of other stores taken into one."""

from __future__ import annotations

from collections.abc import Sequence

from data.counts import counted
from grid.console import Console
from grid.refusal import Refused
from grid.store.base import Store
from grid.store.opening import open_store
from grid.upkeep.merging import Merged, merge
from launch.paragraphs import print_paragraph
from launch.waiting import waiting

SHOWN = 20


def merge_stores(into: str, sources: Sequence[str]) -> int:
    """Copy what a store lacks from others, one after the other, and say what it came to.

    Returns:
        0 where all of them is in the store now; 1 where something is damaged or differs.

    Raises:
        Refused: a source is the target itself, there is nothing in it, or no weights are.
    """
    target = open_store(into)
    opened = [_source(each, target) for each in sources]
    target.check_writable()
    console = Console()
    whole = True
    for source in opened:
        with waiting(f"reading {source.url}") as say:
            done = merge(target, source, say)
        _print_merged(console, source, target, done)
        whole = whole and done.is_whole
    return 0 if whole else 1


def _source(address: str, target: Store) -> Store:
    source = open_store(address)
    if source == target:
        raise Refused.because(f"merge {address}", "it is the store itself", "Name another store")
    if not source.list():  # a mistyped store is an empty one
        raise Refused.because(
            f"store {source.url}", "there is nothing in it", "Correct the address"
        )
    if not source.holds_weights:
        raise Refused.because(
            f"bundle {source.url}",
            "it was packed without weights, and a fit is whole with them only",
            "Ask for a bundle made --with-weights; to read this one, give it as --store",
        )
    return source


def _print_merged(console: Console, source: Store, target: Store, done: Merged) -> None:
    print_paragraph(console, f"{source.url} into {target.url}", style="bold")
    for said, counts in (("taken", done.taken), ("there already", done.there)):
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in counts.items() if count)
        print_paragraph(console, f"{said}: {kinds or 'nothing'}", 2)
    if done.differs:
        print_paragraph(console, f"differs: {counted(len(done.differs), 'time')}", 2, "yellow")
        _print_some(console, done.differs, "yellow")
    if done.damaged:
        said = f"damaged, and not taken: {counted(len(done.damaged), 'file')}"
        print_paragraph(console, said, 2, "bold red")
        _print_some(console, [f"{key}: {why}" for key, why in done.damaged.items()], "red")


def _print_some(console: Console, sentences: Sequence[str], style: str) -> None:
    for sentence in sentences[:SHOWN]:
        print_paragraph(console, sentence, 4, style)
    if len(sentences) > SHOWN:
        print_paragraph(console, f"... and {len(sentences) - SHOWN:,} more", 4, style)
