"""Forest plots: A minus B on each test generator, with intervals, and the headline below them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from analysis.comparing.evidence import Evidence
from analysis.comparing.finding import Difference, Finding
from analysis.figures.figure import FigureKind, Picture
from analysis.figures.naming import file_names
from analysis.figures.style import (
    BLACK,
    COLUMN_IN,
    FONT_POINTS,
    GREY,
    family_colours,
    new_canvas,
    shortened,
)
from analysis.measuring.metric_registry import find_metric
from data.counts import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SCALES = (2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
"""Half widths of the axis, in points: figures of one scale can be laid side by side."""


def draw(evidence: Evidence) -> Iterator[Picture]:
    """Yield a forest plot of each finding that has differences, unit by unit."""
    found = [finding for finding in evidence.findings if finding.differences]
    said = {finding.key: f"{finding.a} minus {finding.b}" for finding in found}
    names = file_names("forest", said, said)
    for finding in found:
        yield _picture(finding, names[finding.key])


def _picture(finding: Finding, name: str) -> Picture:
    rows = _ordered(finding.differences)
    canvas = new_canvas(COLUMN_IN, 1.15 + 0.17 * (len(rows) + 2))
    axes = canvas.add_subplot()
    colours = family_colours(each.family for each in rows)
    for place, each in enumerate(rows):
        _row(axes, place, each, colours[each.family])
    _headline(axes, finding, len(rows) + 0.6)
    scale = _scale(finding)
    axes.axvline(0, color=BLACK, linewidth=0.7, zorder=0)
    axes.set_xlim(-scale, scale)
    ticks = [-scale, -scale / 2, 0, scale / 2, scale]
    axes.set_xticks(ticks, [f"{tick:+g}" if tick else "0" for tick in ticks])
    axes.set_ylim(len(rows) + 1.2, -0.7)
    axes.set_yticks(
        [*range(len(rows)), len(rows) + 0.6],
        [*(shortened(each.name, 22) for each in rows), _headline_name(finding)],
    )
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    title = find_metric(finding.metric).title
    axes.set_xlabel(f"difference in {title}, points")
    a, b = (shortened(each, 44) for each in compared(finding))
    axes.set_title(f"{a}\nminus {b}", fontsize=FONT_POINTS + 0.5, loc="left")
    canvas.legend(
        handles=[_key_of(colours[f], f or "family unknown") for f in _families(rows)],
        loc="outside lower center",
        ncols=3,
    )
    return Picture(
        name=name,
        caption=f"{finding.question} {' minus '.join(compared(finding))} in {title}, "
        f"{finding.scope}; {_bars(rows)}. {_all_in_words(finding)}",
        alternative=_in_words(finding, rows, title),
        canvas=canvas,
    )


def families_of(finding: Finding) -> tuple[str, str] | None:
    """Return the families whose differences are held against each other; None where none are."""
    known = list(dict.fromkeys(each.family for each in finding.differences))
    for first in known:
        for second in known:
            if finding.a.endswith(f" on {first}") and finding.b == f"on {second}":
                return first, second
    return None


def compared(finding: Finding) -> tuple[str, str]:
    """Return the two sides that the rows are of."""
    families = families_of(finding)
    if families is None:
        return finding.a, finding.b
    a, _, b = finding.a.removesuffix(f" on {families[0]}").partition(" minus ")
    return a, b


def _headline_name(finding: Finding) -> str:
    families = families_of(finding)
    return "all" if families is None else shortened(f"{families[0]} less {families[1]}", 22)


def _ordered(differences: Sequence[Difference]) -> list[Difference]:
    """Families together, as in the experiment; within one the largest difference first."""
    families = list(dict.fromkeys(each.family for each in differences))
    return sorted(differences, key=lambda each: (families.index(each.family), -each.value))


def _families(rows: Sequence[Difference]) -> list[str]:
    return list(dict.fromkeys(each.family for each in rows))


def _row(axes: Axes, place: float, each: Difference, colour: str) -> None:
    if each.low is not None and each.high is not None:
        axes.plot([100 * each.low, 100 * each.high], [place, place], color=colour, linewidth=1.3)
    axes.plot([100 * each.value], [place], "s", color=colour, markersize=4)


def _headline(axes: Axes, finding: Finding, place: float) -> None:
    """Draw the tested effect as a diamond as wide as its interval; nothing where it is refused."""
    effect = finding.headline
    if effect is None:
        axes.text(0, place, "no test", ha="center", va="center", color=GREY, backgroundcolor="w")
        return
    value = 100 * effect.value
    low = value if effect.low is None else 100 * effect.low
    high = value if effect.high is None else 100 * effect.high
    if low < high:
        axes.fill([low, value, high, value], [place, place - 0.3, place, place + 0.3], BLACK)
    else:
        axes.plot([value], [place], "D", color=BLACK)


def _scale(finding: Finding) -> float:
    ends = [each for row in finding.differences for each in (row.low, row.high, row.value)]
    effect = finding.headline
    if effect is not None:
        ends += [effect.value, effect.low, effect.high]
    widest = 100 * max(abs(each) for each in ends if each is not None)
    return next((scale for scale in SCALES if widest <= scale * 0.98), SCALES[-1])


def _key_of(colour: str, label: str) -> object:
    from matplotlib.lines import Line2D

    return Line2D([], [], color=colour, marker="s", markersize=4, linewidth=1.3, label=label)


def _bars(rows: Sequence[Difference]) -> str:
    if all(row.low is None for row in rows):
        return "one square per test generator"
    return "squares with 95 % intervals, one per test generator"


def _all_in_words(finding: Finding) -> str:
    effect = finding.headline
    if effect is None:
        return f"No test: {finding.refusal}"
    families = families_of(finding)
    of = "" if families is None else f", {families[0]} less {families[1]}"
    interval = ""
    if effect.low is not None and effect.high is not None:
        level = f"{100 * effect.level:g} %"
        interval = f", {level} CI [{100 * effect.low:+.1f}, {100 * effect.high:+.1f}]"
    value = f"{100 * effect.value:+.1f} points{interval}"
    return f"Diamond{of}: {value} ({effect.method}; {effect.units})."


def _in_words(finding: Finding, rows: Sequence[Difference], title: str) -> str:
    higher = sum(row.value > 0 for row in rows)
    most, least = max(rows, key=lambda r: r.value), min(rows, key=lambda r: r.value)
    return (
        f"Forest plot over {counted(len(rows), 'test generator')}: {compared(finding)[0]} has the "
        f"higher {title} on {higher}; from {100 * least.value:+.1f} points on {least.name} to "
        f"{100 * most.value:+.1f} on {most.name}. {_all_in_words(finding)}"
    )


FIGURE = FigureKind(
    title="differences between two arms, test generator by test generator (forest plot)",
    needs="a comparison: write `contrasts:` into the experiment, and run both of its sides",
    draw=draw,
    page=10,
)
