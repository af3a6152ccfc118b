"""Metrics of the calls at a logit of 0, a probability of .5.

The counts behind them are `n_real_right` and `n_fake_right` of a cell.
"""

from __future__ import annotations

from collections.abc import Callable

from analysis.measuring.called_images import CalledImages
from analysis.measuring.intervals import Bounds, of_both_shares, wilson_bounds
from analysis.measuring.metric_registry import metric
from analysis.measuring.sorted_scores import Logits

# A number as a function of specificity, sensitivity, reals, fakes; it grows with the first two.
OfShares = Callable[[float, float, int, int], float]


def _bounds_of(value_of: OfShares) -> Callable[[Logits, Logits], Bounds]:
    def bounds(real: Logits, fake: Logits) -> Bounds:
        called = CalledImages.at(0, real, fake)
        return of_both_shares(
            lambda spec, sens: value_of(spec, sens, real.size, fake.size),
            called.specificity,
            called.sensitivity,
        )

    return bounds


def _value(value_of: OfShares, real: Logits, fake: Logits) -> float:
    called = CalledImages.at(0, real, fake)
    return value_of(called.specificity[0], called.sensitivity[0], real.size, fake.size)


def _balanced(spec: float, sens: float, n_real: int, n_fake: int) -> float:
    return (spec + sens) / 2


def _precision_fake(spec: float, sens: float, n_real: int, n_fake: int) -> float:
    found, false_alarms = sens * n_fake, (1 - spec) * n_real
    return found / (found + false_alarms) if found else 0.0


def _precision_real(spec: float, sens: float, n_real: int, n_fake: int) -> float:
    return _precision_fake(sens, spec, n_fake, n_real)


def _f1_fake(spec: float, sens: float, n_real: int, n_fake: int) -> float:
    found = sens * n_fake
    return 2 * found / (found + (1 - spec) * n_real + n_fake)


def _f1_real(spec: float, sens: float, n_real: int, n_fake: int) -> float:
    return _f1_fake(sens, spec, n_fake, n_real)


def _f1_macro(spec: float, sens: float, n_real: int, n_fake: int) -> float:
    shares = spec, sens, n_real, n_fake
    return (_f1_fake(*shares) + _f1_real(*shares)) / 2


def _accuracy_bounds(real: Logits, fake: Logits) -> Bounds:
    return wilson_bounds(CalledImages.at(0, real, fake).accuracy, real.size + fake.size)


def _specificity_bounds(real: Logits, fake: Logits) -> Bounds:
    return wilson_bounds(*CalledImages.at(0, real, fake).specificity)


def _sensitivity_bounds(real: Logits, fake: Logits) -> Bounds:
    return wilson_bounds(*CalledImages.at(0, real, fake).sensitivity)


@metric(
    "accuracy",
    "accuracy at logit 0",
    1,
    explained="share of images on their side of a logit of 0; .5 is chance where real and fake "
    "images are equally many",
    interval=_accuracy_bounds,
)
def accuracy(real: Logits, fake: Logits) -> float:
    """Return the share of images on their side of a logit of 0; at 0 an image is called real.

    .5 is chance only where both sides are equally many. The interval is Wilson's of all images as
    one sample, as papers give it: too wide where one class is called much better than the other.
    """
    return CalledImages.at(0, real, fake).accuracy


@metric(
    "balanced_accuracy",
    "balanced accuracy at logit 0",
    1,
    explained="mean of the shares of real and of fake images on their side of a logit of 0; .5 is "
    "chance however many each are",
    interval=_bounds_of(_balanced),
)
def balanced_accuracy(real: Logits, fake: Logits) -> float:
    """Return the mean of both classes' accuracies: .5 by chance, however many each holds."""
    return _value(_balanced, real, fake)


@metric(
    "specificity",
    "specificity at logit 0",
    1,
    explained="share of real images called real; calling everything real gives 1",
    interval=_specificity_bounds,
    on_page=False,
)
def specificity(real: Logits, fake: Logits) -> float:
    """Return the share of reals with a logit up to 0; 1 minus the false positive rate."""
    return CalledImages.at(0, real, fake).specificity[0]


@metric(
    "sensitivity",
    "sensitivity at logit 0",
    1,
    explained="share of fake images called fake; calling everything fake gives 1",
    interval=_sensitivity_bounds,
    on_page=False,
)
def sensitivity(real: Logits, fake: Logits) -> float:
    """Return the share of fakes with a logit above 0: the true positive rate."""
    return CalledImages.at(0, real, fake).sensitivity[0]


@metric(
    "precision_fake",
    "precision for fake at logit 0",
    1,
    explained="share of fakes among the images called fake; chance is the share of fakes",
    interval=_bounds_of(_precision_fake),
    on_page=False,
)
def precision_fake(real: Logits, fake: Logits) -> float | None:
    """Return the share of fakes among the images called fake; None where none is called so.

    It moves with how many reals and fakes a test set has.
    """
    called = CalledImages.at(0, real, fake)
    if called.n_fake_right == 0 and called.n_real_right == called.n_real:
        return None
    return _value(_precision_fake, real, fake)


@metric(
    "recall_fake",
    "recall for fake at logit 0",
    1,
    explained="share of fake images called fake: the sensitivity",
    interval=_sensitivity_bounds,
    on_page=False,
)
def recall_fake(real: Logits, fake: Logits) -> float:
    """Return the sensitivity under the name that stands beside precision."""
    return sensitivity(real, fake)


@metric(
    "f1_fake",
    "F1 for fake at logit 0",
    1,
    explained="harmonic mean of precision and recall for fake; calling everything fake gives .67 "
    "where real and fake images are equally many",
    interval=_bounds_of(_f1_fake),
    on_page=False,
)
def f1_fake(real: Logits, fake: Logits) -> float:
    """Return twice the fakes found over fakes called and fakes there; 0 where none is found."""
    return _value(_f1_fake, real, fake)


@metric(
    "precision_real",
    "precision for real at logit 0",
    1,
    explained="share of reals among the images called real; chance is the share of reals",
    interval=_bounds_of(_precision_real),
    on_page=False,
)
def precision_real(real: Logits, fake: Logits) -> float | None:
    """Return the share of reals among the images called real; None where none is called so."""
    called = CalledImages.at(0, real, fake)
    if called.n_real_right == 0 and called.n_fake_right == called.n_fake:
        return None
    return _value(_precision_real, real, fake)


@metric(
    "recall_real",
    "recall for real at logit 0",
    1,
    explained="share of real images called real: the specificity",
    interval=_specificity_bounds,
    on_page=False,
)
def recall_real(real: Logits, fake: Logits) -> float:
    """Return the specificity under the name that stands beside precision."""
    return specificity(real, fake)


@metric(
    "f1_real",
    "F1 for real at logit 0",
    1,
    explained="harmonic mean of precision and recall for real",
    interval=_bounds_of(_f1_real),
    on_page=False,
)
def f1_real(real: Logits, fake: Logits) -> float:
    """Return what `f1_fake` is, with real as the class to be found."""
    return _value(_f1_real, real, fake)


@metric(
    "f1_macro",
    "macro F1 at logit 0",
    1,
    explained="mean of the F1 for fake and the F1 for real",
    interval=_bounds_of(_f1_macro),
    on_page=False,
)
def f1_macro(real: Logits, fake: Logits) -> float:
    """Return the mean of both classes' F1, whatever their numbers of images."""
    return _value(_f1_macro, real, fake)
