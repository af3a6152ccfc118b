"""Mean log power over rings of frequency: of reals and fakes, and fakes less reals with bands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from analysis.comparing.evidence import Evidence
from analysis.figures.figure import FigureKind, Picture
from analysis.figures.style import (
    COLUMN_IN,
    FONT_POINTS,
    GREY,
    REAL,
    new_canvas,
    shortened,
    strokes,
)
from analysis.figures.test_set_sides import (
    ComparedAlike,
    TwoSides,
    compared_alike,
    named_parts,
    pooled,
    pools_of,
    readable,
    short_names,
)
from grid.records.artifacts.pool_spectra import PoolSpectrum, readable_spectra

if TYPE_CHECKING:
    import numpy.typing as npt
    from matplotlib.axes import Axes

    Values = npt.NDArray[np.float64]

MOST_LINES = 7


def draw(evidence: Evidence) -> Iterator[Picture]:
    """Yield a picture of the test sets of each equalise, several where there are many sets."""
    found = readable(evidence, readable_spectra(evidence.selection.store, pools_of(evidence)))
    groups = compared_alike(evidence, found)
    for group, sets, name in named_parts("azimuthal-profiles", groups, MOST_LINES):
        yield _picture(group, sets, name)


def profile(spectra: Sequence[PoolSpectrum]) -> tuple[Values, Values]:
    """Return mean and standard error of each ring over all images of some pools, in dB."""
    return pooled([(each.counted.images, each.ring_mean, each.ring_error) for each in spectra])


def _standard_errors(sides: TwoSides[PoolSpectrum]) -> float:
    """How many standard errors a 95 % band is wide on each side: Student's t.

    Degrees of freedom are those of the smaller side, fewer than Welch's: never too narrow.
    """
    from scipy.stats import t

    return float(t.ppf(0.975, min(sides.images) - 1)) if min(sides.images) > 1 else np.nan


def _picture(
    group: ComparedAlike[PoolSpectrum], sets: Sequence[TwoSides[PoolSpectrum]], name: str
) -> Picture:
    canvas = new_canvas(COLUMN_IN, 3.9)
    above, below = canvas.subplots(2, 1, sharex=True)
    # Ring 0 is left out: an image's mean is taken off before, so nothing is there.
    cycles = np.arange(1, group.size_px // 2 + 1) / group.size_px
    known = strokes(each.name for each in sets)
    highest = {}
    for each, label in zip(sets, short_names(sets), strict=True):
        (real, real_error), (fake, fake_error) = profile(each.reals), profile(each.fakes)
        stroke = known[each.name]
        above.plot(cycles, real[1:], color=REAL, linewidth=0.7, zorder=1)
        above.plot(cycles, fake[1:], **stroke.line, label=shortened(label, 24))
        difference = (fake - real)[1:]
        half = _standard_errors(each) * np.hypot(real_error, fake_error)[1:]
        below.fill_between(
            cycles, difference - half, difference + half, color=stroke.color, alpha=0.15, lw=0
        )
        below.plot(cycles, difference, **stroke.line)
        highest[each.name] = float(difference[-1])
    above.plot([], [], color=REAL, linewidth=0.7, label="real, of each test set")
    _axes(above, below)
    canvas.legend(loc="outside lower center", ncols=2, fontsize=FONT_POINTS - 1)
    counts = "; ".join(f"{s.name} {s.images[0]:,} and {s.images[1]:,}" for s in sets)
    return Picture(
        name=name,
        caption="Mean log power by frequency (means over rings of one distance from 0). Above: "
        "fakes in colour, the reals of each test set in grey. Below: fakes less reals, with "
        f"pointwise 95 % bands over images. {group.in_words} Real and fake images: {counts}.",
        alternative="Mean log power by frequency. At half a cycle per pixel fakes differ from "
        "reals by " + ", ".join(f"{each} {v:+.1f} dB" for each, v in highest.items()) + ".",
        canvas=canvas,
    )


def _axes(above: Axes, below: Axes) -> None:
    above.set_ylabel("power, dB")
    below.set_ylabel("fake less real, dB")
    below.axhline(0, color=GREY, linewidth=0.6, zorder=0)
    below.set_xlabel("frequency, cycles per pixel")
    below.set_xlim(0, 0.5)


FIGURE = FigureKind(
    title="Mean log power by frequency: reals, fakes and their difference",
    needs="spectra of the images: crossgen spectra FILE",
    draw=draw,
    page=100,
)
