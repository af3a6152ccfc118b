"""`--task I/N`: which part of a plan is one array task's own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from grid.plan.plan import Plan


@dataclass(frozen=True)
class TaskShare:
    """The `index`-th of `count` tasks, counted from 0."""

    index: int
    count: int

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    def own(self, plan: Plan) -> frozenset[str]:
        """Return the fits of this share: every `count`-th of the plan, done ones counted.

        So every task finds the same shares, whenever it starts and whatever is committed by then.
        """
        return frozenset(f.fit.fit_id for f in plan.fits[self.index :: self.count])


class TaskShareType(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.2 only
    """I/N on the command line."""

    name = "I/N"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> TaskShare:
        """Return the share; refuse what is none."""
        if isinstance(value, TaskShare):
            return value
        found = re.fullmatch(r"(\d+)/(\d+)", str(value))
        if found is None or int(found[1]) >= int(found[2]):
            self.fail(
                f"{value!r} is no share: write the task and how many there are, the first of eight "
                "as 0/8 and the last as 7/8.",
                param,
                ctx,
            )
        return TaskShare(int(found[1]), int(found[2]))
