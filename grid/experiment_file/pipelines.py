"""What `input:` of an arm stands for: the geometry of training and of testing."""

from __future__ import annotations

from detectors.contract import Card, Options, Pipelines
from detectors.input_geometry import input_pipelines, with_last_geometry
from grid.experiment_file.schema import InputSpec


def chosen_pipelines(card: Card, options: Options, given: str | InputSpec) -> Pipelines:
    """Return the geometry that is meant: a preset by name, or both pipelines written out."""
    if isinstance(given, InputSpec):
        return with_last_geometry(Pipelines(train=given.train, test=given.test), options)
    return input_pipelines(card, options, "" if given == "default" else given)
