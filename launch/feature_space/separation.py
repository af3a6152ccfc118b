"""How far features tell real from fake: a linear discriminant in the full space, cross-validated.

Shares of explained variance do not say it: the directions along which images vary most may be those
of their scenes. Fisher's discriminant looks for the direction that parts the classes; its AUC on
images that it was not fitted on is .5 where there is none, whatever the number of features.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.statistics.delong import auc_interval
from data.image_ids import draw, words

FOLDS = 5
FEWEST_PER_CLASS = 10
_SALT = "separation of features"


@dataclass(frozen=True)
class Separation:
    """An AUC with its interval of 95 %."""

    auc: float
    low: float
    high: float


def separation(
    features_NF: npt.NDArray[np.float32], labels_N: npt.NDArray[np.int8], image_ids: Sequence[str]
) -> Separation | None:
    """Return the AUC of a discriminant on held-out images; None where a class has fewer than ten.

    Each of five folds, drawn by hash of the image, is scored by the discriminant of the four
    others: scikit-learn's LinearDiscriminantAnalysis with the covariance shrunk after Ledoit and
    Wolf (J. Multivariate Analysis 88, 2004), so that features may outnumber images, and both
    classes equally likely, so that the log odds of all folds share a scale and are pooled. The
    interval is DeLong's on the logit scale; it is of these images, and takes the discriminants as
    given.

    Args:
        features_NF: finite.
        labels_N: 0 real, 1 fake.
        image_ids: of each row.
    """
    if min(int((labels_N == label).sum()) for label in (0, 1)) < FEWEST_PER_CLASS:
        return None
    fold = draw(words(image_ids), _SALT) % np.uint64(FOLDS)
    log_odds = np.full(len(labels_N), np.nan)
    for number in range(FOLDS):
        held_out = fold == number
        if held_out.any():
            log_odds[held_out] = _scored(features_NF, labels_N, held_out)
    found = auc_interval(log_odds[labels_N == 0], log_odds[labels_N == 1])
    return Separation(found.estimate, found.low, found.high)


def _scored(
    features_NF: npt.NDArray[np.float32],
    labels_N: npt.NDArray[np.int8],
    held_out: npt.NDArray[np.bool_],
) -> npt.NDArray[np.float64]:
    """Log odds of held-out rows; all alike where the others have one class or do not vary."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    learned = features_NF[~held_out].astype(np.float64)
    varies = np.ptp(learned, axis=0) > 0
    if len(set(labels_N[~held_out].tolist())) < 2 or not varies.any():
        return np.zeros(int(held_out.sum()))
    rule = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto", priors=[0.5, 0.5])
    rule.fit(learned[:, varies], labels_N[~held_out])
    odds: npt.NDArray[np.float64] = rule.decision_function(features_NF[held_out][:, varies])
    return odds
