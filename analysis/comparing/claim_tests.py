"""Which test answers a claim: what is generalised to decides what is random, and so the test.

| claim | random | test |
| --- | --- | --- |
| these files on these generators | image | DeLong, McNemar, bootstrap |
| this procedure on these generators | seed | Welch t over seeds |
| these files on new generators | test generator | exact sign-flip |
| this procedure on new generators | seed, test generator | two-component t |
| the same, several training sets | seed, training and test generator | crossed two-way t |

Tests of narrower claims stand beside the headline. Cells of one fit share its seed and its training
set, so that no test counts cells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from analysis.comparing.blocks import Block
from analysis.comparing.finding import Claim
from analysis.comparing.question import Question, Units
from analysis.statistics.crossed import crossed_t
from analysis.statistics.effect import Effect, NotTestable
from analysis.statistics.generator_tests import sign_flip, signed_rank
from analysis.statistics.seed_tests import paired_t, welch_t
from analysis.statistics.two_component import two_component_t

ON_IMAGES: Claim = "these files on these generators"
ON_SEEDS: Claim = "this procedure on these generators"
ON_GENERATORS: Claim = "these files on new generators"
ON_BOTH: Claim = "this procedure on new generators"
CROSSED: Claim = "this procedure on new training and test generators"

FILES_ONLY = "These trained files only: says nothing of the training procedure."
_COUNTED: Mapping[Claim, tuple[Units, ...]] = {
    ON_IMAGES: ("images",),
    ON_SEEDS: ("seeds",),
    ON_GENERATORS: ("generators",),
    ON_BOTH: ("seeds", "generators"),
    CROSSED: ("seeds", "generators"),
}
_WHY_NOT: Mapping[Units, str] = {
    "cells": "cells of one fit share its seed and its training set, so that they are not "
    "independent; a p over cells finds differences that are not there",
    "images": "images pooled over generators or seeds are not independent trials of a training "
    "procedure or of generators; they speak of these trained files alone",
    "seeds": "seeds alone do not vary the generators",
    "generators": "generators alone do not vary the seed, which is good or bad on all alike",
}

ImageTests = Callable[[], list[Effect]]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The headline of a claim or why there is none, and the tests beside it.

    `claim` is the one that is answered: with several training sets a claim about new generators is
    about training generators, too.
    """

    claim: Claim
    headline: Effect | None
    refusal: str | None
    others: tuple[Effect, ...]


def answered(question: Question, block: Block, image_tests: ImageTests) -> Answer:
    """Run the test that a claim asks for, and those beside it.

    Args:
        question: what is asked.
        block: the numbers.
        image_tests: reads the scores of single images; called only where they are needed.
    """
    claim = question.claim
    if claim == ON_BOTH and len(block.trained) > 1:
        claim = CROSSED
    try:
        refuse_units(claim, question.units)
        headline, *also = _headline(claim, block, image_tests)
    except NotTestable as error:
        beside = list(_beside(claim, block))
        if min(len(block.seeds_a), len(block.seeds_b)) < 2 and claim != ON_IMAGES:
            beside = [*_of_files_only(image_tests), *beside]
        return Answer(claim=claim, headline=None, refusal=str(error), others=tuple(beside))
    beside = [*also, *_grouped(claim, block), *_beside(claim, block)]
    return Answer(claim=claim, headline=headline, refusal=None, others=tuple(beside))


def refuse_units(claim: Claim, units: Units | None) -> None:
    """Refuse to count as independent what a claim does not vary.

    Raises:
        NotTestable: they are not the claim's.
    """
    right = _COUNTED[claim]
    if units is not None and (units not in right or len(right) > 1):
        raise NotTestable(
            f"{claim}: {_WHY_NOT[units]}",
            f"leave the units to the claim, which are {' and '.join(right)}, or claim less",
        )


def _headline(claim: Claim, block: Block, image_tests: ImageTests) -> list[Effect]:
    """Return the claim's test, and after it those of the same unit."""
    if claim == ON_IMAGES:
        return image_tests()
    if claim == ON_GENERATORS:
        differences = block.differences
        return [sign_flip(differences), *_if_testable(lambda: signed_rank(differences))]
    _refuse_one_seed(block)
    if claim == ON_SEEDS:
        return [_over_seeds(block)]
    if claim == ON_BOTH:
        return [_two_component(block)]
    if len(block.trained) < 2:
        raise NotTestable(
            f"one training set ({block.trained[0]}) says nothing of new ones",
            f"train on others too, or claim: {ON_BOTH}",
        )
    return [_crossed(block)]


def _refuse_one_seed(block: Block) -> None:
    if min(len(block.seeds_a), len(block.seeds_b)) < 2:
        raise NotTestable(
            "one seed says nothing of a training procedure, only of these trained files",
            "train at least 5 seeds, or claim what these files do",
        )


def _over_seeds(block: Block) -> Effect:
    if block.has_paired_seeds:
        return paired_t(list(block.a_S), list(block.b_S))
    return welch_t(list(block.a_S), list(block.b_S))


def _two_component(block: Block) -> Effect:
    if block.has_paired_seeds:
        # Each network is held against itself: what its seed does to both sides cancels out.
        return two_component_t(block.a_SG - block.b_SG, np.zeros_like(block.a_SG))
    return two_component_t(block.a_SG, block.b_SG)


def _crossed(block: Block) -> Effect:
    own = [block.generators.index(t) if t in block.generators else None for t in _trained_on(block)]
    if block.has_paired_seeds:
        difference = block.a_STG - block.b_STG
        return crossed_t(difference, difference * 0, own_column=own)
    return crossed_t(block.a_STG, block.b_STG, own_column=own)


def _trained_on(block: Block) -> list[str]:
    """Return the generator of each training set, "" where it is not one."""
    one = {cell.train: cell.fit["train"] for entry in block.entries for cell in entry.a}
    found = []
    for name in block.trained:
        train = one[name]
        generators = train["generators"] if train is not None else []
        found.append(generators[0] if len(generators) == 1 else "")
    return found


def _grouped(claim: Claim, block: Block) -> Iterator[Effect]:
    """Give the test anew with near copies as one generator, where there are such."""
    merged = block.grouped()
    if claim in (ON_IMAGES, ON_SEEDS) or len(merged.generators) == len(block.generators):
        return
    for effect in _if_testable(lambda: _headline(claim, merged, list)[0]):
        yield replace(effect, method=f"{effect.method}, near copies as one generator")


def _beside(claim: Claim, block: Block) -> Iterator[Effect]:
    """Give the tests of narrower claims."""
    if claim in (CROSSED, ON_BOTH):
        yield from _if_testable(lambda: _over_seeds(block))
        differences = block.differences
        yield from _if_testable(lambda: sign_flip(differences))
        yield from _if_testable(lambda: signed_rank(differences))


def _of_files_only(image_tests: ImageTests) -> Iterator[Effect]:
    """Give the image-level interval of what is too little for the claim; its p would be misread."""
    for effect in _if_testable(lambda: image_tests()[0]):
        yield replace(effect, p=None, statistic=None, notes=(*effect.notes, FILES_ONLY))


def _if_testable(test: Callable[[], Effect]) -> list[Effect]:
    try:
        return [test()]
    except NotTestable:
        return []
