"""The tests of a finding in a table's words: the headline first, narrower claims below it."""

from __future__ import annotations

from typing import NamedTuple

from analysis.comparing.finding import Finding
from analysis.comparing.wording import p_words, points
from analysis.statistics.effect import Effect


class EffectRow(NamedTuple):
    """One test: its name, A minus B in points, the interval, p, and what was counted."""

    method: str
    difference: str
    interval: str
    p: str
    units: str


HEADS = EffectRow("test", "A − B", "interval", "p", "units")


def effect_rows(finding: Finding) -> list[EffectRow]:
    """Return the rows of a finding's tests; the headline, where it has one, is the first."""
    effects = [*([finding.headline] if finding.headline is not None else []), *finding.others]
    return [_row(effect) for effect in effects]


def difference_rows(finding: Finding) -> list[tuple[str, str, str, str, str, str]]:
    """Return a row for each generator: name, family, A, B, A minus B, interval; all in points."""
    return [
        (
            each.name,
            each.family,
            points(each.a),
            points(each.b),
            points(each.value, signed=True),
            _between(each.low, each.high),
        )
        for each in finding.differences
    ]


def _row(effect: Effect) -> EffectRow:
    level = "" if effect.level == 0.95 else f" ({100 * effect.level:g} %)"
    interval = _between(effect.low, effect.high)
    return EffectRow(
        effect.method,
        points(effect.value, signed=True),
        f"{interval}{level}" if interval else "",
        "" if effect.p is None else p_words(effect.p).removeprefix("p = ").removeprefix("p "),
        effect.units,
    )


def _between(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return ""
    return f"[{points(low, signed=True)}, {points(high, signed=True)}]"
