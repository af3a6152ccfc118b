"""A fit's features at its initial and final weights, side by side, as an artifact of the store."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from grid.records.artifacts.artifact_files import key_of, sound_artifact
from grid.records.artifacts.feature_planes import (
    KIND,
    FeaturePlane,
    FeaturePlanes,
    PlaneFacts,
    planes_of,
    write_planes,
)
from grid.records.identity import digest
from grid.store.base import Store
from launch.feature_space.feature_images import FeatureImages
from launch.feature_space.fit_features import (
    FINAL,
    INIT,
    FitImages,
    decoded_alone,
    features_at,
)
from launch.feature_space.projection import projected
from launch.feature_space.separation import separation

if TYPE_CHECKING:
    from detectors.explaining.read_features import ReadFeatures

VERSION = 1
"""Raised where the same features would be given other numbers."""


def made_planes(
    store: Store, source: FitImages, drawn_from: dict[str, Any], say: Callable[[str], None]
) -> tuple[FeaturePlanes, str, bool]:
    """Return the planes of a fit, their key, and whether they were computed just now.

    Args:
        store: has the fit and gets the planes.
        source: the fit and its images.
        drawn_from: which images these are, plain JSON.
        say: told what is being done.

    Raises:
        Refused: weights or images are not there, or the network has no last linear layer.
    """
    commit = source.commit
    made_from = {
        **drawn_from,
        "fit_id": source.fit_id,
        "weights_sha256": commit["weights"][str(commit["selected_epoch"])]["sha256"],
        "image_ids": digest(list(source.images.rows.image_ids)),
        "view": source.view.canonical,
        "operations": source.view.versions,
        "version": VERSION,
    }
    key = key_of(KIND, source.fit_id, made_from)
    there = sound_artifact(store, key)
    if there is not None:
        return planes_of(there), key, False
    planes, lost = {}, 0
    for at in (INIT, FINAL):
        images, read, lost = decoded_alone(source.images, features_at(source, at, store, say))
        say(f"projecting, {at}")
        planes[at] = _plane(at, images, read)
    found = FeaturePlanes(fit_id=source.fit_id, made_from=made_from, unreadable=lost, planes=planes)
    return found, write_planes(store, found), True


def _plane(at: str, images: FeatureImages, read: ReadFeatures) -> FeaturePlane:
    rows = images.rows
    plane = projected(read.features, rows.labels, rows.image_ids)
    parted = separation(read.features, rows.labels, rows.image_ids)
    return FeaturePlane(
        at=at,
        facts=PlaneFacts(
            features=read.features.shape[1],
            explained=list(plane.explained),
            auc=None if parted is None else parted.auc,
            auc_low=None if parted is None else parted.low,
            auc_high=None if parted is None else parted.high,
        ),
        points=plane.points_NA,
        labels=rows.labels.astype(np.int64),
        generators=images.generators,
        image_ids=rows.image_ids,
        logits=read.logits.astype(np.float64),
    )
