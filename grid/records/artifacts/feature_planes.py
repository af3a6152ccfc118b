"""`artifacts/feature_planes/<fit_id>/<digest>.parquet`: a fit's features by their components.

What the last linear layer is given of the same images at the initial weights and at the final ones
(`at`), brought to principal components that are fitted on just these images, for each `at` apart.
A row per image and `at`: at, image_id, label, generator (`real` for photographs), logit, pc1, pc2.
`measured` states for each `at` the shares of variance along the first components and how far a
linear discriminant in the full feature space tells real from fake; both are different questions.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from grid.records.artifacts.artifact_files import (
    MAKE_ANEW,
    Artifact,
    readable_artifacts,
    write_artifact,
)
from grid.records.proven.checksums import CorruptRecord
from grid.store.base import Store

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

KIND = "feature_planes"


@dataclass(frozen=True, kw_only=True)
class PlaneFacts:
    """What is measured of the features at one set of weights.

    Attributes:
        features: dimensions of the full space.
        explained: shares of the variance along the first components, of 1.
        auc: of a linear discriminant in the full space on images that it was not fitted on; None
            where a class has too few.
        auc_low, auc_high: its interval of 95 %, None where there is none.
    """

    features: int
    explained: Sequence[float]
    auc: float | None
    auc_low: float | None
    auc_high: float | None


@dataclass(frozen=True, kw_only=True)
class FeaturePlane:
    """The images at one set of weights, in the plane of the first two components.

    Attributes:
        at: "init" or "final".
        facts: what is measured of the features.
        points: shape (n, 2).
        labels: 0 real, 1 fake, shape (n,).
        generators: of each image what made it, or "real".
        image_ids: of each image.
        logits: of each image, shape (n,).
    """

    at: str
    facts: PlaneFacts
    points: npt.NDArray[np.float64]
    labels: npt.NDArray[np.int64]
    generators: Sequence[str]
    image_ids: Sequence[str]
    logits: npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class FeaturePlanes:
    """The planes of one fit, by `at`, and which images they are of, as `made_from` says it."""

    fit_id: str
    made_from: Mapping[str, Any]
    unreadable: int
    planes: Mapping[str, FeaturePlane]


@lru_cache(maxsize=1)
def plane_schema() -> Any:
    """Return the columns."""
    import pyarrow as pa

    return pa.schema(
        [
            pa.field("at", pa.string(), nullable=False),
            pa.field("image_id", pa.string(), nullable=False),
            pa.field("label", pa.int8(), nullable=False),
            pa.field("generator", pa.string(), nullable=False),
            pa.field("logit", pa.float32()),
            pa.field("pc1", pa.float64(), nullable=False),
            pa.field("pc2", pa.float64(), nullable=False),
        ]
    )


def write_planes(store: Store, planes: FeaturePlanes) -> str:
    """Store the planes of a fit and return their key."""
    import numpy as np
    import pyarrow as pa

    each = list(planes.planes.values())
    columns = [
        pa.array([plane.at for plane in each for _ in plane.image_ids], pa.string()),
        pa.array([image_id for plane in each for image_id in plane.image_ids], pa.string()),
        pa.array(np.concatenate([plane.labels for plane in each]), pa.int8()),
        pa.array([name for plane in each for name in plane.generators], pa.string()),
        pa.array(np.concatenate([plane.logits for plane in each]).astype(np.float32)),
        *(pa.array(np.concatenate([plane.points[:, k] for plane in each])) for k in (0, 1)),
    ]
    table = pa.Table.from_arrays(columns, schema=plane_schema())
    measured = {
        "unreadable": planes.unreadable,
        "planes": {plane.at: asdict(plane.facts) for plane in each},
    }
    return write_artifact(store, KIND, planes.fit_id, planes.made_from, measured, table)


def readable_planes(
    store: Store, fits: Collection[str]
) -> tuple[list[FeaturePlanes], dict[str, CorruptRecord]]:
    """Return the planes of some fits, by key, and the files that are damaged."""
    artifacts, damaged = readable_artifacts(store, KIND, fits)
    found = []
    for artifact in artifacts:
        try:
            found.append(planes_of(artifact))
        except (KeyError, ValueError, TypeError) as error:
            damaged[artifact.key] = CorruptRecord(
                artifact.key, f"it holds no planes of features ({error})", MAKE_ANEW
            )
    return found, damaged


def planes_of(artifact: Artifact) -> FeaturePlanes:
    """Return the planes that an artifact holds."""
    import numpy as np
    import pyarrow.compute as pc

    found = {}
    for name in dict.fromkeys(artifact.table["at"].to_pylist()):
        facts = artifact.measured["planes"][name]
        own = artifact.table.filter(pc.equal(artifact.table["at"], name))
        found[name] = FeaturePlane(
            at=name,
            facts=PlaneFacts(**facts),
            points=np.stack([own["pc1"].to_numpy(), own["pc2"].to_numpy()], axis=1),
            labels=own["label"].to_numpy().astype(np.int64),
            generators=own["generator"].to_pylist(),
            image_ids=own["image_id"].to_pylist(),
            logits=own["logit"].to_numpy().astype(np.float64),
        )
    return FeaturePlanes(
        fit_id=artifact.subject,
        made_from=artifact.made_from,
        unreadable=int(artifact.measured["unreadable"]),
        planes=found,
    )
