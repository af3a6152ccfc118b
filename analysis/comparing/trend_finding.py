"""Does a metric rise or fall along an axis: only where the axis is declared ordered.

One slope per test generator, and the exact sign-flip test of the slopes. Levels without an order,
or whose numbers are no distances, have no trend: NPR's factor .5 halves an image without a shift,
and so does any factor 1/l, but .75 moves pixels against the grid that it looks for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from analysis.comparing.compared_cells import ComparedCell
from analysis.comparing.drafts import Draft
from analysis.comparing.finding import Difference, Finding
from analysis.comparing.question import Question, Unanswerable
from analysis.comparing.refused import refused_draft
from analysis.comparing.several_levels import LevelTable, level_table
from analysis.comparing.wording import (
    SPEAKS_OF,
    interval_words,
    listed,
    p_words,
    points,
    threshold_rule,
)
from analysis.measuring.metric_registry import Metric
from analysis.statistics.effect import Effect, NotTestable
from analysis.statistics.trend import trend

NPR_FACTOR = "npr.factor"
_NUMBER = re.compile(r"(?<![\w.])-?\d*\.?\d+")


def trend_draft(
    question: Question,
    metric: Metric,
    levels: Mapping[str, Sequence[ComparedCell]],
    asked: str,
) -> Draft:
    """Return the finding on the trend along the levels of a question that declares them ordered."""
    names = ("trend", f"along {question.key}")
    try:
        places = places_of(question.key, tuple(levels))
        table = level_table(question, metric, levels)
        if table is None:
            raise Unanswerable(
                "The levels share no whole test set, or other settings vary with them",
                "Run what is missing, or narrow it with `where`",
            )
        effect = trend(places, table.values_GL)
    except Unanswerable as error:
        return refused_draft(question, asked, error, *names)
    except NotTestable as error:
        refusal = Unanswerable(error.why[0].upper() + error.why[1:], error.mend)
        return refused_draft(question, asked, refusal, *names)
    finding = Finding(
        key=f"{question.key}/trend/{question.metric}/{question.on}",
        question=asked,
        a=f"trend along {question.key}",
        b="no trend",
        metric=question.metric,
        scope=f"macro, {threshold_rule(metric)}",
        claim="these files on new generators",
        headline=effect,
        refusal=None,
        differences=_slopes(table, places),
        notes=(f"Values are slopes: {metric.title} per 1 of {question.key}.",),
    )
    return Draft(
        finding,
        question.correction,
        lambda whole: _sentence(whole, effect, question, table, metric),
    )


def places_of(key: str, levels: Sequence[str]) -> list[float]:
    """Return where levels stand on their axis.

    Raises:
        Unanswerable: a level has no number, or the axis has no order.
    """
    found = [_NUMBER.findall(level) for level in levels]
    for level, numbers in zip(levels, found, strict=True):
        if len(numbers) != 1:
            raise Unanswerable(
                f"{key}: {level} has {len(numbers)} numbers, so that it has no place on an axis",
                "Compare the levels pair by pair, without `ordered`",
            )
    places = [float(number) for [number] in found]
    if key == NPR_FACTOR:
        for place in places:
            if place <= 0 or abs(round(1 / place) - 1 / place) > 1e-9:
                raise Unanswerable(
                    f"{key}: {place:g} is not 1/l of a whole l: nearest-neighbour steps of it move "
                    "pixels against the grid, so that it is another residual and no place between "
                    "its neighbours",
                    "Keep to 1/2, 1/3, 1/4, ..., or compare pair by pair, without `ordered`",
                )
    return places


def _slopes(table: LevelTable, places: Sequence[float]) -> tuple[Difference, ...]:
    """Return each generator's value at the last level and at the first."""
    order = sorted(range(len(places)), key=places.__getitem__)
    return tuple(
        Difference(
            name=name,
            family="",
            a=float(table.values_GL[n, order[-1]]),
            b=float(table.values_GL[n, order[0]]),
        )
        for n, name in enumerate(table.generators)
    )


def _sentence(
    finding: Finding, effect: Effect, question: Question, table: LevelTable, metric: Metric
) -> str:
    p = "" if effect.p is None else f", {p_words(effect.p)}"
    corrected = finding.correction
    if finding.p_corrected is not None and corrected != "none":
        corrected = f"{corrected}: {p_words(finding.p_corrected)}"
    return (
        f"Along {question.key} ({listed(table.levels)}) {metric.title} changes by "
        f"{points(effect.value, signed=True)} points per 1 of it on {len(table.generators)} "
        f"generators ({listed(table.generators)}), {interval_words(effect)}{p} ({effect.method}; "
        f"units: {effect.units}; {finding.family_size} comparisons, correction {corrected}). This "
        f"speaks about {SPEAKS_OF[finding.claim]}."
    )
