"""Metrics of the calls at a threshold that was set on other real images: never on fakes.

Their intervals are of calls at this threshold, as if it were given: another validation would have
set another one.
"""

from __future__ import annotations

from analysis.measuring.called_images import CalledImages, threshold_of_reals
from analysis.measuring.intervals import Bounds, of_both_shares
from analysis.measuring.metric_registry import metric
from analysis.measuring.sorted_scores import Logits
from analysis.measuring.validation_scores import ValidationScores

FEWEST_REALS_APART = 20
"""Below, no real that is kept apart may be called fake, whatever rate that is."""


def _called(
    real: Logits, fake: Logits, validation: ValidationScores, reals_per_false_alarm: int
) -> CalledImages | None:
    threshold = validation.threshold(reals_per_false_alarm)
    return None if threshold is None else CalledImages.at(threshold, real, fake)


def _accuracy(called: CalledImages | None) -> float | None:
    return None if called is None else called.accuracy


def _bounds(called: CalledImages | None) -> Bounds | None:
    """Side by side: at such a threshold the shares differ, and Wilson's of all is too wide."""
    if called is None:
        return None
    weights = called.n_real, called.n_fake
    return of_both_shares(
        lambda spec, sens: (spec * weights[0] + sens * weights[1]) / sum(weights),
        called.specificity,
        called.sensitivity,
    )


@metric(
    "accuracy_at_fpr5_validation",
    "accuracy at 5 % FPR of validation",
    1,
    explained="accuracy at the lowest threshold that calls at most 5 % of the fit's own validation "
    "reals fake; undefined of fewer than 20 of them",
    interval=lambda real, fake, validation: _bounds(_called(real, fake, validation, 20)),
    on_page=False,
    needs="validation",
)
def accuracy_at_fpr5_validation(
    real: Logits, fake: Logits, validation: ValidationScores
) -> float | None:
    """Return the accuracy at a threshold that the fit could know before the test."""
    return _accuracy(_called(real, fake, validation, 20))


@metric(
    "accuracy_at_fpr1_validation",
    "accuracy at 1 % FPR of validation",
    1,
    explained="accuracy at the lowest threshold that calls at most 1 % of the fit's own validation "
    "reals fake; undefined of fewer than 100 of them",
    interval=lambda real, fake, validation: _bounds(_called(real, fake, validation, 100)),
    on_page=False,
    needs="validation",
)
def accuracy_at_fpr1_validation(
    real: Logits, fake: Logits, validation: ValidationScores
) -> float | None:
    """Return the same at 1 %."""
    return _accuracy(_called(real, fake, validation, 100))


def _at_reals_apart(real: Logits, fake: Logits, apart: Logits) -> CalledImages | None:
    if apart.size < FEWEST_REALS_APART:
        return None
    return CalledImages.at(threshold_of_reals(apart, 20), real, fake)


def _of_all_reals(called: CalledImages, apart: Logits, spec: float, sens: float) -> float:
    """The accuracy of as many reals as the test set has, and not of the measured half alone."""
    n_real = called.n_real + apart.size
    return (spec * n_real + sens * called.n_fake) / (n_real + called.n_fake)


def _bounds_at_reals_apart(real: Logits, fake: Logits, apart: Logits) -> Bounds | None:
    called = _at_reals_apart(real, fake, apart)
    if called is None:
        return None
    return of_both_shares(
        lambda spec, sens: _of_all_reals(called, apart, spec, sens),
        called.specificity,
        called.sensitivity,
    )


@metric(
    "accuracy_at_fpr5_held_out",
    "accuracy at 5 % FPR of reals kept apart",
    1,
    explained="accuracy at the lowest threshold that calls at most 5 % of one half of the test "
    "set's reals fake, measured on the other half and the fakes, the reals counting as many as "
    "all; undefined of fewer than 20 reals in the first half",
    interval=_bounds_at_reals_apart,
    on_page=False,
    needs="reals_apart",
)
def accuracy_at_fpr5_held_out(real: Logits, fake: Logits, apart: Logits) -> float | None:
    """Return the accuracy at a threshold set on reals of the test's own domain.

    The halves go by the image's digest, so that a photograph is in the same half for every fit and
    test set (`sets_threshold` of `row_masks.py`). The half that is measured stands for all reals:
    with half of them only, the number would not compare with an accuracy at another threshold.
    """
    called = _at_reals_apart(real, fake, apart)
    if called is None:
        return None
    return _of_all_reals(called, apart, called.specificity[0], called.sensitivity[0])
