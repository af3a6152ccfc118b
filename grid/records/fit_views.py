"""The views through which a fit is trained, by its spec, and tested, by an experiment's record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from data.operations import Pipeline, parse
from data.view import View, view_of
from grid.records.experiments import ScoringRecord


def training_views(spec: Mapping[str, Any]) -> tuple[View, Pipeline, View]:
    """Return the view of training images, their augmentation and the view of validation images.

    Raises:
        OtherVersion: an operation has another version here than in the fit's identity.
    """
    equalise = spec.get("equalise", "none")  # fits of earlier versions, which `verify` repeats
    view = view_of(equalise, geometry=spec["train_geometry"])
    augmentation = parse(spec["augment"], "augmentation")
    validation_view = view_of(equalise, geometry=spec["validation_geometry"])
    for each in (view, View(geometry=augmentation), validation_view):
        each.require_versions(spec["description"].get("operations", {}))
    return view, augmentation, validation_view


def scoring_record(
    fit_id: str, epochs: Sequence[int | str], pools: Sequence[str], views: Sequence[View]
) -> ScoringRecord:
    """Return the record of a fit that is scored on some pools through some views.

    Args:
        fit_id: the fit.
        epochs: numbers, "selected" or "last".
        pools: their ids.
        views: at least one; they differ in their degradations alone.
    """
    operations = {view.degradation.canonical: view.versions for view in views}
    return ScoringRecord(
        fit_id=fit_id,
        epochs=list(epochs),
        pools=list(pools),
        degradations=list(operations),
        test_pipeline=views[0].geometry.canonical,
        equalise=views[0].equalise.canonical,
        operations=operations,
    )


def views_of(record: ScoringRecord) -> list[View]:
    """Return the views of a record, one for each degradation, by this code's operations."""
    return [
        view_of(record["equalise"], degradation, record["test_pipeline"])
        for degradation in record["degradations"]
    ]
