"""Two score files: is one trained file better than the other on these images?

Scores of one image in both files are pairs. What varies is the image, so that the answer speaks of
these two files alone: DeLong for the AUC, McNemar for accuracy at a threshold, the stratified
bootstrap for average precision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from analysis.comparing.claim_tests import ON_IMAGES
from analysis.comparing.finding import Finding
from analysis.comparing.score_table import ScoreTable, fake_label, refuse_conflicts
from analysis.comparing.wording import interval_words, p_words, points
from analysis.measuring.metric_registry import find_metric
from analysis.statistics import proportions
from analysis.statistics.delong import auc_interval, paired, unpaired
from analysis.statistics.effect import Effect, NotTestable
from analysis.statistics.mcnemar import mcnemar
from data.counts import counted

Scores = npt.NDArray[np.float64]
DRAWS, FEWEST_DRAWS = 2000, 200
_MANY_IMAGES = 20_000
"""From here on the bootstrap draws less often: its interval is narrow, and a draw takes long."""


@dataclass(frozen=True)
class _Classes:
    """The scores of a file's reals and fakes."""

    real: Scores
    fake: Scores


def compared_files(
    a: ScoreTable,
    b: ScoreTable,
    *,
    positive: str | None = None,
    threshold: float | None = None,
    as_unpaired: bool = False,
) -> Finding:
    """Compare two score files; images that both have are pairs.

    Args:
        a: one file.
        b: the other.
        positive: the label that large scores mean, where it is not plain.
        threshold: above it an image is called fake; None stands for 0, that of logits.
        as_unpaired: take the images as different all the same.

    Raises:
        Refused: labels that contradict each other, or are not two.
    """
    fake = fake_label([a, b], positive)
    shared = [image for image in a.labels if image in b.labels]
    notes: list[str] = []
    warnings: list[str] = []
    is_paired = bool(shared) and not as_unpaired
    if is_paired:
        refuse_conflicts(a, b)
        notes.extend(_alone(a, b, len(shared)))
        sides = [_classes(each, shared, fake) for each in (a, b)]
    else:
        sides = [_classes(each, list(each.labels), fake) for each in (a, b)]
        if shared:
            warnings.append(
                f"{counted(len(shared), 'image')} of both files are taken as different, though a "
                "paired test is the right one of the same images."
            )
        else:
            notes.append("The files share no image, so that their images are taken as different.")
    others, said = _beside(sides, threshold, is_paired)
    headline, refusal = None, None
    try:
        test = paired if is_paired else unpaired
        headline = test(sides[0].real, sides[0].fake, sides[1].real, sides[1].fake)
    except NotTestable as error:
        refusal = str(error)
    finding = Finding(
        key=f"{a.name}/{b.name}/auc",
        question="",
        a=a.name,
        b=b.name,
        metric="auc",
        scope="no threshold",
        claim=ON_IMAGES,
        headline=headline,
        refusal=refusal,
        others=tuple(others),
        warnings=tuple(warnings),
        notes=(*notes, *said),
    )
    return replace(finding, sentence=_sentence(finding, sides, is_paired, fake))


def _classes(table: ScoreTable, images: Sequence[str], fake: str) -> _Classes:
    of_class: tuple[list[float], list[float]] = ([], [])
    for image in images:
        of_class[table.labels[image] == fake].append(table.scores[image])
    return _Classes(np.array(of_class[0]), np.array(of_class[1]))


def _alone(a: ScoreTable, b: ScoreTable, shared: int) -> list[str]:
    return [
        f"{counted(len(each.labels) - shared, 'image')} of {each.name} are not in {other.name} "
        "and are left out."
        for each, other in ((a, b), (b, a))
        if len(each.labels) > shared
    ]


def _beside(
    sides: Sequence[_Classes], threshold: float | None, is_paired: bool
) -> tuple[list[Effect], list[str]]:
    """Return the tests of accuracy and average precision, and what is to be said of them."""
    effects, notes = [], []
    every = np.concatenate([scores for side in sides for scores in (side.real, side.fake)])
    if threshold is None and every.min() >= 0 and every.max() <= 1 and every.max() > 0:
        notes.append(
            "All scores lie between 0 and 1, as probabilities do, so that accuracy at a threshold "
            "of 0 means nothing and is not compared: say --threshold 0.5."
        )
    else:
        effects.extend(_accuracies(sides, threshold or 0.0, is_paired))
    if is_paired:
        effects.extend(_average_precision(sides))
    return effects, notes


def _accuracies(sides: Sequence[_Classes], threshold: float, is_paired: bool) -> list[Effect]:
    name = f"accuracy at {threshold:g}"
    right_a, right_b = (
        np.concatenate([side.real <= threshold, side.fake > threshold]) for side in sides
    )
    if not is_paired:
        counts = (int(right_a.sum()), len(right_a), int(right_b.sum()), len(right_b))
        return [_named(name, proportions.unpaired(*counts))]
    only_a, only_b = int(np.sum(right_a & ~right_b)), int(np.sum(right_b & ~right_a))
    return [
        _named(name, mcnemar(only_a, only_b, len(right_a), exact=exact)) for exact in (False, True)
    ]


def _average_precision(sides: Sequence[_Classes]) -> list[Effect]:
    from analysis.statistics.bootstrap import paired_bootstrap

    metric = find_metric("average_precision").compute
    a, b = sides
    try:
        draws = min(DRAWS, max(FEWEST_DRAWS, DRAWS * _MANY_IMAGES // (len(a.real) + len(a.fake))))
        found = paired_bootstrap(metric, a.real, a.fake, b.real, b.fake, draws=draws)
    except NotTestable:
        return []
    return [_named("average precision", found)]


def _named(metric: str, effect: Effect) -> Effect:
    return replace(effect, method=f"{metric}: {effect.method}")


def _sentence(finding: Finding, sides: Sequence[_Classes], is_paired: bool, fake: str) -> str:
    sizes = [f"{len(s.real) + len(s.fake):,} images, {len(s.fake):,} of them {fake}" for s in sides]
    on = f"{sizes[0]}, that both files score" if is_paired else f"{sizes[0]}, and on {sizes[1]}"
    start = f"On {on}, {finding.a} minus {finding.b} in AUC"
    headline = finding.headline
    if headline is None:
        return f"{start} is not tested: {finding.refusal}"
    each = [auc_interval(side.real, side.fake) for side in sides]
    aucs = " and ".join(f"{points(i.estimate)} [{points(i.low)}, {points(i.high)}]" for i in each)
    p = "" if headline.p is None else f", {p_words(headline.p)}"
    verdict = ""
    if headline.p is not None and headline.p > 1 - headline.level:
        verdict = ": not shown to differ"
    return (
        f"{start} is {points(headline.value, signed=True)} points ({aucs}), "
        f"{interval_words(headline)}{p} ({headline.method}; units: {headline.units}){verdict}. "
        "This speaks about these two files and images like these, not about training procedures or "
        "other generators. An AUC below 50 is a result and is not turned round."
    )
