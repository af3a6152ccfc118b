"""The reals' codings and the common square as one value, known in a process by its digest.

A view is text, and a list of hundreds of tables is too long for that: `match(tables="<digest>")`
names it. Whoever applies such a view must have told this process the list before: the plan that
formed it, or a worker that read it from the store. A digest stands for one content, so it does
not matter who did, nor how often.
"""

from __future__ import annotations

import bisect
import functools
import hashlib
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from data.matching.coding import Coding
from data.pipelines import Pipeline, PipelineError

DIGEST_DIGITS = 16


class UnknownTables(PipelineError):
    """This process was not told the table list that a view names."""


@dataclass(frozen=True)
class TableList:
    """What fakes are brought to.

    Attributes:
        size_px: side of the square that both classes are cropped to; None crops nothing.
        codings: of the reals, each with how many have it; sorted, each once.
    """

    size_px: int | None
    codings: tuple[tuple[Coding, int], ...]

    def __post_init__(self) -> None:
        every = [coding for coding, _ in self.codings]
        if not every or every != sorted(set(every)) or min(n for _, n in self.codings) < 1:
            raise ValueError(
                f"{len(every)} codings: a table list has at least one, sorted, each once and of "
                "one real or more; form it by data.matching.forming."
            )

    @functools.cached_property
    def digest(self) -> str:
        """16 hexadecimal digits of the SHA-256 of its content."""
        text = json.dumps(self.as_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_DIGITS]

    @functools.cached_property
    def _up_to(self) -> list[int]:
        return list(itertools.accumulate(n for _, n in self.codings))

    def coding_at(self, place: float) -> Coding:
        """The coding at a place in [0, 1) of all reals in the list's order.

        So the fakes that draw their places evenly are coded as often in each way as the reals; and
        a list that differs little changes few of them.
        """
        return self.codings[bisect.bisect_right(self._up_to, place * self._up_to[-1])][0]

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"size_px": self.size_px, "codings": [[*coding, n] for coding, n in self.codings]}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> TableList:
        """The list that `as_json` gave.

        Raises:
            ValueError: it is none.
        """
        try:
            codings = tuple((Coding(tables, chroma), n) for tables, chroma, n in record["codings"])
            return cls(record["size_px"], codings)
        except (KeyError, TypeError) as error:
            raise ValueError(f"it is no table list ({type(error).__name__}: {error}).") from error


_known: dict[str, TableList] = {}


def remember(table_list: TableList) -> str:
    """Make a list known to this process and return its digest."""
    _known.setdefault(table_list.digest, table_list)
    return table_list.digest


def is_known(digest: str) -> bool:
    """Whether this process was told a list."""
    return digest in _known


def table_list_of(digest: str) -> TableList:
    """The list of a digest.

    Raises:
        UnknownTables: this process was not told it.
    """
    if not digest:
        raise UnknownTables(
            "match has no table list: it is the plan that gives it one, made of the reals of a "
            "training set or test set; write `equalise: match` in an experiment."
        )
    if digest not in _known:
        raise UnknownTables(
            f"table list {digest} is not known in this process; read it from the store first "
            "(grid.records.table_lists)."
        )
    return _known[digest]


MATCH = "match"


def tables_named(equalise: Pipeline) -> str | None:
    """The digest of the list that a pipeline's `match` names, "" before it has one; None without.

    Args:
        equalise: parsed, of the kind equalise.
    """
    for step in equalise.operations:
        if step.name == MATCH:
            return str(dict(step.keywords).get("tables", ""))
    return None
