"""What a sample's pixels say of both classes: JPEG history, interpolation, low-level statistics.

The thresholds lie above what pictures without a history give:

    jpeg_grid > 4.5   none of 3,880 lossless images (CIFAR-10, five generators of its size, toy
                      photographs and fakes, photographs scaled; largest 4.4); of
                      photographs once coded at quality 75 to 95, 95 % (32 px) to 100 % (64 px up)
    period > 20       none of 74 photographs scaled down by 3/7 or square fakes (largest 11); of
                      the same photographs enlarged by 1.3 or 1.5, 100 %; of downloaded photographs
                      8 %, whose own history is not known
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data.audit.chance import auc_chance_level, chance_level
from data.audit.discriminant import cross_validated_accuracy
from data.audit.pixel_sample import MeasuredImage
from data.audit.pixel_statistics import LOW_LEVEL, PixelStatistics

THRESHOLDS = {"jpeg_grid": 4.5, "period": 20.0}
# Both classes may have a history and still be told apart by how much of it.
_SHARE_WITH_HISTORY = 0.1
_TELLS = 0.75  # of an AUC or a balanced accuracy, as for headers
_FEWEST = 5  # of either class, for any number

_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class HistoryResult:
    """How many images of either class show a history, and whether that tells the label."""

    test: str
    reals: int  # measured; smaller ones than the test can read are in `too_small`
    fakes: int
    too_small: int
    real_share: float | None  # above the threshold
    fake_share: float | None
    auc: float | None  # of the statistic, fakes above reals: 0.5 where it says nothing
    level: float  # of balanced accuracy by chance
    auc_level: float

    @property
    def accuracy(self) -> float | None:
        """Balanced accuracy of the threshold as a classifier, whichever class it names."""
        if self.real_share is None or self.fake_share is None:
            return None
        return 0.5 + abs(self.real_share - self.fake_share) / 2

    @property
    def tells(self) -> bool:
        """Whether it tells the label of most images, beyond chance."""
        if self.accuracy is None or self.auc is None:
            return False
        both = min(self.real_share or 0.0, self.fake_share or 0.0) >= _SHARE_WITH_HISTORY
        apart = max(self.auc, 1 - self.auc) > max(_TELLS, self.auc_level)
        return self.accuracy > max(_TELLS, self.level) or (both and apart)


def history(
    test: str, reals: Sequence[MeasuredImage], fakes: Sequence[MeasuredImage]
) -> HistoryResult:
    """Hold one statistic of both classes against each other.

    Args:
        test: a key of THRESHOLDS.
        reals: the measured sample; what does not decode is left out.
        fakes: as `reals`.
    """
    every = [_values(test, images) for images in (reals, fakes)]
    real, fake = (values[~np.isnan(values)] for values in every)
    shares = [
        float((each > THRESHOLDS[test]).mean()) if len(each) else None for each in (real, fake)
    ]
    return HistoryResult(
        test=test,
        reals=len(real),
        fakes=len(fake),
        too_small=sum(map(len, every)) - len(real) - len(fake),
        real_share=shares[0],
        fake_share=shares[1],
        auc=auc(real, fake),
        level=chance_level(len(real), len(fake), len(THRESHOLDS)),
        auc_level=auc_chance_level(len(real), len(fake), len(THRESHOLDS)),
    )


def low_level_accuracy(
    reals: Sequence[MeasuredImage], fakes: Sequence[MeasuredImage]
) -> tuple[float, float] | None:
    """The cross-validated balanced accuracy of a linear classifier on five plain statistics.

    Returns:
        The accuracy and the level that chance gives; None with fewer than five images of a class.
    """
    whole = [[each for each in images if each.statistics is not None] for images in (reals, fakes)]
    if min(map(len, whole)) < _FEWEST:
        return None
    images = [*whole[0], *whole[1]]
    features = np.array([[getattr(e.statistics, name) for name in LOW_LEVEL] for e in images])
    labels = np.repeat([0, 1], [len(each) for each in whole])
    accuracy = cross_validated_accuracy(features, labels, [each.image_id for each in images])
    return accuracy, chance_level(len(whole[0]), len(whole[1]))


def auc(reals: _Floats, fakes: _Floats) -> float | None:
    """The share of pairs in which the fake's number is larger, ties one half; None without any."""
    if not len(reals) or not len(fakes):
        return None
    ordered = np.sort(reals)
    below = np.searchsorted(ordered, fakes, "left") + np.searchsorted(ordered, fakes, "right")
    return float(below.mean() / 2 / len(reals))


def _values(name: str, images: Sequence[MeasuredImage]) -> _Floats:
    statistics = [each.statistics for each in images if each.statistics is not None]
    return np.array([_value(each, name) for each in statistics], np.float64)


def _value(statistics: PixelStatistics, name: str) -> float:
    value: float = getattr(statistics, name)
    return value if math.isfinite(value) else math.nan
