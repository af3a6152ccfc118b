"""An overview on a terminal: the lines of each section; rich, nothing else."""

from __future__ import annotations

from rich.console import Console

from analysis.measuring.metric_registry import DEFAULT
from analysis.page.overview import Overview
from analysis.page.section import Screen, all_sections, in_order


def print_overview(console: Console, shown: Overview, metric: str = DEFAULT) -> None:
    """Print what the sections show, in their order; `metric` is what the matrices' entries are."""
    screen = Screen(console.width, metric)
    for name, lines in in_order(all_sections(), "terminal"):
        for line in lines.make(shown, shown.found[name], screen):
            console.print(line)
