"""`artifacts/residual_maps/<pool_id>/<digest>.parquet`: mean NPR residuals of a pool's images.

A row per pixel of the crop for the mean over all images (`example` is null), then likewise for each
of a few single images, counted from 0: `down`, `across` (pixels from the top left), `residual`
(absolute, in grey levels of 0 to 255, mean of the channels, float32) and `se` (over images; null
for a single one). `measured` names the images by `examples`. Maps of differences, no pictures: a
store holds no pixels of anybody's images.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from grid.records.artifacts.artifact_files import (
    MAKE_ANEW,
    Artifact,
    readable_artifacts,
    write_artifact,
)
from grid.records.artifacts.counted import CountedImages
from grid.records.proven.checksums import CorruptRecord
from grid.store.base import Store

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Map = npt.NDArray[np.float64]

KIND = "residual_maps"


@dataclass(frozen=True, kw_only=True)
class PoolResiduals:
    """Mean over images of |x - up(down(x))| at the official factor .5, in grey levels of 0 to 255.

    Attributes:
        pool_id: whose images.
        equalise: what was done to them first, canonical.
        size_px: side N of the square in the middle of each, cut at multiples of 16 px.
        counted: which images count.
        mean, error: with the standard error over images (nan of one image), shape (N, N).
        examples: maps of single images by image_id, each of shape (N, N).
    """

    pool_id: str
    equalise: str
    size_px: int
    counted: CountedImages
    mean: Map
    error: Map
    examples: Mapping[str, npt.NDArray[np.floating[Any]]]


@lru_cache(maxsize=1)
def residual_schema() -> Any:
    """Return the columns."""
    import pyarrow as pa

    return pa.schema(
        [
            pa.field("example", pa.int16()),
            pa.field("down", pa.int16(), nullable=False),
            pa.field("across", pa.int16(), nullable=False),
            pa.field("residual", pa.float32(), nullable=False),
            pa.field("se", pa.float32()),
        ]
    )


def write_residuals(store: Store, residuals: PoolResiduals, made_from: Mapping[str, Any]) -> str:
    """Store residuals and return their key; `made_from` says the equalise and size_px, too."""
    import numpy as np
    import pyarrow as pa

    side, maps = residuals.size_px, [residuals.mean, *residuals.examples.values()]
    down, across = (each.ravel() for each in np.mgrid[:side, :side])
    example = np.repeat(np.arange(len(maps)) - 1, side * side)
    errors = np.full(len(example), np.nan)
    errors[: side * side] = residuals.error.ravel()
    columns = [
        pa.array(example, pa.int16(), mask=example < 0),
        pa.array(np.tile(down, len(maps)), pa.int16()),
        pa.array(np.tile(across, len(maps)), pa.int16()),
        pa.array(np.concatenate([each.ravel() for each in maps]).astype(np.float32)),
        pa.array(errors.astype(np.float32), mask=np.isnan(errors)),
    ]
    table = pa.Table.from_arrays(columns, schema=residual_schema())
    measured = {**residuals.counted.as_json(), "examples": list(residuals.examples)}
    return write_artifact(store, KIND, residuals.pool_id, made_from, measured, table)


def readable_residuals(
    store: Store, pools: Collection[str]
) -> tuple[list[PoolResiduals], dict[str, CorruptRecord]]:
    """Return the residuals of some pools, by key, and the files that are damaged."""
    artifacts, damaged = readable_artifacts(store, KIND, pools)
    found = []
    for artifact in artifacts:
        try:
            found.append(_residuals(artifact))
        except (KeyError, ValueError, TypeError) as error:
            damaged[artifact.key] = CorruptRecord(
                artifact.key, f"it holds no residuals ({error})", MAKE_ANEW
            )
    return found, damaged


def _residuals(artifact: Artifact) -> PoolResiduals:
    import numpy as np

    side, names = int(artifact.made_from["size_px"]), list(artifact.measured["examples"])
    maps = artifact.table["residual"].to_numpy().astype(np.float64).reshape(-1, side, side)
    error = artifact.table["se"].to_numpy().astype(np.float64).reshape(-1, side, side)
    return PoolResiduals(
        pool_id=artifact.subject,
        equalise=str(artifact.made_from["equalise"]),
        size_px=side,
        counted=CountedImages.of(artifact.measured),
        mean=maps[0],
        error=error[0],
        examples=dict(zip(names, maps[1:], strict=True)),
    )
