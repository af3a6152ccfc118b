"""What detectors say of images: a line per image and detector, and one of all of them together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from analysis.statistics.temperature import probability
from data.images import DecodedCache, ImageRows
from data.pipelines import PipelineError
from launch.predicting.given_images import GivenImage, rows_of
from launch.predicting.scorers import Scorer

FAKE_WORD, REAL_WORD = "fake", "real"
ENSEMBLE = "ensemble"
MOST_CACHED_BYTES = 512 * 1024**2
"""Of decoded images that several detectors look at."""

Joining = Literal["mean_logit", "vote"]


@dataclass(frozen=True)
class ImageVerdict:
    """What one detector, or several together, say of one image.

    Attributes:
        image: its path.
        image_id: "" where the file could not be read.
        fit: whose word it is, or ENSEMBLE.
        logit: larger = more fake; None where there is none.
        p_raw: sigmoid of the logit.
        p_scaled: the same by the temperature; None where that is undefined.
        prediction: "fake" where the logit is above 0, else "real"; "" without a score.
        reason: why there is no score.
        was_seen: whether the image was among the training or validation images.
    """

    image: str
    image_id: str
    fit: str
    logit: float | None = None
    p_raw: float | None = None
    p_scaled: float | None = None
    prediction: str = ""
    reason: str = ""
    was_seen: bool = False


def verdicts_of(
    scorers: Sequence[Scorer], images: Sequence[GivenImage], joining: Joining
) -> list[list[ImageVerdict]]:
    """Score images: of each image a verdict of every detector, then, of several, the ensemble's.

    Args:
        scorers: the detectors, at least one.
        images: as they were given; those that cannot be scored get verdicts with a reason.
        joining: `mean_logit` takes the mean of the logits, scaled where all temperatures are
            defined; `vote` says what more than half of the detectors say.
    """
    cache = DecodedCache(MOST_CACHED_BYTES if len(scorers) > 1 else 0)
    columns = [_column(scorer, images, cache) for scorer in scorers]
    rows = [list(row) for row in zip(*columns, strict=True)]
    if len(scorers) > 1:
        temperatures = [scorer.temperature.value for scorer in scorers]
        for row in rows:
            row.append(joined(row, temperatures, joining))
    return rows


def joined(
    verdicts: Sequence[ImageVerdict], temperatures: Sequence[float | None], joining: Joining
) -> ImageVerdict:
    """Return the ensemble's verdict on one image; none where one of its detectors has none."""
    first = verdicts[0]
    seen = any(each.was_seen for each in verdicts)
    of_all = ImageVerdict(first.image, first.image_id, ENSEMBLE, was_seen=seen)
    reason = next((each.reason for each in verdicts if each.reason), "")
    logits = [each.logit for each in verdicts if each.logit is not None]
    if reason or len(logits) < len(verdicts):
        return replace(of_all, reason=reason)
    if joining == "vote":
        fakes = sum(each.prediction == FAKE_WORD for each in verdicts)
        if 2 * fakes == len(verdicts):
            return replace(of_all, reason=f"a tie, {fakes} to {fakes}")
        word = FAKE_WORD if 2 * fakes > len(verdicts) else REAL_WORD
        return replace(of_all, prediction=word)
    logit = math.fsum(logits) / len(logits)
    scaled = None
    known = [value for value in temperatures if value is not None]
    if len(known) == len(logits):
        pairs = zip(logits, known, strict=True)
        scaled = float(probability(math.fsum(one / t for one, t in pairs) / len(logits)))
    return replace(
        of_all,
        logit=logit,
        p_raw=float(probability(logit)),
        p_scaled=scaled,
        prediction=_word(logit),
    )


def _column(
    scorer: Scorer, images: Sequence[GivenImage], cache: DecodedCache
) -> list[ImageVerdict]:
    reasons = [image.reason or _refusal(scorer, image) for image in images]
    able = [image for image, reason in zip(images, reasons, strict=True) if not reason]
    outcomes = iter(_outcomes(scorer, rows_of(able, cache)))
    column = []
    for image, reason in zip(images, reasons, strict=True):
        outcome = reason or next(outcomes)
        seen = bool(scorer.seen and image.image_id in scorer.seen)
        of_image = ImageVerdict(image.path, image.image_id, scorer.name, was_seen=seen)
        if isinstance(outcome, str):
            column.append(replace(of_image, reason=outcome))
            continue
        scale = scorer.temperature.value
        column.append(
            replace(
                of_image,
                logit=outcome,
                p_raw=float(probability(outcome)),
                p_scaled=None if scale is None else float(probability(outcome, scale)),
                prediction=_word(outcome),
            )
        )
    return column


def _refusal(scorer: Scorer, image: GivenImage) -> str:
    """Say why the detector's geometry does not take an image of that size, "" where it does."""
    try:
        scorer.view.result_size(image.height, image.width)
    except PipelineError as error:
        return str(error).rstrip(".")
    return ""


def _outcomes(scorer: Scorer, rows: ImageRows) -> list[float | str]:
    """The logit of each row, or the reason why it has none."""
    if not len(rows):
        return []
    try:
        return _scored(scorer, rows)
    except (ValueError, OSError) as error:  # of one image, which then is the only one without
        if len(rows) == 1:
            return [str(error).rstrip(".")]
        import numpy as np

        parts = [rows.taken(np.array([index])) for index in range(len(rows))]
        return [outcome for part in parts for outcome in _outcomes(scorer, part)]


def _scored(scorer: Scorer, rows: ImageRows) -> list[float | str]:
    from detectors.prediction import predict

    device = next(scorer.network.parameters()).device
    found = predict(scorer.network, rows, scorer.view, device)
    outcomes: list[float | str] = [float(logit) for logit in found.logits]
    for index, reason in found.unreadable:
        outcomes[index] = reason
    return outcomes


def _word(logit: float) -> str:
    return FAKE_WORD if logit > 0 else REAL_WORD
