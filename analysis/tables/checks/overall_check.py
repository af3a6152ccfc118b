"""Overall figures against the cells that they are said to be over: which mean reproduces each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import gcd
from statistics import fmean

from analysis.tables.checks.check_result import CheckResult, written_like
from analysis.tables.printed.printed_table import (
    PrintedLine,
    PrintedNumber,
    PrintedTable,
    title_of,
)

_WEIGHTS_UP_TO = 5
_CELLS_WEIGHED = 4
"""Of more cells too many weights give any number, so they explain nothing."""
_POOLED = ("accuracy", "recall_fake", "recall_real")


@dataclass(frozen=True)
class _Series:
    """An overall figure of one rate and its cells: numbers, images of each, whether own."""

    where: str
    rate: str
    overall: PrintedNumber
    lines: tuple[PrintedLine, ...]

    @property
    def cells(self) -> list[PrintedNumber]:
        return [line.rates[self.rate] for line in self.lines]

    def written(self, share: float) -> str:
        """Write a share as the overall figure is written."""
        return written_like(self.overall, share)


def check(table: PrintedTable) -> Iterator[CheckResult]:
    """Check each row's overall figure, each column's mean over rows, and the mean of all cells."""
    for series in _all_series(table):
        fits = list(_reproduced(series))
        macro = _macro(series.cells)
        yield CheckResult(
            check="overall",
            where=series.where,
            verdict="consistent" if fits else "inconsistent",
            said=f"{title_of(series.rate)} {series.overall.text}: "
            + (f"it is the {' and the '.join(fits)}" if fits else _missed(series, macro.value)),
            explanation=_apart(series) if fits else _explained(table, series),
        )


def _all_series(table: PrintedTable) -> Iterator[_Series]:
    for overall, lines in table.rows():
        if overall is not None:
            yield from _series_of(f"{overall.name}, over its test sets", overall, lines)
    for mean, lines in table.columns():
        if mean.test_set:
            yield from _series_of(f"{mean.test_set}, over the rows", mean, lines)
        else:
            of_block = [
                line for line in table.lines if line.row and line.test_set and _same(line, mean)
            ]
            yield from _series_of("all cells", mean, of_block)


def _same(line: PrintedLine, mean: PrintedLine) -> bool:
    return line.block == mean.block


def _series_of(where: str, overall: PrintedLine, lines: Sequence[PrintedLine]) -> Iterator[_Series]:
    for rate, printed in overall.rates.items():
        of_rate = tuple(line for line in lines if rate in line.rates)
        if len(of_rate) > 1:
            yield _Series(where, rate, printed, of_rate)


def _reproduced(series: _Series) -> Iterator[str]:
    """Give the means that the overall figure can be, in words."""
    ways = [("macro mean of the cells", series.cells)]
    strangers = [line.rates[series.rate] for line in series.lines if not line.is_own]
    if 1 < len(strangers) < len(series.lines):
        ways.append(("macro mean without the generators trained on", strangers))
    for said, cells in ways:
        mean = _macro(cells)
        if series.overall.could_be(mean.value, mean.slack):
            yield f"{said} ({series.written(mean.value)})"
    sets = _sets(series)
    if sets is not None and len(set(sets)) > 1:
        mean = _weighted(series.cells, sets)
        if series.overall.could_be(mean.value, mean.slack):
            yield f"mean over {sum(sets)} test sets ({series.written(mean.value)})"
    pooled = _pooled(series)
    if pooled is not None and series.overall.could_be(pooled.value, pooled.slack):
        yield f"mean pooled over images ({series.written(pooled.value)})"


def _macro(cells: Sequence[PrintedNumber]) -> PrintedNumber:
    return PrintedNumber(fmean(c.value for c in cells), fmean(c.slack for c in cells), "")


def _pooled(series: _Series) -> PrintedNumber | None:
    """Return the mean by images, where the table says how many; of shares of images alone."""
    if series.rate not in _POOLED:
        return None
    counts = []
    for line in series.lines:
        of_class = {"recall_fake": (line.n_fake,), "recall_real": (line.n_real,)}
        both = (line.counts["n"],) if "n" in line.counts else (line.n_fake, line.n_real)
        needed = of_class.get(series.rate, both)
        if None in needed:
            return None
        counts.append(sum(each or 0 for each in needed))
    return _weighted(series.cells, counts) if sum(counts) else None


def _weighted(cells: Sequence[PrintedNumber], weights: Sequence[int]) -> PrintedNumber:
    total = sum(weights)
    return PrintedNumber(
        sum(c.value * w for c, w in zip(cells, weights, strict=True)) / total,
        sum(c.slack * w for c, w in zip(cells, weights, strict=True)) / total,
        "",
    )


def _apart(series: _Series) -> str:
    """Say how far apart the two macro means are, where some cells are of a generator trained on."""
    strangers = [line.rates[series.rate] for line in series.lines if not line.is_own]
    if not 1 < len(strangers) < len(series.lines):
        return ""
    inside, outside = _macro(series.cells).value, _macro(strangers).value
    return f"diagonal in {series.written(inside)}, diagonal out {series.written(outside)}"


def _missed(series: _Series, macro: float) -> str:
    parts = [f"the macro mean of the {len(series.lines)} cells is {series.written(macro)}"]
    strangers = [line.rates[series.rate] for line in series.lines if not line.is_own]
    if 1 < len(strangers) < len(series.lines):
        parts.append(f"without the generators trained on {series.written(_macro(strangers).value)}")
    pooled = _pooled(series)
    if pooled is not None:
        parts.append(f"pooled over images {series.written(pooled.value)}")
    return ", ".join(parts)


def _explained(table: PrintedTable, series: _Series) -> str:
    """Say which cells left out, or which weights, give what is printed."""
    said = [*_left_out(series), *_weights(table, series), *_of_two(series)]
    return "; ".join(said)


def _left_out(series: _Series) -> Iterator[str]:
    """Give the one cell without which the macro mean fits, if there is one."""
    if len(series.lines) < 3:
        return
    for out, line in enumerate(series.lines):
        rest = _macro([c for n, c in enumerate(series.cells) if n != out])
        if series.overall.could_be(rest.value, rest.slack):
            mean = series.written(rest.value)
            yield f"the macro mean without {line.test_set or line.row} is {mean}"
            return


def _of_two(series: _Series) -> Iterator[str]:
    """Say how much two cells would have to weigh, where it is said how many sets each is of."""
    sets = _sets(series)
    if sets is None or len(sets) != 2 or series.cells[0].value == series.cells[1].value:
        return
    one, other = (cell.value for cell in series.cells)
    share = (series.overall.value - other) / (one - other)
    names = " and ".join(line.test_set for line in series.lines)
    total = sum(sets)
    yield (
        f"{names} would have to weigh {share * total:.1f} and {(1 - share) * total:.1f} of "
        f"{total} test sets"
    )


def _sets(series: _Series) -> list[int] | None:
    """Return how many test sets each cell is a mean of, None where that is not said."""
    counts = [line.counts.get("sets") for line in series.lines]
    return None if None in counts else [each or 0 for each in counts]


def _weights(table: PrintedTable, series: _Series) -> Iterator[str]:
    """Give small whole weights that reproduce every overall figure of the row at once.

    One figure alone is met by many weights, so two at least have to agree.
    """
    alike = [
        s
        for s in _all_series(table)
        if (s.where, len(s.lines)) == (series.where, len(series.lines))
    ]
    if len(series.lines) > _CELLS_WEIGHED or len(alike) < 2:
        return
    for weights in sorted(product(range(1, _WEIGHTS_UP_TO + 1), repeat=len(series.lines)), key=sum):
        if gcd(*weights) > 1 or len(set(weights)) == 1:
            continue
        means = [(s, _weighted(s.cells, weights)) for s in alike]
        if all(s.overall.could_be(mean.value, mean.slack) for s, mean in means):
            ratio = ":".join(map(str, weights))
            names = ", ".join(line.test_set for line in series.lines)
            yield f"pooled {ratio} over {names}, all {len(alike)} overall figures come out"
            return
