"""What weakens a comparison, and what forbids it: said in words before any p."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from analysis.comparing.blocks import Block
from analysis.comparing.question import Question, Unanswerable
from analysis.comparing.sides import Sides
from analysis.statistics.effect import Effect
from grid.records.oracles import is_oracle

ENOUGH_SEEDS = 5
_OF_PREVALENCE = (
    "average_precision",
    "precision_fake",
    "precision_real",
    "f1_fake",
    "f1_real",
    "f1_macro",
)
_ORACLE_METRICS = ("oracle_accuracy",)
_SAME_RATIO = 1.05
"""Ratios of fakes to reals closer than that move a precision by less than rounding does."""


def oracle_refusal(
    question: Question, compared: Iterable[tuple[str, Mapping[str, str]]]
) -> Unanswerable | None:
    """Say why what knew the answers enters no test; None where nothing did.

    Args:
        question: what is asked.
        compared: names and settings of the sides, or of all levels.
    """
    if question.metric in _ORACLE_METRICS:
        return Unanswerable(
            f"{question.metric} is an oracle: its threshold was picked on the test images",
            "Compare by a metric whose threshold was fixed before, or by AUC",
        )
    for name, settings in compared:
        if is_oracle({"validate_on": settings.get("recipe.validate_on")}):
            return Unanswerable(
                f"{name} is an oracle: its epoch was selected on the images that it is tested on, "
                "so that a difference would show the selection",
                "Train it with an epoch selected on validation images",
            )
    return None


def design_warnings(
    question: Question, sides: Sides, block: Block, detectable: float | None
) -> Iterator[str]:
    """Give what a reader has to know before the result, the gravest first."""
    fewest = min(len(block.seeds_a), len(block.seeds_b))
    if fewest < ENOUGH_SEEDS and "procedure" in question.claim and fewest > 1:
        text = f"Fewer than {ENOUGH_SEEDS} seeds per side"
        found = "" if detectable is None else f": only {100 * detectable:.1f} points and more are "
        yield f"{text}{found}{'found with power .8' if found else ''}."
    if sides.also:
        yield f"Not everything else is equal: they differ also in {', '.join(sides.also)}."
    if len(block.seeds_a) != len(block.seeds_b):
        yield (
            f"{sides.a.name} has {len(block.seeds_a)} seeds and {sides.b.name} "
            f"{len(block.seeds_b)}."
        )
    if question.metric in _OF_PREVALENCE and _ratios_differ(block):
        yield (
            f"{question.metric} moves with the share of fakes, and the test sets have other "
            "shares: differences between test sets are partly of that."
        )
    if block.left_out:
        yield f"Left out, since cells are missing: {', '.join(block.left_out)}."


def without_repeats(effect: Effect | None) -> tuple[str, ...]:
    """Return the notes of a test, but for that on few seeds, which the design says in points."""
    notes = effect.notes if effect is not None else ()
    return tuple(note for note in notes if not note.startswith(f"Fewer than {ENOUGH_SEEDS} seeds"))


def _ratios_differ(block: Block) -> bool:
    counts = [
        cell.measured.counts
        for entry in block.entries
        for cell in (*entry.a, *entry.b)
        if cell.measured is not None
    ]
    ratios = [each.n_fake / each.n_real for each in counts if each.n_real]
    return bool(ratios) and max(ratios) > _SAME_RATIO * min(ratios)
