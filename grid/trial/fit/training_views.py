"""The views through which a fit is trained and validated, by its spec."""

from __future__ import annotations

from data.operations import Pipeline, parse
from data.view import View, view_of
from grid.trial.spec import TrialSpec


def training_views(spec: TrialSpec) -> tuple[View, Pipeline, View]:
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
