"""Checks that are found by their presence: every module of a folder is a group of them.

A group's module has `PLACE`, where it stands among its sisters, and `CHECKS`, from what is checked,
in a word or two, to the function that looks. `WHERE_TRIALS_RUN = True` says that its checks are of
a machine that computes: a login node need not pass them.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

from grid.refusal import Refused
from grid.store.errors import StoreError, StoreUrlRefused
from launch.doctor.diagnosis import Diagnosis, broken

SHOWN = 5
Check = Callable[[Any], Diagnosis | None]
"""From what it may look at to what it says; None where there is nothing to look at."""


def checks_of(room: str, *, computes: bool = True) -> dict[str, Check]:
    """Return all checks of a folder of groups, such as "on_slurm", in their order.

    Args:
        room: the folder.
        computes: whether trials will run on this machine.
    """
    package = f"{__package__}.{room}"
    folder = importlib.import_module(package).__path__
    modules = [
        importlib.import_module(f"{package}.{each.name}") for each in pkgutil.iter_modules(folder)
    ]
    groups = [each for each in modules if computes or not getattr(each, "WHERE_TRIALS_RUN", False)]
    return {
        title: check
        for group in sorted(groups, key=lambda each: int(each.PLACE))
        for title, check in group.CHECKS.items()
    }


def diagnoses(
    room: str,
    subject: Any,
    before: Callable[[str], None] = lambda _: None,
    *,
    computes: bool = True,
) -> Iterator[tuple[str, Diagnosis]]:
    """Run every check of a folder and yield (what was checked, what came of it).

    Args:
        room: the folder.
        subject: what its checks may look at.
        before: told what is checked next; it may take seconds.
        computes: see `checks_of`.
    """
    for title, check in checks_of(room, computes=computes).items():
        before(title)
        found = outcome(check, subject)
        if found is not None:
            yield title, found


def outcome(check: Check, subject: Any) -> Diagnosis | None:
    """Run one check; one that breaks down is a problem of its own, never silence."""
    try:
        return check(subject)
    except Refused as refused:
        first = refused.problems[0]
        return broken(" ".join(each.complaint for each in refused.problems[:SHOWN]), first.mend)
    except (StoreError, StoreUrlRefused) as error:
        return broken(str(error), "Mend what it says; the store's address is given by --store")
    except Exception as error:  # any: it looked at what may be broken in any way
        return broken(
            f"looking at it raised {type(error).__name__}: {error}",
            "Mend what it says; where it says nothing of your machine, it is a bug of the check",
        )
