"""How large a difference is beside its spread, in a sentence: no test, and no unit of a metric."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.comparing.blocks import Block
from analysis.statistics.effect import NotTestable
from analysis.statistics.effect_sizes import dz, probability_of_improvement


def effect_size_notes(block: Block, a: str, b: str) -> Iterator[str]:
    """Give P(A > B) of single runs, and the difference in standard deviations over generators.

    Args:
        block: the numbers.
        a: what A is called.
        b: what B is called.
    """
    if min(len(block.seeds_a), len(block.seeds_b)) < 2:
        return
    better = probability_of_improvement(block.a_SG, block.b_SG)
    text = f"Effect sizes: a run of {a} is above one of {b} on a generator with P = {better:.2f}"
    try:
        over_generators = dz(block.differences)
    except NotTestable:
        yield f"{text}."
    else:
        shown = f"{over_generators:.2f}".replace("-", "−")
        yield f"{text}; the mean difference is {shown} standard deviations over generators (dz)."
