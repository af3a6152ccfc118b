"""`artifacts/spectra/<pool_id>/<digest>.parquet`: the mean log power spectrum of a pool's images.

A row per frequency of half the plane (`down` from -N / 2, `across` from 0, cycles per crop; `ring`
is null), then a row per ring (`ring` from 0; the others are null): mean_db and se_db over the
images, float32; se_db is null where only one image counts. `data.pixel_maps.power_spectrum` says
what they are.
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

    Values = npt.NDArray[np.float64]

KIND = "spectra"


@dataclass(frozen=True, kw_only=True)
class PoolSpectrum:
    """Mean over images of a log power spectrum, in dB, with standard errors (nan of one image).

    Attributes:
        pool_id: whose images.
        equalise: what was done to them first, canonical.
        size_px: side N of the square in the middle of each.
        counted: which images count.
        mean, error: half of the plane, shape (N, N / 2 + 1), see `power_spectrum`.
        ring_mean, ring_error: by distance from 0, shape (N / 2 + 1,).
    """

    pool_id: str
    equalise: str
    size_px: int
    counted: CountedImages
    mean: Values
    error: Values
    ring_mean: Values
    ring_error: Values


@lru_cache(maxsize=1)
def spectrum_schema() -> Any:
    """Return the columns."""
    import pyarrow as pa

    return pa.schema(
        [
            pa.field("down", pa.int16()),
            pa.field("across", pa.int16()),
            pa.field("ring", pa.int16()),
            pa.field("mean_db", pa.float32(), nullable=False),
            pa.field("se_db", pa.float32()),
        ]
    )


def write_spectrum(store: Store, spectrum: PoolSpectrum, made_from: Mapping[str, Any]) -> str:
    """Store a spectrum and return its key; `made_from` says the equalise and size_px, too."""
    import numpy as np
    import pyarrow as pa

    side = spectrum.size_px
    down, across = np.mgrid[-side // 2 : side // 2, 0 : side // 2 + 1]
    is_ring = np.repeat([False, True], [down.size, len(spectrum.ring_mean)])
    rings = np.arange(len(spectrum.ring_mean))
    errors = np.concatenate([spectrum.error.ravel(), spectrum.ring_error])
    columns = [
        pa.array(np.concatenate([down.ravel(), rings]), pa.int16(), mask=is_ring),
        pa.array(np.concatenate([across.ravel(), rings]), pa.int16(), mask=is_ring),
        pa.array(np.concatenate([np.zeros(down.size, int), rings]), pa.int16(), mask=~is_ring),
        pa.array(np.concatenate([spectrum.mean.ravel(), spectrum.ring_mean]).astype(np.float32)),
        pa.array(errors.astype(np.float32), mask=np.isnan(errors)),
    ]
    table = pa.Table.from_arrays(columns, schema=spectrum_schema())
    counts = spectrum.counted.as_json()
    return write_artifact(store, KIND, spectrum.pool_id, made_from, counts, table)


def readable_spectra(
    store: Store, pools: Collection[str]
) -> tuple[list[PoolSpectrum], dict[str, CorruptRecord]]:
    """Return the spectra of some pools, by key, and the files that are damaged."""
    artifacts, damaged = readable_artifacts(store, KIND, pools)
    found = []
    for artifact in artifacts:
        try:
            found.append(_spectrum(artifact))
        except (KeyError, ValueError, TypeError) as error:
            damaged[artifact.key] = CorruptRecord(
                artifact.key, f"it is no spectrum ({error})", MAKE_ANEW
            )
    return found, damaged


def _spectrum(artifact: Artifact) -> PoolSpectrum:
    import numpy as np

    side = int(artifact.made_from["size_px"])
    mean, error = (
        artifact.table[name].to_numpy().astype(np.float64) for name in ("mean_db", "se_db")
    )
    rings, shape = side // 2 + 1, (side, side // 2 + 1)
    if len(mean) != side * rings + rings:
        raise ValueError(f"{len(mean):,} rows of a crop of {side} px")
    return PoolSpectrum(
        pool_id=artifact.subject,
        equalise=str(artifact.made_from["equalise"]),
        size_px=side,
        counted=CountedImages.of(artifact.measured),
        mean=mean[:-rings].reshape(shape),
        error=error[:-rings].reshape(shape),
        ring_mean=mean[-rings:],
        ring_error=error[-rings:],
    )
