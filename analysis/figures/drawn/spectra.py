"""Mean log power spectra of reals and fakes, and their difference, for each test set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from analysis.comparing.evidence import Evidence
from analysis.figures.figure import FigureKind, Picture
from analysis.figures.panels import PanelRow, PanelScale, panel_rows
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

    Values = npt.NDArray[np.float64]

MOST_COLUMNS = 6
POWER = PanelScale("dB", -60, 10, (-60, -40, -20, 0))
"""From the rounding of 8-bit values to the lowest frequencies of photographs."""
DIFFERENCE = PanelScale("fake less real, dB", -30, 30, (-30, -10, -3, 0, 3, 10, 30), linear_to=3)


def draw(evidence: Evidence) -> Iterator[Picture]:
    """Yield a picture of the test sets of each equalise, several where there are many sets."""
    found = readable(evidence, readable_spectra(evidence.selection.store, pools_of(evidence)))
    groups = compared_alike(evidence, found)
    for group, sets, name in named_parts("spectra", groups, MOST_COLUMNS):
        yield _picture(group, sets, name)


def whole_plane(half: Values) -> Values:
    """Return all N x N frequencies, 0 in the middle, of half a plane of shape (N, N / 2 + 1).

    A real image's spectrum is the same at (u, v) and (-u, -v).
    """
    side = half.shape[0]
    mirrored = np.roll(half[::-1], 1, axis=0)  # row -u; the lowest row is its own mirror
    return np.concatenate([mirrored[:, side // 2 : 0 : -1], half[:, : side // 2]], axis=1)


def _mean(spectra: Sequence[PoolSpectrum]) -> Values:
    mean, _ = pooled([(each.counted.images, each.mean, each.error) for each in spectra])
    return whole_plane(mean)


def _picture(
    group: ComparedAlike[PoolSpectrum], sets: Sequence[TwoSides[PoolSpectrum]], name: str
) -> Picture:
    reals = [_mean(each.reals) for each in sets]
    fakes = [_mean(each.fakes) for each in sets]
    every = [fake - real for real, fake in zip(reals, fakes, strict=True)]
    rows = [
        PanelRow("real", reals, POWER),
        PanelRow("fake", fakes, POWER),
        PanelRow("difference", every, DIFFERENCE),
    ]
    counts = "; ".join(f"{s.name} {s.images[0]:,} and {s.images[1]:,}" for s in sets)
    return Picture(
        name=name,
        caption="Mean log power spectra of real and fake images and their difference, frequency 0 "
        "in the middle, half a cycle per pixel at the edges; Hann window, mean over images of 10 "
        f"log10 of the power of luminance. {group.in_words} Real and fake images: {counts}.",
        alternative=_in_words(sets, every),
        canvas=panel_rows(short_names(sets), rows),
    )


def _in_words(sets: Sequence[TwoSides[PoolSpectrum]], differences: Sequence[Values]) -> str:
    said = []
    for each, values in zip(sets, differences, strict=True):
        side = values.shape[0]
        down, across = np.mgrid[-side // 2 : side // 2, -side // 2 : side // 2] / side
        high = np.hypot(down, across) >= 0.25
        said.append(f"{each.name} {values[high].mean():+.1f} dB")
    return (
        "Spectra of real and fake images of each test set. Above a quarter of a cycle per pixel "
        f"fakes differ from reals on average by {', '.join(said)}."
    )


FIGURE = FigureKind(
    title="Mean log power spectra of reals and fakes, and their difference",
    needs="spectra of the images: crossgen spectra FILE",
    draw=draw,
    page=110,
)
