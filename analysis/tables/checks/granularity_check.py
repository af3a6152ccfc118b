"""Whether a printed share can arise from so many images at all (GRIM).

Source: Brown and Heathers, "The GRIM test", Social Psychological and Personality Science, 2017.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from analysis.tables.checks.check_result import CheckResult, points
from analysis.tables.printed.printed_table import (
    PrintedLine,
    PrintedNumber,
    PrintedTable,
    title_of,
)


def check(table: PrintedTable) -> Iterator[CheckResult]:
    """Check accuracy and the recalls of lines whose numbers of images are known."""
    for line in table.lines:
        for name, n in _images(line):
            if name not in line.rates or not n:
                continue
            printed = line.rates[name]
            possible = _possible(printed, n)
            around = math.floor(printed.value * n)
            near = " and ".join(f"{k:,} of {n:,} is {points(k / n, 3)}" for k in _near(around, n))
            yield CheckResult(
                check="granularity",
                where=line.name,
                verdict="consistent" if possible else "inconsistent",
                said=f"{title_of(name)} {printed.text} of {n:,} images"
                + ("" if possible else " cannot arise"),
                explanation="" if possible else near,
            )


def _images(line: PrintedLine) -> Iterator[tuple[str, int | None]]:
    reals, fakes = line.n_real, line.n_fake
    yield "recall_real", reals
    yield "recall_fake", fakes
    both = None if reals is None or fakes is None else reals + fakes
    yield "accuracy", line.counts.get("n", both)


def _possible(printed: PrintedNumber, n: int) -> bool:
    """Say whether a whole number of n images rounds to a printed share."""
    low = math.ceil((printed.value - printed.slack) * n - 1e-6)
    high = math.floor((printed.value + printed.slack) * n + 1e-6)
    return low <= high and high >= 0 and low <= n


def _near(around: int, n: int) -> list[int]:
    return sorted({min(max(k, 0), n) for k in (around, around + 1)})
