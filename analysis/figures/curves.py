"""Curves of a share of 1 over seeds: means joined by a line, a band of one standard deviation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from analysis.figures.style import Stroke

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from analysis.matrices.matrix import Spread


def curve(
    axes: Axes, places: Sequence[float], spreads: Sequence[Spread], stroke: Stroke, label: str
) -> None:
    """Draw means at places, and their standard deviations where there are several seeds."""
    means = [spread.mean for spread in spreads]
    axes.plot(places, means, **stroke.marked, label=label)
    sds = [spread.sd for spread in spreads]
    known = [sd for sd in sds if sd is not None]
    if len(known) == len(sds):
        low = [mean - sd for mean, sd in zip(means, known, strict=True)]
        high = [mean + sd for mean, sd in zip(means, known, strict=True)]
        axes.fill_between(places, low, high, color=stroke.color, alpha=0.15, linewidth=0)


def band_words(every: Iterable[Sequence[Spread]]) -> str:
    """Say what the bands of some curves are."""
    counts = {len(spread.values) for spreads in every for spread in spreads}
    if counts == {1}:
        return "one value each, so no band"
    several = sorted(count for count in counts if count > 1)
    seeds = str(several[0]) if len(several) == 1 else f"{several[0]} to {several[-1]}"
    return f"bands: ± 1 standard deviation over {seeds} seeds"
