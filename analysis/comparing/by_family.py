"""Does a difference depend on the family of the generator: factor x family.

One number per test generator, A minus B over seeds and training sets; an exact permutation of the
generators over the families is the headline. Images, seeds and cells are no units of it: one GAN
against seven diffusion models cannot be significant however many there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations
from statistics import fmean

from analysis.comparing.blocks import Block
from analysis.comparing.differences import differences_of
from analysis.comparing.drafts import Draft
from analysis.comparing.finding import Finding
from analysis.comparing.names import key_of, side_in_stratum
from analysis.comparing.question import Question, Unanswerable
from analysis.comparing.refused import refused_draft
from analysis.comparing.sides import Sides
from analysis.comparing.wording import (
    design_words,
    families_sentence,
    family_sentence,
    scope_words,
)
from analysis.measuring.metric_registry import Metric
from analysis.selecting.stated import UNKNOWN_FAMILY
from analysis.statistics.effect import Effect, NotTestable
from analysis.statistics.factor_by_family import mixed_model, permutation, smallest_p

ALPHA = 0.05
ONE_SEED = "One seed: the differences are those of these trained files."


def family_drafts(
    question: Question, sides: Sides, block: Block, metric: Metric, asked: str
) -> Iterator[Draft]:
    """Give a finding for each two families of the tested generators that a test can tell apart.

    Where others are so small that no test of theirs could be significant, a note names them; where
    all are, one finding says so. They are no comparisons: that was known before any result.

    Args:
        question: with `by: family`.
        sides: what is compared.
        block: its numbers.
        metric: what is compared.
        asked: the experiment's question.
    """
    families = [each for each in dict.fromkeys(block.families) if each not in ("", UNKNOWN_FAMILY)]
    if len(families) < 2:
        error = Unanswerable(
            f"The tested generators are of one known family ({', '.join(families) or 'none'})",
            "Test on generators of another, or state families in the experiment's file",
        )
        yield refused_draft(question, asked, error, sides.a.name, f"{sides.b.name}, by family")
        return
    pairs = list(combinations(families, 2))
    sizes = {family: block.families.count(family) for family in families}
    tested = [pair for pair in pairs if smallest_p(*(sizes[each] for each in pair)) <= ALPHA]
    if not tested and len(pairs) > 1:
        yield _untestable(question, sides, block, metric, asked, sizes)
        return
    kept = tested or pairs
    apart = [" and ".join(pair) for pair in pairs if pair not in kept]
    notes = (f"Too few generators for a test: {', '.join(apart)}.",) if apart else ()
    for pair in kept:
        yield _draft(question, sides, block, metric, asked, pair, notes)
        notes = ()


def _untestable(
    question: Question,
    sides: Sides,
    block: Block,
    metric: Metric,
    asked: str,
    sizes: Mapping[str, int],
) -> Draft:
    """Give the means of several families, none of which is large enough for a test."""
    has = ", ".join(f"{size} {family}" for family, size in sizes.items())
    pair = f"{side_in_stratum(sides)} minus {sides.b.name}"
    finding = Finding(
        key=key_of(question, sides, "families"),
        question=asked,
        a=pair,
        b="by family",
        metric=question.metric,
        scope=scope_words(metric, block.diagonal),
        claim=question.claim,
        headline=None,
        refusal=f"{has}: no two families have generators enough for a p below {ALPHA:g}, however "
        "many images and seeds. Test on at least 4 generators of each family.",
    )  # its differences are those of the finding before it
    means = {family: _mean_of(block, family) for family in sizes}
    design = design_words(block)
    return Draft(
        finding,
        question.correction,
        lambda whole: families_sentence(whole, pair, design, metric, means),
    )


def _draft(
    question: Question,
    sides: Sides,
    block: Block,
    metric: Metric,
    asked: str,
    families: tuple[str, str],
    said: tuple[str, ...],
) -> Draft:
    chosen = block.of_generators([n for n, f in enumerate(block.families) if f in families])
    headline, refusal, others = None, None, []
    try:
        headline = _permuted(chosen, families)
        others = list(_grouped(chosen, families))
    except NotTestable as error:
        refusal = str(error)
    notes = []
    if headline is not None:
        try:
            others.append(_modelled(chosen, families))
        except NotTestable as error:
            notes.append(f"No mixed model beside it: {error}")
    pair = f"{side_in_stratum(sides)} minus {sides.b.name}"
    finding = Finding(
        key=key_of(question, sides, f"{families[0]}-{families[1]}"),
        question=asked,
        a=f"{pair} on {families[0]}",
        b=f"on {families[1]}",
        metric=question.metric,
        scope=scope_words(metric, block.diagonal),
        claim=question.claim,
        headline=headline,
        refusal=refusal,
        others=tuple(others),
        differences=differences_of(chosen),
        notes=(*said, *notes),
        warnings=(ONE_SEED,) if min(len(chosen.seeds_a), len(chosen.seeds_b)) < 2 else (),
    )
    means = tuple(_mean_of(chosen, family) for family in families)
    design = design_words(chosen)
    return Draft(
        finding,
        question.correction,
        lambda whole: family_sentence(whole, pair, design, metric, families, means),
    )


def _permuted(block: Block, families: tuple[str, str]) -> Effect:
    differences = dict(zip(block.generators, block.differences, strict=True))
    family_of = dict(zip(block.generators, block.families, strict=True))
    return permutation(differences, family_of, *families)


def _grouped(block: Block, families: tuple[str, str]) -> Iterator[Effect]:
    """Give the test anew with near copies as one generator, where there are such."""
    merged = block.grouped()
    if len(merged.generators) < len(block.generators):
        try:
            found = _permuted(merged, families)
        except NotTestable:
            return
        yield replace(found, method=f"{found.method}, near copies as one generator")


def _modelled(block: Block, families: tuple[str, str]) -> Effect:
    """Return the crossed mixed model.

    Raises:
        NotTestable: there are too few runs for it, or it does not converge.
    """
    import pandas as pd

    rows = [
        {
            "level": level,
            "run": f"{level}/{seed}",
            "generator": generator,
            "family": family,
            "value": values_SG[s, g],
        }
        for level, seeds, values_SG in (
            ("a", block.seeds_a, block.a_SG),
            ("b", block.seeds_b, block.b_SG),
        )
        for s, seed in enumerate(seeds)
        for g, (generator, family) in enumerate(zip(block.generators, block.families, strict=True))
    ]
    return mixed_model(pd.DataFrame(rows), ("a", "b"), families)


def _mean_of(block: Block, family: str) -> float:
    return fmean(d for d, f in zip(block.differences, block.families, strict=True) if f == family)
