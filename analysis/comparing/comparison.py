"""One question, answered: a finding for each pair of levels and each setting they share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from analysis.comparing.block_making import block_of
from analysis.comparing.blocks import Block
from analysis.comparing.by_family import family_drafts
from analysis.comparing.claim_tests import Answer, answered
from analysis.comparing.compared_cells import ComparedCell, narrowed, of_level
from analysis.comparing.design_warnings import design_warnings, oracle_refusal, without_repeats
from analysis.comparing.detectable import detectable_of, equivalence_of
from analysis.comparing.differences import differences_of
from analysis.comparing.drafts import Draft
from analysis.comparing.effect_size_notes import effect_size_notes
from analysis.comparing.entry_values import EntryValues
from analysis.comparing.finding import Finding
from analysis.comparing.image_scores import ImageScores
from analysis.comparing.image_tests import image_test
from analysis.comparing.level_notes import level_notes
from analysis.comparing.names import key_of, side_in_stratum, side_name
from analysis.comparing.question import Question, Unanswerable
from analysis.comparing.refused import refused_draft
from analysis.comparing.sides import Sides, sides_of
from analysis.comparing.trend_finding import trend_draft
from analysis.comparing.validation_choice import ValidationAuc
from analysis.comparing.wording import design_words, scope_words, sentence_of
from analysis.measuring.metric_registry import find_metric
from data.counts import counted


@dataclass(frozen=True)
class Material:
    """What questions are answered from: the experiment's cells, and the files behind them."""

    cells: tuple[ComparedCell, ...]
    scores: ImageScores
    validation_auc: ValidationAuc
    question: str


def answers(question: Question, material: Material) -> list[Draft]:
    """Answer a question; what cannot be answered is a finding that says why.

    Args:
        question: what is asked.
        material: of one expansion of an experiment.
    """
    made: list[Draft] = []
    try:
        for part in _parts(question, material):
            made.extend(_answered_levels(part, material))
    except Unanswerable as error:
        made.append(refused_draft(question, material.question, error))
    return made


def _parts(question: Question, material: Material) -> Iterator[Question]:
    """Give the question once for each degradation or training set, where it asks so."""
    if question.by not in ("degradation", "train"):
        yield question
        return
    cells = narrowed(material.cells, question)
    for value in dict.fromkeys(value for cell in cells for value in cell.values(question.by)):
        yield replace(question, where={**question.where, question.by: (value,)})


def _answered_levels(question: Question, material: Material) -> Iterator[Draft]:
    cells = narrowed(material.cells, question)
    levels = {level: of_level(cells, question, level) for level in question.levels}
    if len(levels) < 2:
        raise Unanswerable(
            f"{question.name}: one level is compared with nothing", "Name at least two"
        )
    metric = find_metric(question.metric)
    named = {side_name(question.key, level): of for level, of in levels.items()}
    oracle = oracle_refusal(question, ((n, c.settings) for n, of in named.items() for c in of))
    notes: tuple[str, ...] = ()
    if oracle is None:
        notes = tuple(level_notes(question, metric, levels, material.validation_auc))
    if question.is_ordered and oracle is None:
        yield trend_draft(question, metric, levels, material.question)
    elif question.is_ordered and oracle is not None:
        along = f"along {question.key}"
        yield refused_draft(question, material.question, oracle, "trend", along)
    for a, b in combinations(levels, 2):
        try:
            pairs, alone = sides_of(
                question.key,
                (side_name(question.key, a), levels[a]),
                (side_name(question.key, b), levels[b]),
            )
            left_out = [f"Left out, having no partner: {'; '.join(alone)}."] if alone else []
            for sides in pairs:
                yield from _drafts_of(question, sides, material, (*left_out, *notes))
                notes = ()
        except Unanswerable as error:
            yield refused_draft(question, material.question, error, a, b)


def _drafts_of(
    question: Question, sides: Sides, material: Material, notes: Sequence[str]
) -> Iterator[Draft]:
    metric = find_metric(question.metric)
    values = EntryValues(metric, material.scores)
    block = block_of(sides, question.on, values)
    if question.by == "generator_group":
        block = block.grouped()
    said = (*_notes(values, block, notes), *effect_size_notes(block, sides.a.name, sides.b.name))
    oracle = oracle_refusal(question, ((s.name, s.settings) for s in (sides.a, sides.b)))
    if oracle is not None:
        answer = Answer(claim=question.claim, headline=None, refusal=str(oracle), others=())
    else:
        answer = answered(question, block, lambda: image_test(block, metric, material.scores))
    yield _draft(question, sides, block, answer, material.question, said)
    if question.by == "family" and oracle is None:
        yield from family_drafts(question, sides, block, metric, material.question)


def _notes(values: EntryValues, block: Block, notes: Sequence[str]) -> Iterator[str]:
    if values.recomputed:
        sets = counted(len(values.recomputed), "test set")
        yield f"{sets} measured anew, on the images that no fit of either side has seen."
    if block.has_paired_seeds:
        yield "Both sides are the same networks, so that their seeds are compared as pairs."
    yield from notes


def _draft(
    question: Question,
    sides: Sides,
    block: Block,
    answer: Answer,
    asked: str,
    notes: tuple[str, ...],
) -> Draft:
    metric = find_metric(question.metric)
    headline = answer.headline
    detectable = detectable_of(headline, block) if headline is not None else None
    others = answer.others
    if headline is not None and question.margin is not None:
        equal = equivalence_of(headline, question.margin)
        others = (*((equal,) if equal is not None else ()), *others)
    finding = Finding(
        key=key_of(question, sides),
        question=asked,
        a=side_in_stratum(sides),
        b=sides.b.name,
        metric=question.metric,
        scope=scope_words(metric, block.diagonal),
        claim=answer.claim,
        headline=headline,
        refusal=answer.refusal,
        others=others,
        detectable=detectable,
        differences=differences_of(block),
        warnings=(
            *without_repeats(headline),
            *design_warnings(question, sides, block, detectable),
        ),
        notes=notes,
    )
    design = design_words(block)
    difference = block.difference if headline is None else headline.value
    return Draft(
        finding,
        question.correction,
        lambda whole: sentence_of(whole, design, metric, difference),
    )
