"""What the trainings of an experiment warned of: nobody should find it out from a matrix of .5."""

from __future__ import annotations

from collections.abc import Iterable

from data.counts import counted
from grid.console import Console
from grid.records.commits import Commit
from grid.records.training_warnings import kind_of

SHOWN = 3


def print_warnings(console: Console, commits: Iterable[tuple[str, Commit]]) -> None:
    """Print the warnings of fits, given with their labels; those of one kind together.

    The numbers of a kind are the first fit's.
    """
    kinds: dict[str, list[tuple[str, str]]] = {}
    for label, commit in commits:
        for sentence in commit["warnings"]:
            kinds.setdefault(kind_of(sentence), []).append((label, sentence))
    for warned in kinds.values():
        fits = counted(len(warned), "fit")
        labels = ", ".join(label for label, _ in warned[:SHOWN])
        more = f" and {len(warned) - SHOWN:,} more" if len(warned) > SHOWN else ""
        console.print(f"! {fits}: {warned[0][1]}", style="yellow", highlight=False, markup=False)
        console.print(f"    {labels}{more}", style="dim", highlight=False, markup=False)
