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
        threshold: above it an image is called fake; None stands for 0, that of logits, or for .5 of
            a file whose scores all lie between 0 and 1.
        as_unpaired: take the images as different all the same.

    Raises:
        Refused: labels that contradict each other, or are not two.
    """
    fake = fake_label([a, b], positive)
    shared = [image for image in a.labels if image in b.labels]
    is_paired = bool(shared) and not as_unpaired
    if is_paired:
        refuse_conflicts(a, b)
    sides = [_classes(each, shared if is_paired else list(each.labels), fake) for each in (a, b)]
    notes, warnings = _said_of_pairing(a, b, len(shared), is_paired=is_paired)
    cuts = [_cut(side, threshold) for side in sides]
    notes.extend(_said_of_cuts((a, b), sides, cuts, threshold))
    others = _accuracies(sides, cuts, is_paired)
    if is_paired:
        others.extend(_average_precision(sides))
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
        notes=tuple(notes),
    )
    return replace(finding, sentence=_sentence(finding, sides, is_paired, fake))


def _said_of_pairing(
    a: ScoreTable, b: ScoreTable, shared: int, *, is_paired: bool
) -> tuple[list[str], list[str]]:
    """Return notes and warnings about which images are pairs."""
    if is_paired:
        return list(_alone(a, b, shared)), []
    if shared:
        return [], [
            f"{counted(shared, 'image')} of both files are taken as different, though a paired "
            "test is the right one of the same images."
        ]
    return ["The files share no image, so that their images are taken as different."], []


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


def _cut(side: _Classes, threshold: float | None) -> float:
    """Return the score above which a file calls an image fake: 0 of logits, .5 of probabilities."""
    if threshold is not None:
        return threshold
    scores = np.concatenate([side.real, side.fake])
    return 0.5 if scores.min() >= 0 and 0 < scores.max() <= 1 else 0.0


def _said_of_cuts(
    tables: Sequence[ScoreTable],
    sides: Sequence[_Classes],
    cuts: Sequence[float],
    threshold: float | None,
) -> list[str]:
    """Say where a threshold was read from the scores, and where all of them are above it."""
    said = []
    for table, side, cut in zip(tables, sides, cuts, strict=True):
        if threshold is None and cut == 0.5:
            said.append(
                f"All scores of {table.name} lie between 0 and 1 and are taken as probabilities: "
                "above 0.5 an image is called fake. Say --threshold SCORE if they are none."
            )
        elif threshold is None and min(side.real.min(initial=1), side.fake.min(initial=1)) > 0:
            said.append(
                f"All scores of {table.name} are above 0, so that it calls every image fake. "
                "Say --threshold SCORE if they are no logits."
            )
    return said


def _accuracies(sides: Sequence[_Classes], cuts: Sequence[float], is_paired: bool) -> list[Effect]:
    name = f"accuracy at {' and '.join(f'{cut:g}' for cut in dict.fromkeys(cuts))}"
    right_a, right_b = (
        np.concatenate([side.real <= cut, side.fake > cut])
        for side, cut in zip(sides, cuts, strict=True)
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
    kind = fake if fake.lower() == "fake" else f"labelled {fake}"
    sizes = [f"{len(s.real) + len(s.fake):,} images, {len(s.fake):,} of them {kind}" for s in sides]
    on = f"{sizes[0]}, that both files score" if is_paired else f"{sizes[0]}, and on {sizes[1]}"
    start = f"On {on}, {finding.a} minus {finding.b} in AUC"
    headline = finding.headline
    if headline is None:
        return f"{start} is not tested: {finding.refusal}"
    each = [auc_interval(side.real, side.fake) for side in sides]
    aucs = " and ".join(f"{points(i.estimate)} [{points(i.low)}, {points(i.high)}]" for i in each)
    turned = any(interval.estimate < 0.5 for interval in each)
    p = "" if headline.p is None else f", {p_words(headline.p)}"
    verdict = ""
    if headline.p is not None and headline.p > 1 - headline.level:
        verdict = ": not shown to differ"
    return (
        f"{start} is {points(headline.value, signed=True)} points ({aucs}), "
        f"{interval_words(headline)}{p} ({headline.method}; units: {headline.units}){verdict}. "
        "This speaks about these two files and images like these, not about training procedures or "
        "other generators."
        + (" An AUC below 50 is a result and is not turned round." if turned else "")
    )
