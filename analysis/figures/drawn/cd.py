"""Critical-difference diagrams: arms by mean rank over test generators (Demsar, 2006)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from analysis.comparing.evidence import Evidence
from analysis.figures.figure import FigureKind, Picture
from analysis.figures.levels import entries_of, is_other
from analysis.figures.style import BLACK, COLUMN_IN, FONT_POINTS, GREY, new_canvas, shortened
from analysis.matrices.main_matrices import main_matrices
from analysis.matrices.matrix import Matrix
from analysis.measuring.metric_registry import DEFAULT, find_metric
from analysis.statistics.effect import NotTestable
from analysis.statistics.friedman import FriedmanResult, critical_difference, friedman

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEWEST_ARMS = 3
ALPHA = 0.05


@dataclass(frozen=True)
class RankedArms:
    """Friedman's test of several arms, and by how much mean ranks must differ (Nemenyi)."""

    result: FriedmanResult
    critical: float

    @property
    def ranks(self) -> list[tuple[str, float]]:
        """Names and mean ranks, the best first."""
        return sorted(self.result.mean_ranks.items(), key=lambda each: each[1])

    def cliques(self) -> list[tuple[float, float]]:
        """Return first and last rank of each largest group that Nemenyi's test does not part."""
        ranks = [rank for _, rank in self.ranks]
        found: list[tuple[float, float]] = []
        last = -1
        for first, rank in enumerate(ranks):
            end = max(n for n, each in enumerate(ranks) if each - rank < self.critical)
            if end > max(first, last):
                found.append((rank, ranks[end]))
                last = end
        return found


def draw(evidence: Evidence, metric: str = DEFAULT) -> Iterator[Picture]:
    """Yield one figure of all main matrices, where three or more have cells in common."""
    ranked = ranked_arms(main_matrices(evidence.matrices), metric)
    if ranked is not None:
        yield _picture(ranked, metric)


def ranked_arms(found: Sequence[Matrix], metric: str) -> RankedArms | None:
    """Rank arms on each test generator that is new to fits; None where that cannot be tested.

    A test generator's value is the mean over the training sets and seeds that all arms have.
    """
    if len(found) < FEWEST_ARMS:
        return None
    every = [entries_of(matrix) for matrix in found]
    common = [
        key
        for key in every[0]
        if all(
            (each := entries.get(key)) is not None
            and is_other(each)
            and not each.entry.missing
            and each.entry.spread(metric) is not None
            for entries in every
        )
    ]
    blocks = [
        [
            fmean(
                spread.mean
                for key in common
                if key[1] == column and (spread := entries[key].entry.spread(metric)) is not None
            )
            for entries in every
        ]
        for column in dict.fromkeys(key[1] for key in common)
    ]
    if not blocks:
        return None
    names = [matrix.title for matrix in found]
    try:
        result = friedman(blocks, names, higher_is_better=find_metric(metric).better == "higher")
    except NotTestable:
        return None
    return RankedArms(result, critical_difference(len(names), len(blocks), ALPHA))


def _picture(ranked: RankedArms, metric: str) -> Picture:
    arms = ranked.ranks
    cliques = ranked.cliques()
    step, top = 0.5, 0.75 + 0.25 * len(cliques)
    depth = top + step * len(arms)
    canvas = new_canvas(COLUMN_IN, 0.75 + 0.31 * depth)
    axes = canvas.add_subplot()
    count = len(arms)
    right = min(1 - 0.02 * count, count - ranked.critical - 0.02)
    axes.set(xlim=(count + 0.1, right), ylim=(depth, -1.1))
    axes.plot([1, count], [0, 0], color=BLACK, linewidth=0.8)
    for whole in range(1, count + 1):
        axes.plot([whole, whole], [0, -0.15], color=BLACK, linewidth=0.8)
        axes.text(whole, -0.25, str(whole), ha="center", va="bottom", fontsize=FONT_POINTS - 1)
    for place, (name, rank) in enumerate(arms):
        floor = top + step * place
        axes.plot([rank, rank, right], [0, floor, floor], color=GREY, linewidth=0.7)
        text = f" {shortened(name, 34)}  {rank:.2f}"
        axes.text(right, floor, text, va="center", ha="left", fontsize=FONT_POINTS - 1)
    for level, (low, high) in enumerate(cliques):
        height = 0.3 + 0.25 * level
        axes.plot([low - 0.03, high + 0.03], [height, height], color=BLACK, linewidth=2.2)
    _critical(axes, ranked.critical, count)
    axes.set_axis_off()
    title = find_metric(metric).title
    axes.set_title(f"mean rank by {title}, 1 is best", fontsize=FONT_POINTS)
    result = ranked.result
    return Picture(
        name="cd",
        caption=f"Mean ranks by {title} over {result.n} test generators, 1 the best; each "
        "generator's value is the mean over the training sets to which it is new, and their seeds. "
        f"A thick line joins arms that Nemenyi's test does not part (critical difference "
        f"{ranked.critical:.2f}, alpha {ALPHA:g}). Friedman's test after Iman and Davenport, "
        f"corrected for ties: F = {_statistic(result.f_tied)}, {_p(result.p_f_tied)}. It speaks "
        "of these files on new generators. What joins two arms depends on which others are there; "
        "pairs are compared in the findings.",
        alternative=_in_words(ranked, title),
        canvas=canvas,
    )


def _critical(axes: Axes, critical: float, count: int) -> None:
    """Draw the critical difference as a bar, beginning where the worst rank is."""
    left, right = float(count), count - critical
    axes.plot([left, right], [-1.0, -1.0], color=BLACK, linewidth=1.2, marker="|", markersize=4)
    axes.text(right, -1.0, f"  CD {critical:.2f}", va="center", fontsize=FONT_POINTS - 1)


def _statistic(f: float) -> str:
    return f"{f:.2f}" if math.isfinite(f) else "infinite, since all generators rank alike"


def _p(p: float) -> str:
    return "p < .001" if p < 0.001 else f"p = {p:.3f}".replace("0.", ".", 1)


def _in_words(ranked: RankedArms, title: str) -> str:
    said = ", ".join(f"{name} {rank:.2f}" for name, rank in ranked.ranks)
    return (
        f"Critical-difference diagram of mean ranks by {title}: {said}; critical difference "
        f"{ranked.critical:.2f}."
    )


FIGURE = FigureKind(
    title="mean ranks of arms over test generators (critical-difference diagram)",
    needs="three arms that are tested on the same new generators",
    draw=draw,
    page=20,
    takes_metric=True,
)
