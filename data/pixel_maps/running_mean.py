"""Mean and standard error of maps, one image at a time: memory does not grow with the images."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Map = npt.NDArray[np.float64]


class RunningMean:
    """Mean and standard error over images of an array of any shape.

    Sums are of deviations from the first image, so that what all images share costs no digits.
    In one order of images the results are equal to the bit.
    """

    def __init__(self) -> None:
        self.count = 0
        self._first = self._sum = self._squares = np.zeros(())

    def add(self, values: npt.ArrayLike) -> None:
        """Count one image's values in."""
        new = np.asarray(values, np.float64)
        if not self.count:
            self._first = new
        deviation = new - self._first
        self._sum = self._sum + deviation
        self._squares = self._squares + deviation**2
        self.count += 1

    @property
    def mean(self) -> Map:
        """The mean over the images.

        Raises:
            ValueError: no image was added.
        """
        if not self.count:
            raise ValueError("The mean of no images is undefined; add one first.")
        mean: Map = self._first + self._sum / self.count
        return mean

    @property
    def standard_error(self) -> Map:
        """Standard deviation over images (n - 1) by the root of n; nan of a single image."""
        if self.count < 2:
            return np.full_like(self.mean, np.nan)
        spread = np.maximum(self._squares - self._sum**2 / self.count, 0.0)
        error: Map = np.sqrt(spread / (self.count - 1) / self.count)
        return error
