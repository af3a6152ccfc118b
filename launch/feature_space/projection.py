"""Features brought to a plane: principal components, and how far they tell the classes apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data.audit.discriminant import cross_validated_accuracy

AXES = 2
SEPARATING_COMPONENTS = 10
"""Components that the separation is measured on: few beside the images, so that it says
something of images that it was not fitted on."""
FEWEST_PER_CLASS = 10

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Projection:
    """Features by their principal components.

    Attributes:
        points_NA: the first two of each image, shape (n, AXES).
        explained: share of the variance along each of the two.
        separation: balanced accuracy of Fisher's discriminant on the first ten, cross-validated
            in five folds: .5 is chance; None where a class has fewer than ten images.
    """

    points_NA: Matrix
    explained: tuple[float, ...]
    separation: float | None


def projected(
    features_NF: npt.NDArray[np.float32], labels_N: npt.NDArray[np.int8], image_ids: Sequence[str]
) -> Projection:
    """Centre features and turn them to their principal axes, by singular values.

    Each axis points to where its largest weight is positive, so that equal features give equal
    pictures. Features are not standardised: one that hardly varies should not count as others do.

    Args:
        features_NF: finite.
        labels_N: 0 real, 1 fake.
        image_ids: of each row.
    """
    centred_NF = features_NF.astype(np.float64) - features_NF.mean(axis=0, dtype=np.float64)
    left_NK, values_K, axes_KF = np.linalg.svd(centred_NF, full_matrices=False)
    largest = np.abs(axes_KF).argmax(axis=1)
    signs_K = np.where(axes_KF[np.arange(len(axes_KF)), largest] < 0, -1.0, 1.0)
    points_NK = left_NK * (values_K * signs_K)
    total = float((values_K**2).sum())
    shares = values_K**2 / total if total > 0 else np.zeros_like(values_K)
    counts = [int((labels_N == label).sum()) for label in (0, 1)]
    separation = None
    if min(counts) >= FEWEST_PER_CLASS:
        some = points_NK[:, :SEPARATING_COMPONENTS]
        separation = cross_validated_accuracy(some, labels_N.astype(np.int64), image_ids)
    missing = max(0, AXES - points_NK.shape[1])
    points_NA = np.pad(points_NK[:, :AXES], ((0, 0), (0, missing)))
    explained = tuple(float(share) for share in np.pad(shares[:AXES], (0, missing)))
    return Projection(points_NA, explained, separation)
