"""Confusion counts against the rates printed beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from analysis.tables.checks.check_result import CheckResult, written_like
from analysis.tables.checks.confusion_rates import rates_of_counts
from analysis.tables.printed.printed_table import PrintedNumber, PrintedTable, title_of

_OF_NO_CLASS = ("precision", "recall", "f1")


def check(table: PrintedTable) -> Iterator[CheckResult]:
    """Compare each rate with the counts' own; one of no stated class may be of any."""
    for line in table.lines:
        counts = [line.counts.get(name) for name in ("tn", "fp", "fn", "tp")]
        if None in counts or not line.n_real or not line.n_fake:
            continue
        tn, fp, fn, tp = (int(each or 0) for each in counts)
        rates = rates_of_counts(tn, fp, fn, tp)
        for name, printed in line.rates.items():
            own = {
                each: value
                for each, value in rates.items()
                if each == name or (name in _OF_NO_CLASS and each.startswith(f"{name}_"))
            }
            if not own:  # AUC, AP
                continue
            fits = any(printed.could_be(value) for value in own.values())
            nearest = min(own.values(), key=lambda value: abs(value - printed.value))
            yield CheckResult(
                check="counts",
                where=line.name,
                verdict="consistent" if fits else "inconsistent",
                said=f"{title_of(name)} {printed.text}; tn {tn:,}, fp {fp:,}, fn {fn:,}, tp {tp:,} "
                f"give {written_like(printed, nearest)}",
                explanation="" if fits else _others(name, printed, rates),
            )


def _others(name: str, printed: PrintedNumber, rates: Mapping[str, float]) -> str:
    """Name the other rates of the same counts that the printed number is."""
    alike = [each for each, value in rates.items() if each != name and printed.could_be(value)]
    return f"it is the {' or the '.join(map(title_of, alike))} of these counts" if alike else ""
