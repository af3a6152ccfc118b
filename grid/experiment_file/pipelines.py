"""What `input:` of an arm stands for: the geometry of training and of testing."""

from __future__ import annotations

from detectors.contract import Card, Pipelines, find_preset
from grid.experiment_file.schema import InputSpec


def chosen_pipelines(card: Card, given: str | InputSpec) -> Pipelines:
    """Return the geometry that is meant: a preset by name, or both pipelines written out."""
    if isinstance(given, InputSpec):
        return Pipelines(train=given.train, test=given.test)
    return find_preset(card, "" if given == "default" else given)
