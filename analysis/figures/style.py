"""How all figures look: sizes for paper, one font, colours that colour-blind people tell apart.

A figure is drawn in the style whatever the user's matplotlib is set to, so the same store gives the
same bytes. Colours are those of Okabe and Ito (2008, "Color Universal Design"); no two series are
told apart by colour alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analysis.figures.colours import LIGHT, css, ink

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure as Canvas

COLUMN_IN = 3.4
"""Width of one column of a paper, in inches."""

PAGE_IN = 7.0
"""Width of both columns, in inches."""

FONT_POINTS = 7
LAYOUT_DOTS_PER_INCH = 150
"""For which the parts of a figure are laid out; at others letters are hardly wider or narrower."""

BLACK, GREY, LIGHT_GREY = "#000000", "#666666", "#d0d0d0"
ORANGE, SKY, GREEN, YELLOW = "#e69f00", "#56b4e9", "#009e73", "#f0e442"
BLUE, VERMILLION, PURPLE = "#0072b2", "#d55e00", "#cc79a7"

REAL, FAKE = GREY, VERMILLION
"""Of the two classes, everywhere."""

_SERIES = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, BLACK)  # yellow is too pale for a line
_MARKERS = "osD^vP*X"
_DASHES: tuple[Any, ...] = ("-", (0, (4, 1.5)), (0, (1, 1)), (0, (5, 1, 1, 1)))
_FAMILIES = {"gan": VERMILLION, "diffusion": BLUE, "unknown": GREY, "mixed": BLACK, "": GREY}
_OTHER_FAMILIES = (GREEN, PURPLE, ORANGE, SKY)


@dataclass(frozen=True)
class Stroke:
    """How one series is drawn, in colour, dash and marker, as matplotlib's keywords call them."""

    color: str
    linestyle: Any
    marker: str

    @property
    def line(self) -> dict[str, Any]:
        """Keywords of a line without markers."""
        return {"color": self.color, "linestyle": self.linestyle}

    @property
    def marked(self) -> dict[str, Any]:
        """Keywords of a line with markers."""
        return {**self.line, "marker": self.marker}


def strokes(names: Iterable[str]) -> dict[str, Stroke]:
    """Return a stroke for each of several series; the first seven differ in colour."""
    every = list(dict.fromkeys(names))
    return {
        name: Stroke(
            _SERIES[n % len(_SERIES)],
            _DASHES[(n // len(_SERIES) + n) % len(_DASHES)],
            _MARKERS[n % len(_MARKERS)],
        )
        for n, name in enumerate(every)
    }


def family_colours(families: Iterable[str]) -> dict[str, str]:
    """Return a colour for each family: GAN and diffusion have the same one in every figure."""
    others = [name for name in dict.fromkeys(families) if name not in _FAMILIES]
    return {
        **_FAMILIES,
        **{name: _OTHER_FAMILIES[n % len(_OTHER_FAMILIES)] for n, name in enumerate(others)},
    }


def chance_is_white() -> LinearSegmentedColormap:
    """Return the colours of a metric in [0, 1], .5 by chance: the page's, without steps."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("chance is white", [css(each) for each in LIGHT])


def white_to_blue() -> LinearSegmentedColormap:
    """Return the colours of a share of which 0 is none and 1 is all."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("white to blue", [css(each) for each in LIGHT[2:]])


def ink_on(colour: Sequence[float]) -> str:
    """Return the text colour that is read best on a colour, given as red, green and blue of 1."""
    red, green, blue = (round(255 * part) for part in colour[:3])
    return ink((red, green, blue))


def settings() -> Any:
    """Return matplotlib's settings of all figures by name; nothing of the user's is left."""
    import matplotlib

    return {
        # A backend is not ours to choose: figures are drawn without one.
        **{k: v for k, v in matplotlib.rcParamsDefault.items() if not k.startswith("backend")},
        "font.family": "DejaVu Sans",
        "mathtext.fontset": "dejavusans",
        "text.hinting": "none",  # so that letters are as wide at any number of dots
        "font.size": FONT_POINTS,
        "axes.titlesize": FONT_POINTS + 1,
        "axes.labelsize": FONT_POINTS,
        "xtick.labelsize": FONT_POINTS - 1,
        "ytick.labelsize": FONT_POINTS - 1,
        "legend.fontsize": FONT_POINTS - 1,
        "legend.frameon": False,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.linewidth": 0.6,
        "xtick.major.width": 0.6,
        "ytick.major.width": 0.6,
        "lines.linewidth": 1.1,
        "lines.markersize": 3.5,
        "text.parse_math": False,  # names of others are shown as they are, "$" among them
        "svg.hashsalt": "crossgen",
    }


@contextmanager
def in_style() -> Iterator[None]:
    """Draw, or write, in the style."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcParams.update(settings())
        yield


def new_canvas(width_in: float, height_in: float) -> Canvas:
    """Return an empty figure of a size in inches, whose parts are laid out without overlaps."""
    from matplotlib.figure import Figure

    return Figure(
        figsize=(width_in, height_in),
        dpi=LAYOUT_DOTS_PER_INCH,
        layout="constrained",
        facecolor="white",
    )


def head(canvas: Canvas, text: str) -> None:
    """Write what is shown above all of a figure, in the middle, its middle left out if too long."""
    characters = int(canvas.get_figwidth() / 0.065)  # of the font's mean width at this size
    canvas.suptitle(shortened(text, characters), fontsize=FONT_POINTS + 1)


def share_axis(axes: Axes, values: Iterable[float], which: str = "y") -> None:
    """Give an axis of shares of 1 one of two fixed scales: .4 to 1, or 0 to 1 where that is cut.

    Chance, .5, is drawn as a thin line.
    """
    lowest = 0.4 if min(values, default=1.0) >= 0.4 else 0.0
    ticks = [0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0] if lowest else [0, 0.25, 0.5, 0.75, 1.0]
    limits = (lowest - 0.01, 1.02)
    if which == "y":
        axes.set_ylim(*limits)
        axes.set_yticks(ticks)
        axes.axhline(0.5, color=GREY, linewidth=0.6, linestyle=(0, (1, 2)), zorder=0)
    else:
        axes.set_xlim(*limits)
        axes.set_xticks(ticks)
        axes.axvline(0.5, color=GREY, linewidth=0.6, linestyle=(0, (1, 2)), zorder=0)


def shortened(text: str, most: int = 28) -> str:
    """Return a name that fits beside an axis, its middle left out where it is longer."""
    if len(text) <= most:
        return text
    tail = (most - 1) // 3
    return f"{text[: most - 1 - tail]}…{text[-tail:]}"
