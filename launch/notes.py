"""What is to be known beside an answer: on stderr, so that rows may go into a file."""

from __future__ import annotations

from grid.console import Console


def print_note(text: str) -> None:
    """Print one sentence beside an answer; in a log file it is one line, whole."""
    console = Console(stderr=True)
    console.print(
        text, style="yellow", highlight=False, markup=False, soft_wrap=not console.is_terminal
    )
