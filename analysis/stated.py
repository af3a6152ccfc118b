"""Which of several records says more of a generator: families and groups are stated in time.

Expansions of before and after have the same fits and pools and say different things of them, and
the store knows no clock. So what is stated goes before what is not known.
"""

from __future__ import annotations

from analysis.relations import UNKNOWN_FAMILY
from grid.records import Experiment, FitRecord, PoolRecord, SetRecord


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


def said_in_all(experiment: Experiment) -> int:
    """Return of how many test sets and pools an expansion knows family and group."""
    return sum(sum(said_of_set(each)) for each in experiment["test_sets"]) + sum(
        sum(said_of_pool(each)) for each in experiment["pools"]
    )
