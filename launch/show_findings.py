"""Findings on a terminal: the sentence first, what weakens it, then the tests beside it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

import click
from rich.console import JustifyMethod
from rich.table import Table

from analysis.comparing.effect_rows import HEADS, difference_rows, effect_rows
from analysis.comparing.finding import Finding
from grid.console import Console
from launch.paragraphs import print_paragraph

FIRST_IS_THE_CLAIMS = (
    "In points, which are hundredths. The first test is the claim's; the others answer narrower "
    "claims, each by its units, and are not corrected for their number."
)


def print_findings(console: Console, findings: Sequence[Finding]) -> None:
    """Print findings, an empty line between them; a note that all of them have once, at the end."""
    shared = set.intersection(*(set(each.notes) for each in findings)) if findings else set()
    for number, finding in enumerate(findings):
        if number:
            console.print()
        is_new = not number or finding.differences != findings[number - 1].differences
        _print(console, finding, shared, with_differences=is_new)
    if any(finding.others for finding in findings):
        console.print()
        print_paragraph(console, FIRST_IS_THE_CLAIMS, style="dim")
    for note in dict.fromkeys(note for each in findings for note in each.notes if note in shared):
        print_paragraph(console, note, style="dim")


def print_findings_as_json(findings: Sequence[Finding]) -> None:
    """Print findings as a JSON list, shares of 1 as they are."""
    click.echo(json.dumps([asdict(finding) for finding in findings], indent=2, ensure_ascii=False))


def _print(
    console: Console, finding: Finding, told_below: set[str], *, with_differences: bool
) -> None:
    print_paragraph(console, finding.sentence, style="bold")
    for warning in finding.warnings:
        print_paragraph(console, f"! {warning}", style="yellow")
    if effects := effect_rows(finding):
        console.print()
        console.print(_table(effects, HEADS, right=(1, 2, 3)))
    rows = difference_rows(finding) if with_differences else []
    if rows:
        heads = ("generator", "family", "A", "B", "A − B", "95 % interval")
        console.print()
        console.print(_table(rows, heads, right=(2, 3, 4, 5)))
    for note in finding.notes:
        if note not in told_below:
            print_paragraph(console, note, style="dim")


def _table(rows: Sequence[Sequence[str]], heads: Sequence[str], *, right: Sequence[int]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for place, head in enumerate(heads):
        justify: JustifyMethod = "right" if place in right else "left"
        table.add_column(head, justify=justify, no_wrap=place in right, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table
