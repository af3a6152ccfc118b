"""Mean NPR residuals of reals and fakes: over the crop, by phase of the grid, and of examples."""

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
from grid.records.artifacts.pool_residuals import PoolResiduals, readable_residuals

if TYPE_CHECKING:
    import numpy.typing as npt

    Values = npt.NDArray[np.float64]

MOST_COLUMNS = 6
PERIOD_PX = 8
"""Of the phases: JPEG's blocks, and up-sampling by 2, 4 and 8, repeat in it."""
UNIT = "grey levels"
LEVEL = PanelScale(UNIT, 0, 32, (0, 1, 4, 8, 16, 32), is_root=True)
DIFFERENCE = PanelScale(f"fake less real, {UNIT}", -16, 16, (-16, -4, -1, 0, 1, 4, 16), 2)
EXAMPLE = PanelScale(UNIT, 0, 255, (0, 4, 16, 64, 128, 255), is_root=True)
SHOWN_EXAMPLES = 3


def draw(evidence: Evidence) -> Iterator[Picture]:
    """Yield the means of the test sets of each equalise, and examples of them."""
    found = readable(evidence, readable_residuals(evidence.selection.store, pools_of(evidence)))
    groups = compared_alike(evidence, found)
    for group, sets, name in named_parts("residual-maps", groups, MOST_COLUMNS):
        yield _means(group, sets, name)
        yield _examples(group, sets, name.replace("maps", "examples", 1))


def by_phase(map_HW: Values, period: int = PERIOD_PX) -> Values:
    """Return the mean at each place of a grid of period x period pixels, whole periods alone."""
    height, width = (size // period * period for size in map_HW.shape)
    blocks = map_HW[:height, :width].reshape(height // period, period, width // period, period)
    phases: Values = blocks.mean(axis=(0, 2))
    return phases


def _mean(residuals: Sequence[PoolResiduals]) -> Values:
    mean, _ = pooled([(each.counted.images, each.mean, each.error) for each in residuals])
    return mean


def _means(
    group: ComparedAlike[PoolResiduals], sets: Sequence[TwoSides[PoolResiduals]], name: str
) -> Picture:
    reals = [_mean(each.reals) for each in sets]
    fakes = [_mean(each.fakes) for each in sets]
    phases = [[by_phase(each) for each in side] for side in (reals, fakes)]
    shown = {"real": reals, "fake": fakes, "real, phases": phases[0], "fake, phases": phases[1]}
    rows = [PanelRow(label, maps, LEVEL) for label, maps in shown.items()]
    differences = [fake - real for real, fake in zip(*phases, strict=True)]
    rows.append(PanelRow("difference", differences, DIFFERENCE))
    counts = "; ".join(f"{s.name} {s.images[0]:,} and {s.images[1]:,}" for s in sets)
    means = zip(sets, reals, fakes, strict=True)
    mean = {each.name: fake.mean() - real.mean() for each, real, fake in means}
    return Picture(
        name=name,
        caption="What NPR compares: the mean over images of |x - up(down(x))| at factor .5, "
        "nearest neighbours, which is 0 at the top left pixel of each block of 2. Below, the same "
        f"by its phase in a grid of {PERIOD_PX} px, and the phases of fakes less those of reals. "
        f"{group.in_words} Real and fake images: {counts}.",
        alternative="Maps of mean residuals. Those of fakes differ from those of reals on average "
        "by " + ", ".join(f"{n} {value:+.1f} {UNIT}" for n, value in mean.items()) + ".",
        canvas=panel_rows(short_names(sets), rows),
    )


def _examples(
    group: ComparedAlike[PoolResiduals], sets: Sequence[TwoSides[PoolResiduals]], name: str
) -> Picture:
    columns = [
        [list(pools[0].examples.values()) for pools in (each.reals, each.fakes)] for each in sets
    ]
    few = min(SHOWN_EXAMPLES, *(len(side) for each in columns for side in each))
    rows = [
        PanelRow(f"{label} {number + 1}", [each[side][number] for each in columns], EXAMPLE)
        for side, label in enumerate(("real", "fake"))
        for number in range(few)
    ]
    return Picture(
        name=name,
        caption=f"Residuals |x - up(down(x))| of single images, the first {few} by their id of "
        f"each side, chosen by nobody. {group.in_words}",
        alternative=f"Residuals of {few} real and {few} fake images of each test set: edges of "
        "their scenes, and a grid where an up-sampler left one.",
        canvas=panel_rows(short_names(sets), rows),
    )


FIGURE = FigureKind(
    title="Mean NPR residuals of reals and fakes, by phase of the grid, and of single images",
    needs="residual maps of the images: crossgen residual-maps FILE",
    draw=draw,
    page=120,
)
