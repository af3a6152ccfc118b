"""Rows of small images with one scale of colours each: maps of several test sets side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.figures.style import FONT_POINTS, new_canvas, shortened

if TYPE_CHECKING:
    import numpy.typing as npt
    from matplotlib.colors import Colormap, Normalize
    from matplotlib.figure import Figure as Canvas

    Values = npt.NDArray[np.floating[Any]]

SEQUENTIAL, DIVERGING = "cividis", "PuOr_r"
"""Colours that colour-blind people tell apart; of a difference orange is more in fakes."""
SHADES = 64
"""Steps of a scale: a small file, and no step that an eye would miss."""
WIDTH_IN, LABELS_IN, BAR_IN = 7.0, 0.7, 0.55
PANEL_IN = 1.05
"""Side of a panel, at most; the paper's width bounds it where there are many."""


@dataclass(frozen=True)
class PanelScale:
    """A scale of colours, the same in every figure of its kind; what lies beyond has its end.

    Attributes:
        label: of what, with its unit.
        low, high: its ends.
        ticks: that are written.
        linear_to: of a scale around 0, values up to this are linear and larger ones logarithmic,
            so that a faint difference is seen beside a large one; None: linear all along.
        is_root: whether colours go by the square root, for values from 0 of which most are small.
    """

    label: str
    low: float
    high: float
    ticks: Sequence[float]
    linear_to: float | None = None
    is_root: bool = False

    @property
    def colours(self) -> str:
        """The name of its colours: around 0 or from an end."""
        return SEQUENTIAL if self.linear_to is None else DIVERGING

    def norm(self) -> Normalize:
        """Return how values become places between the ends."""
        from matplotlib.colors import Normalize, PowerNorm, SymLogNorm

        if self.linear_to is not None:
            return SymLogNorm(self.linear_to, vmin=self.low, vmax=self.high)
        if self.is_root:
            return PowerNorm(0.5, self.low, self.high)
        return Normalize(self.low, self.high)


@dataclass(frozen=True)
class PanelRow:
    """Panels that share a scale with the rows of the same `scale`.

    Attributes:
        label: before the row.
        maps: one for each column.
        scale: what the colours mean.
    """

    label: str
    maps: Sequence[Values]
    scale: PanelScale


def panel_rows(
    titles: Sequence[str], rows: Sequence[PanelRow], *, width_in: float = WIDTH_IN
) -> Canvas:
    """Draw rows of panels, one column for each title, a bar of colours beside each scale.

    Args:
        titles: above the columns.
        rows: each with as many maps.
        width_in: of the paper.
    """
    import matplotlib

    columns = len(titles)
    side = min(PANEL_IN, (width_in - LABELS_IN - BAR_IN) / columns)
    canvas = new_canvas(
        max(3.4, side * columns + LABELS_IN + BAR_IN), side * 1.06 * len(rows) + 0.3
    )
    grid = canvas.subplots(len(rows), columns, squeeze=False)
    for row, axes_of_row in zip(rows, grid, strict=True):
        colours: Colormap = matplotlib.colormaps[row.scale.colours].resampled(SHADES)
        norm = row.scale.norm()
        for axes, values in zip(axes_of_row, row.maps, strict=True):
            axes.imshow(values, cmap=colours, norm=norm, interpolation="nearest")
            axes.set_xticks([])
            axes.set_yticks([])
            for spine in axes.spines.values():
                spine.set_visible(False)
        axes_of_row[0].set_ylabel(row.label)
    for axes, title in zip(grid[0], titles, strict=True):
        most = max(8, int(side / (FONT_POINTS * 0.6 / 72)))
        axes.set_title(shortened(title, most), fontsize=FONT_POINTS)
    _bars(canvas, rows, grid)
    return canvas


def _bars(canvas: Canvas, rows: Sequence[PanelRow], grid: Any) -> None:
    for scale in dict.fromkeys(row.scale for row in rows):
        own = [axes for row, axes in zip(rows, grid, strict=True) if row.scale == scale]
        image = own[0][0].images[0]
        bar = canvas.colorbar(image, ax=list(np.ravel(own)), aspect=14 * len(own), pad=0.015)
        bar.set_ticks(list(scale.ticks), labels=[f"{tick:g}" for tick in scale.ticks])
        bar.minorticks_off()
        bar.set_label(scale.label, fontsize=FONT_POINTS - 1)
        bar.outline.set_linewidth(0.4)
