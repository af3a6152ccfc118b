"""Errors that trying again cannot help, without torch: who schedules a trial asks for them."""

from __future__ import annotations


class WeightsMismatch(ValueError):
    """Weights that are not exactly those of the network, or bytes that are no weights."""


class UnknownPart(ValueError):
    """A part of a network that is to be frozen and that it does not have."""


class TrainingDiverged(RuntimeError):
    """The training loss is no longer finite."""
