"""What a test or an interval gives: an effect with its uncertainty, and what it speaks of."""

from __future__ import annotations

from dataclasses import dataclass


class NotTestable(ValueError):
    """Numbers that a test says nothing of; its text says why, and what to do.

    `why` and `mend` are clauses without a full stop.
    """

    def __init__(self, why: str, mend: str) -> None:
        super().__init__(f"{why[0].upper()}{why[1:]}. {mend[0].upper()}{mend[1:]}.")
        self.why = why
        self.mend = mend


@dataclass(frozen=True)
class Interval:
    """An estimate and its confidence interval, in the estimate's own unit; `method` names how."""

    estimate: float
    low: float
    high: float
    method: str
    level: float = 0.95


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What a test gives of an effect, which is A minus B where two are compared.

    `low` and `high` are the confidence interval at `level`, in the value's unit, None where the
    method has none. `p` is two-sided unless `method` says otherwise; None where the data allow an
    interval or a bound alone. `units` says what was counted as independent: "8 test generators",
    "6,000 images". `notes` are sentences that have to be read with the result.
    """

    method: str
    value: float
    low: float | None
    high: float | None
    p: float | None
    units: str
    level: float = 0.95
    statistic: float | None = None
    df: float | None = None
    notes: tuple[str, ...] = ()
