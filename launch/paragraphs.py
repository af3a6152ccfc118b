"""Text that keeps its indentation: wrapped on a terminal, in one line in a log file."""

from __future__ import annotations

from rich.padding import Padding
from rich.text import Text

from grid.console import Console


def print_paragraph(console: Console, text: str, indent: int = 0, style: str = "") -> None:
    """Print text as it is, without markup; elsewhere than on a terminal no line is broken."""
    if console.is_terminal:
        console.print(Padding(Text(text, style, overflow="fold"), (0, 0, 0, indent)))
    else:
        line = " " * indent + text
        console.print(line, style=style, soft_wrap=True, highlight=False, markup=False)
