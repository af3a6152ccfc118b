"""NPR at several factors in one detector; no paper, from a study of NPR's factor.

The study puts the maps of 0.25, 0.5 and 0.75 side by side as channels and hopes that coarse and
fine neighbourhoods show different generators. What those factors compare is said in `zoo/npr.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import field_validator

from detectors.contract import Card, Options
from detectors.zoo.npr import CARD as NPR_CARD
from detectors.zoo.npr import Factor

if TYPE_CHECKING:
    from torch import nn


class NPRMultiOptions(Options):
    """Which maps, and where they meet."""

    factors: tuple[Factor, ...] = (0.25, 0.5, 0.75)
    """Two or more, in any order; 1/l as a number or as a text. In an experiment file, where a list
    is an axis, one choice of factors is a list in it: [["1/2", "1/3", "1/4"]]."""

    join: Literal["channels", "mean_logit"] = "channels"
    """channels: three per factor into one trunk, whose first convolution alone grows: 1,441,217
    weights for three factors. mean_logit: a whole NPR per factor, with weights of its own, trained
    together by the mean of their logits: 4,313,283 for three. Trunks are not shared, because the
    maps of two factors are no two views of one thing: their scales and their zeros differ."""

    mode: Literal["nearest", "bilinear", "bicubic"] = "nearest"
    """Interpolation of all maps, as in `npr`."""

    size: Literal["full", "tiny"] = "full"
    """tiny: one block a stage and narrow, for tests: 8,249 weights with three factors joined as
    channels."""

    @field_validator("factors")
    @classmethod
    def _one_order(cls, factors: tuple[float, ...]) -> tuple[float, ...]:
        if len(factors) < 2 or len(set(factors)) < len(factors):
            raise ValueError("it needs two or more factors, each once; for one there is npr")
        return tuple(sorted(factors))

    def cpu_seconds_per_megapixel(self) -> float:
        """`tiny` measured at 32 px; `full` as NPR, times what `npr_maps.py` measured beside it."""
        share = 1.04 * len(self.factors) if self.join == "mean_logit" else 1.0
        return share * (0.7 if self.size == "tiny" else 7.7)


CARD = Card(
    name="npr_multi",
    version=1,
    title="NPR at several factors, joined as channels or by the mean logit",
    options=NPRMultiOptions,
    presets=NPR_CARD.presets,
    default_preset=NPR_CARD.default_preset,
    # The study trains it as it trains NPR. There is no paper, so no recipe is called so.
    recipes={"seed": NPR_CARD.recipes["seed"]},
    published=("None: the study that names it has no results.",),
)


def build(options: NPRMultiOptions) -> nn.Module:
    """The network; see `detectors.networks.npr_multi`."""
    from detectors.networks.npr import NPRMap
    from detectors.networks.npr_multi import NPRChannels, NPRMeanLogit

    maps = [NPRMap(factor, options.mode) for factor in options.factors]
    network = NPRChannels if options.join == "channels" else NPRMeanLogit
    return network(maps, tiny=options.size == "tiny")
