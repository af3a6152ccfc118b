"""A minus B on each test generator: the rows of a forest plot."""

from __future__ import annotations

from analysis.comparing.blocks import Block, Values
from analysis.comparing.finding import Difference
from analysis.statistics.effect import NotTestable
from analysis.statistics.seed_tests import paired_t, welch_t


def differences_of(block: Block) -> tuple[Difference, ...]:
    """Return the difference on each generator, with its interval over seeds where there is one.

    An interval is of this generator and this training procedure, not corrected for their number.
    """
    a_SG, b_SG = block.a_SG, block.b_SG
    found = []
    for place, generator in enumerate(block.generators):
        low, high = _interval(block, a_SG[:, place], b_SG[:, place])
        found.append(
            Difference(
                name=generator,
                family=block.families[place],
                a=float(a_SG[:, place].mean()),
                b=float(b_SG[:, place].mean()),
                low=low,
                high=high,
            )
        )
    return tuple(found)


def _interval(block: Block, a_S: Values, b_S: Values) -> tuple[float | None, float | None]:
    try:
        found = (paired_t if block.has_paired_seeds else welch_t)(list(a_S), list(b_S))
    except NotTestable:
        return None, None
    return found.low, found.high
