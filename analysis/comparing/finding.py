"""A finding: what was compared, by which test, what came out, and the sentence that says it.

Page, terminal, tables, figures and `findings.json` show findings and compute nothing of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from analysis.statistics.effect import Effect

Claim = Literal[
    "these files on these generators",
    "this procedure on these generators",
    "these files on new generators",
    "this procedure on new generators",
    "this procedure on new training and test generators",
]
"""What a comparison generalises to; the test follows from it."""
CLAIMS: tuple[Claim, ...] = get_args(Claim)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A minus B on one unit, such as a test generator: a row of a forest plot.

    `low` and `high` are an interval of the difference, None where there is none.
    """

    name: str
    family: str
    a: float
    b: float
    low: float | None = None
    high: float | None = None

    @property
    def value(self) -> float:
        """A minus B, in the metric's unit."""
        return self.a - self.b


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The answer to one question of an experiment.

    `key` tells it from every other of the experiment and is the same whenever it is asked anew.
    `scope` says what the number is over: macro or pooled, diagonal in or out, the threshold's rule.
    `headline` is the test that the claim asks for, None where it is refused, and then `refusal`
    says why and what to do. `others` stand beside it and answer narrower claims, each by its
    `units`. `p_corrected` is the headline's p after `correction` over `family_size` comparisons.
    `detectable` is the smallest difference that the design finds with power .8, in the metric's
    unit. Values are shares of 1; `sentence` says points, which are hundredths. `warnings` weaken
    the answer; `notes` stand beside it: what was left out, ranks of several levels, a trend.
    """

    key: str
    question: str
    a: str
    b: str
    metric: str
    scope: str
    claim: Claim
    headline: Effect | None
    refusal: str | None
    others: tuple[Effect, ...] = ()
    p_corrected: float | None = None
    correction: str = "none"
    family_size: int = 1
    detectable: float | None = None
    differences: tuple[Difference, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    sentence: str = ""
