"""Log power spectra of pools: the mean over images, of the plane and of rings."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from data.pipelines import Image
from data.pixel_maps.power_spectrum import VERSION, decibels, over_rings, power_spectrum
from data.pixel_maps.running_mean import RunningMean
from grid.records.artifacts.counted import CountedImages
from grid.records.artifacts.pool_spectra import KIND, PoolSpectrum, write_spectrum
from grid.store.base import Store
from launch.pixel_maps.compared_pools import ComparedPool
from launch.pixel_maps.pool_artifacts import MadeFrom, PixelMapKind

HalfPlane = npt.NDArray[np.float64]


def log_spectrum(image_HWC: Image) -> HalfPlane:
    """Return the log power spectrum of a square image, in dB, shape (N, N / 2 + 1)."""
    return decibels(power_spectrum(image_HWC))


class SpectrumSummary:
    """Adds up the log spectra of a pool's images."""

    def __init__(self) -> None:
        self._plane, self._rings = RunningMean(), RunningMean()

    def add(self, image_id: str, value: HalfPlane) -> None:
        """Count an image's spectrum in."""
        self._plane.add(value)
        self._rings.add(over_rings(value))

    def write(
        self, store: Store, compared: ComparedPool, counted: CountedImages, made_from: MadeFrom
    ) -> str:
        """Store the means and return their key."""
        spectrum = PoolSpectrum(
            pool_id=compared.pool.pool_id,
            equalise=compared.equalise,
            size_px=made_from["size_px"],
            counted=counted,
            mean=self._plane.mean,
            error=self._plane.standard_error,
            ring_mean=self._rings.mean,
            ring_error=self._rings.standard_error,
        )
        return write_spectrum(store, spectrum, made_from)


SPECTRA = PixelMapKind(
    folder=KIND,
    figures=("spectra", "azimuthal_profiles"),
    version=VERSION,
    step_px=1,
    sides=(256, 128, 64, 32, 16),
    multiple_px=2,
    measure=log_spectrum,
    summary=SpectrumSummary,
)
