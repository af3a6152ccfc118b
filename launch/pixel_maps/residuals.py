"""NPR's residuals of pools: the mean of their absolute values, and those of a few images."""

from __future__ import annotations

from data.pixel_maps.npr_residual import VERSION, Residual, absolute_residual
from data.pixel_maps.running_mean import RunningMean
from grid.records.artifacts.counted import CountedImages
from grid.records.artifacts.pool_residuals import KIND, PoolResiduals, write_residuals
from grid.store.base import Store
from launch.pixel_maps.compared_pools import ComparedPool
from launch.pixel_maps.pool_artifacts import MadeFrom, PixelMapKind

EXAMPLES = 4
"""Of each pool the first so many images that count, in the order of their ids: chosen by nobody."""
GRID_PX = 16
"""The crop begins at multiples of this, so that JPEG's blocks and an up-sampler's grids of up to
16 pixels lie at the same place in each crop of an image that was not cropped before."""


class ResidualSummary:
    """Adds up the absolute residuals of a pool's images."""

    def __init__(self) -> None:
        self._mean = RunningMean()
        self._examples: dict[str, Residual] = {}

    def add(self, image_id: str, value: Residual) -> None:
        """Count an image's residual in."""
        self._mean.add(value)
        if len(self._examples) < EXAMPLES:
            self._examples[image_id] = value

    def write(
        self, store: Store, compared: ComparedPool, counted: CountedImages, made_from: MadeFrom
    ) -> str:
        """Store the means and the examples, and return their key."""
        residuals = PoolResiduals(
            pool_id=compared.pool.pool_id,
            equalise=compared.equalise,
            size_px=made_from["size_px"],
            counted=counted,
            mean=self._mean.mean,
            error=self._mean.standard_error,
            examples=self._examples,
        )
        return write_residuals(store, residuals, made_from)


RESIDUALS = PixelMapKind(
    folder=KIND,
    figures=("residual_maps",),
    version=VERSION,
    step_px=GRID_PX,
    sides=(64, 32, 16),
    multiple_px=2,
    measure=absolute_residual,
    summary=ResidualSummary,
)
