"""Robustness curves: a metric against the level of a degradation, a line per arm."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from analysis.comparing.evidence import Evidence
from analysis.figures.curves import band_words, curve
from analysis.figures.figure import FigureKind, Picture
from analysis.figures.levels import Ladder, degradation_ladders, is_other, is_own
from analysis.figures.naming import file_names
from analysis.figures.sides import EXPLAINED, OTHERS_TITLE, OWN_TITLE
from analysis.figures.style import COLUMN_IN, new_canvas, share_axis, shortened, strokes
from analysis.matrices.matrix import Matrix, Spread
from analysis.measuring.metric_registry import DEFAULT, find_metric

_WANTED = {OWN_TITLE: is_own, OTHERS_TITLE: is_other}

Kind = tuple[str, tuple[str, ...]]
"""A degradation, # in the place of its number, and what its levels are called."""

Curves = dict[str, dict[str, tuple[Spread, ...]]]
"""Of each side and arm, the mean at each level."""


def draw(evidence: Evidence, metric: str = DEFAULT) -> Iterator[Picture]:
    """Yield a figure of each degradation whose levels are numbers."""
    ladders = degradation_ladders(_of_one_epoch(evidence.matrices))
    kinds = dict.fromkeys((each.axis, _texts(each)) for each in ladders)
    names = _names(kinds)
    for axis, texts in kinds:
        arms = [each for each in ladders if (each.axis, _texts(each)) == (axis, texts)]
        curves: Curves = {
            side: {arm.title: found for arm in arms if (found := arm.means(metric, wanted))}
            for side, wanted in _WANTED.items()
        }
        curves = {side: found for side, found in curves.items() if found}
        if curves:
            yield _picture(axis, texts, curves, names[axis, texts], metric)


def _of_one_epoch(found: Sequence[Matrix]) -> list[Matrix]:
    return [each for each in found if each.settings["epoch"] == "selected"] or list(found)


def _texts(ladder: Ladder) -> tuple[str, ...]:
    return tuple(level.text for level in ladder.levels)


def _names(kinds: Iterable[Kind]) -> dict[Kind, str]:
    """Name files by the degradation, and by its levels where arms have several ladders of it."""
    every = list(kinds)
    axes = [axis for axis, _ in every]
    titles = {
        kind: f"{kind[0]} {' '.join(kind[1])}" if axes.count(kind[0]) > 1 else kind[0]
        for kind in every
    }
    names = file_names("robustness", titles.values())
    return {kind: names[title] for kind, title in titles.items()}


def _picture(axis: str, texts: Sequence[str], curves: Curves, name: str, metric: str) -> Picture:
    arms = list(dict.fromkeys(arm for found in curves.values() for arm in found))
    drawn = strokes(arms)
    canvas = new_canvas(COLUMN_IN, 2.0 + 0.14 * _legend_rows(arms))
    panels = canvas.subplots(1, len(curves), sharey=True, squeeze=False)[0]
    places = list(range(len(texts)))
    values = [v for f in curves.values() for s in f.values() for each in s for v in each.values]
    for axes, (side, found) in zip(panels, curves.items(), strict=True):
        for arm, spreads in found.items():
            curve(axes, places, spreads, drawn[arm], arm)
        share_axis(axes, values)
        axes.set_xticks(places, texts)
        axes.set_xlim(-0.3, len(texts) - 0.7)
        axes.set_title(side)
        axes.set_xlabel(axis.replace("#", "…"))
    title = find_metric(metric).title
    panels[0].set_ylabel(f"{title}, mean over cells")
    lines = {line.get_label(): line for axes in panels for line in axes.get_lines()}
    canvas.legend(
        [lines[arm] for arm in arms],
        [shortened(arm, 56) for arm in arms],
        loc="outside lower center",
        ncols=_legend_columns(arms),
    )
    every = [spreads for found in curves.values() for spreads in found.values()]
    return Picture(
        name=name,
        caption=f"{title} under {axis.replace('#', '…')}, mildest level first, levels equally "
        f"spaced; means over the cells that every level has, {band_words(every)}. {EXPLAINED}",
        alternative=_in_words(axis, texts, curves, title),
        canvas=canvas,
    )


def _legend_columns(arms: Sequence[str]) -> int:
    longest = max(map(len, arms))
    return 3 if longest < 14 else 2 if longest < 25 else 1


def _legend_rows(arms: Sequence[str]) -> int:
    return -(-len(arms) // _legend_columns(arms))


def _in_words(axis: str, texts: Sequence[str], curves: Curves, title: str) -> str:
    said = "; ".join(
        f"{arm}, {side}: {spreads[0].mean:.2f} at {texts[0]}, {spreads[-1].mean:.2f} at {texts[-1]}"
        for side, found in curves.items()
        for arm, spreads in found.items()
    )
    return f"Curves of {title} under {axis.replace('#', '…')}. {said}."


FIGURE = FigureKind(
    title="a metric against the level of a degradation (robustness curves)",
    needs="scored degradations with a number, such as `degradations: [none, jpeg(90), jpeg(50)]`",
    draw=draw,
    page=40,
    takes_metric=True,
)
