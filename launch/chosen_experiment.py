"""Which expansion a command shows: what a FILE expands to now, or what the store holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from analysis.selecting.expansion_choice import ExpansionChoice
from grid.plan.plan import Plan
from grid.records.readable import readable_experiments
from grid.refusal import Problem, Refused
from grid.store.base import Store
from launch.desk import open_desk


def check_file_or_name(file: Path | None, named: dict[str, Any], narrowed: dict[str, Any]) -> None:
    """Refuse what contradicts a file, and what means nothing without one.

    Args:
        file: the experiment file, or None.
        named: --experiment, --digest and the like, by keyword.
        narrowed: --only, --set, --limit, --rehash and --trust-index.

    Raises:
        Refused: both a file and a name, or a change of no file.
    """
    given = [f"--{name.replace('_', '-')}" for name, value in named.items() if value]
    if file is not None and given:
        raise Refused(
            [
                Problem(
                    what=f"{file} and {' and '.join(given)}",
                    why="a file says itself which expansion is meant: what it expands to now",
                    mend="Give the file or the option",
                )
            ]
        )
    if file is None and any(narrowed.values()):
        raise Refused(
            [
                Problem(
                    what="--only, --set, --limit, --rehash or --trust-index without FILE",
                    why="they change what a file expands to",
                    mend="Name the experiment's file before them, or leave them out",
                )
            ]
        )


def expansion_of_file(
    file: Path, store: str | None, narrowed: dict[str, Any]
) -> tuple[Store, ExpansionChoice]:
    """Return what a file expands to now, run or not, and the store that is meant.

    The record is the store's where it has it: it says which code wrote it first. Where that is
    damaged, what the file expands to stands in, and the choice says so.
    """
    desk = open_desk(file, store=store, **narrowed)
    return desk.store, expansion_of_plan(desk.plan, desk.store)


def expansion_of_plan(plan: Plan, store: Store) -> ExpansionChoice:
    """Return what a plan is of, by the store's own record where it has one."""
    wanted = plan.record
    try:
        stored, damaged = readable_experiments(store, wanted["name"], wanted["digest"])
    except Refused:  # nothing of this expansion has run yet
        return ExpansionChoice((wanted,))
    return ExpansionChoice(tuple(stored) or (wanted,), damaged=damaged)
