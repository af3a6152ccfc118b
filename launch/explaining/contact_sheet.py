"""All panels of an image on one page, with what the detector says of it."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from launch.explaining.panels import Panel, enlarged

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 4
PANEL_INCHES = 3.0
CAPTION_INCHES = 0.85
HEAD_INCHES = 0.55
FOOT_INCHES = 0.35
DOTS_PER_INCH = 110
CHARACTERS_PER_LINE = 40


def write_sheet(path: Path, title: str, said: str, panels: Sequence[Panel], remark: str) -> None:
    """Draw a page and write it as PNG.

    Args:
        path: of the file.
        title: of the page, in bold.
        said: below it.
        panels: at least one.
        remark: below all of them; "" for none.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    columns = max(2, min(COLUMNS, len(panels)))
    rows = [panels[first : first + columns] for first in range(0, len(panels), columns)]
    height = HEAD_INCHES + sum(CAPTION_INCHES + _inches(row) for row in rows) + FOOT_INCHES
    figure = Figure((columns * (PANEL_INCHES + 0.6), height), dpi=DOTS_PER_INCH, facecolor="white")
    FigureCanvasAgg(figure)
    _head(figure, height, title, said, columns * CHARACTERS_PER_LINE)
    top = height - HEAD_INCHES
    for row in rows:
        top -= CAPTION_INCHES + _inches(row)
        for column, panel in enumerate(row):
            place = (column + 0.03) / columns, top / height, 0.8 / columns, _inches(row) / height
            _draw(figure, figure.add_axes(place), panel)
    if remark:
        figure.text(0.01, 0.12 / height, remark, fontsize=8, color="#444444")
    figure.savefig(path, format="png")


def _inches(row: Sequence[Panel]) -> float:
    """Height of a row: of its tallest picture, which is never taller than wide."""
    sides = [panel.picture.shape[:2] for panel in row]
    return PANEL_INCHES * float(min(1.0, max(tall / wide for tall, wide in sides)))


def _head(figure: Figure, height: float, title: str, said: str, width: int) -> None:
    shown = title if len(title) <= width else "..." + title[3 - width :]
    figure.text(0.01, 1 - 0.3 / height, shown, fontsize=11, fontweight="bold", parse_math=False)
    lines = "\n".join(textwrap.wrap(said, round(1.3 * width)))
    top = 1 - 0.42 / height
    figure.text(0.01, top, lines, fontsize=9, va="top", color="#222222", parse_math=False)


def _draw(figure: Figure, axes: Axes, panel: Panel) -> None:
    """A picture with its name and caption above, and its scale of colours beside it."""
    axes.imshow(enlarged(panel.picture), interpolation="antialiased", aspect="equal")
    axes.set_anchor("NW")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_color("#bbbbbb")
    caption = "\n".join(textwrap.wrap(panel.caption, CHARACTERS_PER_LINE + 6)[:3])
    axes.set_title(caption, fontsize=7.5, loc="left", color="#444444", pad=3, parse_math=False)
    lines = caption.count("\n") + 1 if caption else 0
    axes.annotate(
        "\n".join(textwrap.wrap(panel.name, CHARACTERS_PER_LINE)[:2]),
        (0, 1),
        (0, 5 + 10.5 * lines),
        xycoords="axes fraction",
        textcoords="offset points",
        fontsize=9,
        fontweight="bold",
        annotation_clip=False,
        parse_math=False,
    )
    if panel.scale is not None:
        _colour_bar(figure, axes, panel)


def _colour_bar(figure: Figure, axes: Axes, panel: Panel) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize
    from matplotlib.ticker import MaxNLocator

    assert panel.scale is not None
    # Where the picture ends once its shape is kept.
    axes.apply_aspect()
    place = axes.get_position()
    bar = figure.add_axes((place.x1 + 0.004, place.y0, 0.008, place.height))
    norm = Normalize(panel.scale.low, panel.scale.high)
    drawn = figure.colorbar(ScalarMappable(norm, panel.scale.name), cax=bar)
    drawn.ax.yaxis.set_major_locator(MaxNLocator(5))
    drawn.ax.yaxis.set_major_formatter(lambda value, _: f"{value:.3g}")
    drawn.ax.tick_params(labelsize=6.5, length=2, pad=1)
    drawn.outline.set_visible(False)
