"""A metric against what it costs: time per image, size of the network, time to train."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from analysis.comparing.evidence import Evidence
from analysis.figures.costs import ArmCosts, costs_of
from analysis.figures.figure import FigureKind, Picture
from analysis.figures.sides import EXPLAINED, OTHERS
from analysis.figures.style import PAGE_IN, Stroke, new_canvas, share_axis, shortened, strokes
from analysis.matrices.main_matrices import main_matrices
from analysis.matrices.matrix import Spread
from analysis.measuring.metric_registry import DEFAULT, find_metric
from data.counts import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COSTS: dict[str, Callable[[ArmCosts], float | None]] = {
    "milliseconds per image, scoring": lambda costs: costs.ms_per_image,
    "million parameters": lambda costs: costs.parameters and costs.parameters / 1e6,
    "hours of training, one fit": lambda costs: costs.training_hours,
}

Points = dict[str, dict[str, tuple[float, Spread]]]
"""Of each cost and arm, the cost and the metric."""


def draw(evidence: Evidence, metric: str = DEFAULT) -> Iterator[Picture]:
    """Yield one figure of all main matrices, where two or more are measured and cost something."""
    means = {
        matrix.title: mean
        for matrix in main_matrices(evidence.matrices)
        if (mean := matrix.mean(metric, OTHERS)) is not None
    }
    if len(means) < 2:
        return
    costs = {
        matrix.title: costs_of(matrix, evidence.selection)
        for matrix in main_matrices(evidence.matrices)
        if matrix.title in means
    }
    points: Points = {}
    for name, cost in COSTS.items():
        found = {
            title: (value, means[title])
            for title, each in costs.items()
            if (value := cost(each)) is not None and value > 0
        }
        if len(found) > 1:
            points[name] = found
    if points:
        yield _picture(points, costs, metric)


def _picture(points: Points, costs: Mapping[str, ArmCosts], metric: str) -> Picture:
    arms = list(costs)
    drawn = strokes(arms)
    columns = max(1, min(len(arms), 130 // (8 + min(40, max(map(len, arms))))))
    canvas = new_canvas(PAGE_IN, 2.2 + 0.14 * -(-len(arms) // columns))
    panels = canvas.subplots(1, len(points), sharey=True, squeeze=False)[0]
    values = [v for found in points.values() for _, s in found.values() for v in s.values]
    for axes, (name, found) in zip(panels, points.items(), strict=True):
        for arm, (cost, spread) in found.items():
            _point(axes, cost, spread, drawn[arm], arm)
        _cost_axis(axes, [cost for cost, _ in found.values()], name)
        share_axis(axes, values)
    title = find_metric(metric).title
    panels[0].set_ylabel(f"{title}, other generators")
    handles = {
        label: handle
        for axes in panels
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    canvas.legend(
        list(handles.values()),
        [shortened(arm, 40) for arm in handles],
        loc="outside lower center",
        ncols=columns,
    )
    devices = sorted({device for each in costs.values() for device in each.devices})
    where = f" Times are of {', '.join(devices)}." if devices else ""
    caution = " Those of several machines do not compare." if len(devices) > 1 else ""
    has_seeds = any(s.sd is not None for found in points.values() for _, s in found.values())
    error_bars = ", ± standard deviation over seeds" if has_seeds else ""
    return Picture(
        name="cost",
        caption=f"{title} over other generators{error_bars}, against cost: medians over fits and "
        "score files, reading and decoding included. Parameters are the "
        f"numbers in the weights without running statistics.{where}{caution} {EXPLAINED}",
        alternative=f"{title} of {counted(len(arms), 'arm')} against cost. {_in_words(points)}.",
        canvas=canvas,
    )


def _point(axes: Axes, cost: float, spread: Spread, stroke: Stroke, arm: str) -> None:
    axes.errorbar(
        [cost],
        [spread.mean],
        yerr=None if spread.sd is None else [spread.sd],
        color=stroke.color,
        marker=stroke.marker,
        markersize=5,
        linestyle="",
        capsize=2,
        label=arm,
    )


def _cost_axis(axes: Axes, costs: list[float], name: str) -> None:
    """Costs differ by factors, so the axis is logarithmic; it shows a decade or more."""
    from matplotlib.ticker import FuncFormatter, LogLocator

    low, high = min(costs), max(costs)
    middle = (low * high) ** 0.5
    axes.set_xscale("log")
    axes.set_xlim(min(low / 1.5, middle / 3.5), max(high * 1.5, middle * 3.5))
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=20))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.minorticks_off()
    axes.set_xlabel(name)


def _in_words(points: Points) -> str:
    return "; ".join(
        f"{name}: " + ", ".join(f"{arm} {cost:.3g}" for arm, (cost, _) in found.items())
        for name, found in points.items()
    )


FIGURE = FigureKind(
    title="a metric against time per image, parameters and hours of training",
    needs="two arms that are tested on other generators than they were trained on",
    draw=draw,
    page=80,
    takes_metric=True,
)
