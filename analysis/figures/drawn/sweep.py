"""Sweep curves: a metric against a numeric setting, a line per family of tested generators."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.comparing.evidence import Evidence
from analysis.figures.curves import band_words, curve
from analysis.figures.figure import FigureKind, Picture
from analysis.figures.levels import FamilyEntry, Ladder, is_other, is_own, sweeps
from analysis.figures.naming import file_names
from analysis.figures.sides import EXPLAINED
from analysis.figures.style import (
    BLACK,
    COLUMN_IN,
    Stroke,
    family_colours,
    head,
    new_canvas,
    share_axis,
)
from analysis.figures.training_sizes import training_sizes
from analysis.matrices.main_matrices import main_matrices
from analysis.matrices.matrix import Spread
from analysis.measuring.metric_registry import DEFAULT, find_metric

OWN = "trained on it"
LOG_FROM = 20.0
"""An axis whose largest value is so many times its smallest is logarithmic."""


def draw(evidence: Evidence, metric: str = DEFAULT) -> Iterator[Picture]:
    """Yield a figure of each setting that has three numbers or more, of arms alike otherwise."""
    main = main_matrices(evidence.matrices)
    ladders = [
        *sweeps(main),
        *training_sizes(main, evidence.selection.fits_of(evidence.experiment)),
    ]
    names = file_names("sweep", (f"{each.axis} {each.title}" for each in ladders))
    for ladder in ladders:
        curves = _curves(ladder, metric)
        if curves:
            yield _picture(ladder, curves, names[f"{ladder.axis} {ladder.title}"], metric)


def _curves(ladder: Ladder, metric: str) -> dict[str, tuple[Spread, ...]]:
    """Return the means at each level: of each family of new generators, and of trained ones."""

    def of_family(family: str) -> tuple[Spread, ...] | None:
        def wanted(each: FamilyEntry) -> bool:
            return is_other(each) and each.family == family

        return ladder.means(metric, wanted)

    found = {family or "family unknown": of_family(family) for family in ladder.families}
    found[OWN] = ladder.means(metric, is_own)
    return {name: spreads for name, spreads in found.items() if spreads is not None}


def _picture(
    ladder: Ladder, curves: dict[str, tuple[Spread, ...]], name: str, metric: str
) -> Picture:
    canvas = new_canvas(COLUMN_IN, 2.5)
    axes = canvas.add_subplot()
    places = [level.value for level in ladder.levels]
    colours = family_colours(curves)
    for (label, spreads), marker in zip(curves.items(), "osD^vP*X" * 9, strict=False):
        if label == OWN:
            stroke = Stroke(BLACK, (0, (1, 1)), ".")
        else:
            stroke = Stroke(colours[label], "-", marker)
        curve(axes, places, spreads, stroke, label)
    share_axis(axes, (value for s in curves.values() for each in s for value in each.values))
    if places[0] > 0 and places[-1] / places[0] >= LOG_FROM:
        axes.set_xscale("log")
        axes.minorticks_off()
    axes.set_xticks(places, [level.text for level in ladder.levels])
    axes.set_xlabel(ladder.axis)
    title = find_metric(metric).title
    axes.set_ylabel(f"{title}, mean over cells")
    head(canvas, ladder.title)
    canvas.legend(loc="outside lower center", ncols=min(4, len(curves)))
    return Picture(
        name=name,
        caption=f"{ladder.title}: {title} against {ladder.axis}, for each family of other "
        f"generators, and for those trained on; means over the cells that every level "
        f"has, {band_words(curves.values())}. Lines join levels and claim no trend. {EXPLAINED}",
        alternative=_in_words(ladder, curves, title),
        canvas=canvas,
    )


def _in_words(ladder: Ladder, curves: dict[str, tuple[Spread, ...]], title: str) -> str:
    said = "; ".join(
        f"{name}: "
        + ", ".join(
            f"{spread.mean:.2f} at {level.text}"
            for spread, level in zip(spreads, ladder.levels, strict=True)
        )
        for name, spreads in curves.items()
    )
    return f"Curves of {title} against {ladder.axis}. {said}."


FIGURE = FigureKind(
    title="a metric against a numeric setting, by family (sweep curves)",
    needs="a setting with three numbers or more, such as `npr.factor: [0.25, 0.5, 0.75]`, or one "
    "training set in three sizes",
    draw=draw,
    page=30,
    takes_metric=True,
)
