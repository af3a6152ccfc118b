"""The list that `crossgen detectors` prints: two lines for each, not wider than 80 columns."""

from __future__ import annotations

from collections.abc import Sequence

from detectors.contract import Card
from detectors.measured_cost import measured_cost
from detectors.pins import pinned_parameters
from grid.console import Console
from launch.paragraphs import print_paragraph

_COLUMNS = "{:>9}  {:>14}  {:>6}  {}"
"""Input, parameters, milliseconds, a published result; each published one has 45 characters."""


def print_list(console: Console, cards: Sequence[Card]) -> None:
    """Print each detector's name and title, and its figures below."""
    figures = _COLUMNS.format("input px", "parameters", "ms", "trained on: published result")
    print_paragraph(console, figures, style="bold")
    for card in cards:
        print_paragraph(console, f"{card.name}: {_title_beside_name(card)}", style="bold")
        print_paragraph(console, _figures(card), style="dim")
    print_paragraph(
        console,
        "ms: of one test image, one CPU core; in brackets: parameters that are trained",
    )
    print_paragraph(console, "all that is known of one, its options, inputs and recipes:")
    print_paragraph(console, "crossgen detectors NAME", 2)


def _title_beside_name(card: Card) -> str:
    """The title without the name that it begins with: `NPR: differences of ...`."""
    first, colon, rest = card.title.partition(": ")
    same = first.lower().replace("-", "") == card.name.lower().replace("_", "")
    return rest if colon and same else card.title


def _figures(card: Card) -> str:
    side = card.options().fixed_input_px()
    cost = measured_cost(card.name)
    ms = None if cost is None else cost.ms_per_image_test
    return _COLUMNS.format(
        "any" if side is None else side,
        _parameters(card),
        "-" if ms is None else in_milliseconds(ms),
        card.published_briefly or ("see its own page" if card.published else "-"),
    ).rstrip()


def _parameters(card: Card) -> str:
    counts = pinned_parameters(card.name)
    if counts is None:
        return "not counted"
    every, trained = map(_in_short, counts)
    return every if every == trained else f"{every} ({trained})"


def _in_short(count: int) -> str:
    """`23.5 M`, `303 M`, `769`."""
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return str(count)


def in_milliseconds(ms: float) -> str:
    """Write milliseconds with three digits, or all that stand before the point."""
    return f"{ms:,.0f}" if ms >= 100 else f"{ms:.3g}"
