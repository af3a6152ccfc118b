"""The winner of a sweep, chosen without the generators that it is then judged by.

The best of several levels on the test images is an oracle: somebody had to know the answers to
pick it. Nested selection leaves out one group of near copies at a time, picks the level that is
best on the rest, and takes that level's value on the group left out (Cawley and Talbot, 2010).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.statistics.effect import NotTestable


@dataclass(frozen=True)
class BestOfSweep:
    """Means over generators of a level chosen in two ways, and which levels were chosen.

    `nested` is what somebody gets who chooses without the generator at hand; `oracle` is the best
    level on all of them, which is too good. `chosen` holds the level picked for each group.
    """

    nested: float
    oracle: float
    oracle_level: str
    chosen: dict[str, str]


def best_of_sweep(
    levels: Sequence[str],
    values_LG: npt.ArrayLike,
    groups_G: Sequence[str],
    *,
    lower_is_better: bool = False,
) -> BestOfSweep:
    """Choose among levels with each group of generators left out in turn.

    Args:
        levels: names, two at least.
        values_LG: a metric by level and generator, means over seeds.
        groups_G: the group of near copies of each generator.
        lower_is_better: of the metric.

    Raises:
        NotTestable: fewer than two groups, or a value is missing.
    """
    values = np.asarray(values_LG, dtype=np.float64)
    if values.shape != (len(levels), len(groups_G)):
        raise ValueError(f"{values.shape}: levels x generators is wanted")
    names = list(dict.fromkeys(groups_G))
    if len(names) < 2:
        raise NotTestable(
            "one group of generators leaves none to choose a level by", "test on more generators"
        )
    if np.isnan(values).any():
        raise NotTestable("some cells are missing", "leave out the generators that have them")
    signed = -values if lower_is_better else values
    chosen: dict[str, str] = {}
    judged = np.empty(len(groups_G))
    for name in names:
        held_out = np.array([group == name for group in groups_G])
        best = int(np.argmax(signed[:, ~held_out].mean(axis=1)))
        chosen[name] = levels[best]
        judged[held_out] = values[best, held_out]
    top = int(np.argmax(signed.mean(axis=1)))
    return BestOfSweep(
        nested=float(judged.mean()),
        oracle=float(values[top].mean()),
        oracle_level=levels[top],
        chosen=chosen,
    )
