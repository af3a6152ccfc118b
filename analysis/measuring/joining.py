"""Scores of an ensemble: those of its members on the same images, joined row by row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from analysis.measuring.cell_measures import Scores

Logits = npt.NDArray[np.floating]


def joined(members: Sequence[Scores], by: str) -> Scores:
    """Return the scores of an ensemble on one pool.

    A logit is null where a member's is: nothing may stand in for it. An image counts as seen where
    any member saw it.

    Args:
        members: of each, logit (N,) with NaN for null and seen (N,), of the same images in order.
        by: "mean_logit" or "mean_probability".

    Raises:
        ValueError: members have unlike numbers of images, or the joining is unknown.
    """
    sizes = {len(logit) for logit, _ in members}
    if len(sizes) != 1:
        raise ValueError(f"members score {sorted(sizes)} images of one pool; they must be the same")
    logit_MN = np.stack([np.asarray(logit, np.float64) for logit, _ in members])
    seen = np.logical_or.reduce([seen for _, seen in members])
    if by == "mean_logit":
        return logit_MN.mean(axis=0).astype(np.float32), seen
    if by == "mean_probability":
        return logit_of_mean_probability(logit_MN).astype(np.float32), seen
    raise ValueError(f"ensemble by {by!r}: it is joined by mean_logit or by mean_probability")


def logit_of_mean_probability(logit_MN: Logits) -> Logits:
    """Return the logit of the mean of the members' probabilities, (N,); NaN where one is NaN.

    As log(sum of p) - log(sum of 1 - p), from the logarithms of both, so that probabilities that
    round to 0 or 1 still order the images.
    """
    with np.errstate(invalid="ignore"):  # a NaN stays one
        fake = np.logaddexp.reduce(-np.logaddexp(0.0, -logit_MN), axis=0)
        real = np.logaddexp.reduce(-np.logaddexp(0.0, logit_MN), axis=0)
    found: Logits = fake - real
    return found
