"""What is said of several levels together, beside their pairs: ranks, the best of a sweep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from analysis.comparing.best_of_sweep import best_of_sweep
from analysis.comparing.compared_cells import ComparedCell
from analysis.comparing.question import Question
from analysis.comparing.several_levels import LevelTable, level_table
from analysis.comparing.validation_choice import ValidationAuc
from analysis.comparing.wording import listed, p_words, points
from analysis.measuring.metric_registry import Metric
from analysis.statistics.effect import NotTestable
from analysis.statistics.friedman import friedman
from data.counts import counted


def level_notes(
    question: Question,
    metric: Metric,
    levels: Mapping[str, Sequence[ComparedCell]],
    validation_auc: ValidationAuc,
) -> Iterator[str]:
    """Give sentences on three levels and more.

    Args:
        question: what is asked.
        metric: of the question.
        levels: their cells.
        validation_auc: what a level may be chosen by, without looking at a test image.
    """
    if len(levels) < 3:
        return
    table = level_table(question, metric, levels)
    if table is not None:
        yield from _ranks(table, is_lower_better(metric))
        yield from _best(table, metric)
        yield from _chosen(table, metric, {k: validation_auc(v) for k, v in levels.items()})


def is_lower_better(metric: Metric) -> bool:
    """Say whether smaller values of a metric are better, as of an error."""
    return metric.better == "lower"


def _ranks(table: LevelTable, lower: bool) -> Iterator[str]:
    try:
        found = friedman(table.values_GL, table.levels, higher_is_better=not lower)
    except NotTestable as error:
        yield f"No Friedman test over all {len(table.levels)} levels: {error}"
        return
    ranks = listed([f"{name} {found.mean_ranks[name]:.2f}" for name in table.levels])
    k, n = len(table.levels), found.n
    yield (
        f"All {k} levels over {counted(n, 'test generator')}: Friedman, Iman-Davenport "
        f"F({k - 1}, {(k - 1) * (n - 1)}) = {found.f_tied:.2f}, {p_words(found.p_f_tied)}, "
        f"corrected for ties; mean ranks, 1 the best: {ranks}. It speaks of these trained files; "
        "which levels differ is asked of each pair."
    )


def _best(table: LevelTable, metric: Metric) -> Iterator[str]:
    try:
        found = best_of_sweep(
            table.levels, table.values_GL.T, table.groups, lower_is_better=is_lower_better(metric)
        )
    except NotTestable:
        return
    picked = Counter(found.chosen.values()).most_common()
    times = listed([f"{level} {counted(n, 'time')}" for level, n in picked])
    yield (
        f"Best of the sweep, chosen without the group of generators that it is judged by: "
        f"{metric.title} {points(found.nested)} points (picked: {times}). The best level on all "
        f"of them, {found.oracle_level} with {points(found.oracle)}, is an oracle: it was picked "
        "on the generators that it is shown for."
    )


def _chosen(
    table: LevelTable, metric: Metric, validation: Mapping[str, float | None]
) -> Iterator[str]:
    """Give the level that validation images choose, and what it comes to; no oracle either."""
    known = {level: value for level, value in validation.items() if value is not None}
    if len(known) < len(validation):
        return
    top = max(known.values())
    best = [level for level, value in known.items() if value == top]
    if len(best) > 1:
        yield (
            f"Validation chooses none: {listed(best)} have the same mean validation AUC, "
            f"{points(top)} points."
        )
        return
    place = table.levels.index(best[0])
    yield (
        f"Chosen on validation images of the training sets: {best[0]} (mean validation AUC "
        f"{points(top)} points), with {metric.title} {points(table.values_GL[:, place].mean())} "
        "points on these generators."
    )
