"""Which of several records says more of a generator.

Experiments have fits and pools in common and may say different things of them: one file states
families and groups, another does not. What is stated goes before what is not known.
"""

from __future__ import annotations

from grid.records.experiments import FitRecord, PoolRecord, SetRecord

UNKNOWN_FAMILY = "unknown"


def said_of_generator(name: str, family: str, group: str) -> tuple[bool, bool]:
    """Return whether family and group of a generator are stated; more compares as greater."""
    return family != UNKNOWN_FAMILY, group != name


def said_of_pool(pool: PoolRecord) -> tuple[bool, bool]:
    """Return what is known of a pool's generator; more compares as greater."""
    return said_of_generator(pool["source"], pool["family"], pool["generator_group"])


def said_of_set(record: SetRecord) -> tuple[bool, bool]:
    """Return what is known of a test set's generator; more compares as greater."""
    return said_of_generator(record["generator"], record["family"], record["generator_group"])


def said_of_fit(fit: FitRecord) -> tuple[bool, bool]:
    """Return what is known of the generators that a fit learned from; more compares as greater."""
    train = fit["train"]
    if train is None:
        return True, True
    return UNKNOWN_FAMILY not in train["families"], set(train["groups"]) != set(train["generators"])
