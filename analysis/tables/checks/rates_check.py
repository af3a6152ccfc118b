"""Whether rates printed of one test set can come from one confusion table.

Every rate follows from three numbers: TPR, TNR, and the share of reals. The check looks for a TPR
and a TNR that give all printed ones within their rounding.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.tables.checks.check_result import CheckResult, Verdict, points, written_like
from analysis.tables.checks.confusion_rates import OF_CONFUSION, rates_of
from analysis.tables.printed.printed_table import (
    PrintedLine,
    PrintedNumber,
    PrintedTable,
    title_of,
)

Rates = Mapping[str, PrintedNumber]

_EDGE = 1e-9
_HALVINGS = 26
_BOXES = 20_000
_KINDS = ("precision", "recall", "f1")
_CLASSES = ("fake", "real", "macro")


def check(table: PrintedTable) -> Iterator[CheckResult]:
    """Check each line of one test set that has two such rates or more.

    A figure over several test sets is left out: the rates of a mean are no mean's rates.
    """
    several = {line.row for line in table.lines if line.test_set}
    for line in table.lines:
        rates = {
            name: each
            for name, each in line.rates.items()
            if name in OF_CONFUSION or name in _KINDS
        }
        if len(rates) > 1 and line.row and (line.test_set or line.row not in several):
            yield _checked(line, rates)


def _checked(line: PrintedLine, rates: Rates) -> CheckResult:
    reals, fakes = line.n_real, line.n_fake
    known = reals / (reals + fakes) if reals and fakes else None
    verdict: Verdict = "consistent"
    explanation = ""
    if not _any_class(rates, 0.5 if known is None else known):
        shares = [s for s in _shares_of_reals(rates, known) if _any_class(rates, s)]
        verdict = "doubtful" if shares else "inconsistent"
        explanation = "; ".join(
            each for each in (_unbalanced(shares), _mended(rates, known or 0.5)) if each
        )
    of = "as many fakes as reals" if known is None else f"{reals:,} reals and {fakes:,} fakes"
    figures = ", ".join(f"{title_of(name)} {each.text}" for name, each in rates.items())
    verb = "agree" if verdict == "consistent" else "do not agree"
    return CheckResult(
        check="rates",
        where=line.name,
        verdict=verdict,
        said=f"{figures}: with {of} they {verb}",
        explanation=explanation,
    )


def _shares_of_reals(rates: Rates, known: float | None) -> list[float]:
    """Return shares of reals to try where the table says nothing of it: a grid, and the exact one.

    Accuracy is the mean of both recalls, weighted by it.
    """
    if known is not None:
        return []
    real, fake, accuracy = (rates.get(n) for n in ("recall_real", "recall_fake", "accuracy"))
    exact = []
    if real and fake and accuracy and real.value != fake.value:
        exact = [(accuracy.value - fake.value) / (real.value - fake.value)]
    grid = [n / 25 for n in range(1, 25)]
    return sorted(share for share in (*grid, *exact) if 0 < share < 1)


def _any_class(rates: Rates, reals: float) -> bool:
    """Say whether rates agree, those of no stated class being of one and the same."""
    loose = [name for name in rates if name in _KINDS]
    classes = _CLASSES if loose else ("",)
    return any(
        agree({f"{n}_{of}" if n in loose else n: each for n, each in rates.items()}, reals)
        for of in classes
    )


def agree(rates: Rates, reals: float) -> bool:
    """Say whether some TPR and TNR give all rates within their rounding.

    No rate falls when TPR or TNR rises, so the corners of a box of both bound every rate in it.
    Boxes that cannot hold an answer are dropped, the others cut in four, until the middle of one is
    an answer or none is left.

    Args:
        rates: of stated classes.
        reals: share of the images that are real.
    """
    least = {name: each.value - each.slack - _EDGE for name, each in rates.items()}
    most = {name: each.value + each.slack + _EDGE for name, each in rates.items()}
    low, size = np.zeros((1, 2)), 1.0
    for _ in range(_HALVINGS):
        below, above = _made(rates, low, reals), _made(rates, low + size, reals)
        middle = _made(rates, low + size / 2, reals)
        if np.any(_all((middle[n] >= least[n]) & (middle[n] <= most[n]) for n in rates)):
            return True
        # A precision of nothing called so is nan, and excludes nothing.
        kept = _all(~(below[n] > most[n]) & ~(above[n] < least[n]) for n in rates)
        low = low[kept]
        if not len(low):
            return False
        if len(low) > _BOXES:  # a whole curve of answers, nearer than the rounding can tell
            return True
        size /= 2
        corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]) * size
        low = (low[:, None, :] + corners).reshape(-1, 2)
    return True


def _made(rates: Rates, at: npt.NDArray[np.float64], reals: float) -> dict[str, Any]:
    made = rates_of(at[:, 0], at[:, 1], reals)
    return {name: made[name] for name in rates}


def _all(conditions: Iterable[npt.NDArray[np.bool_]]) -> npt.NDArray[np.bool_]:
    return np.asarray(np.stack(list(conditions)).all(axis=0))


def _unbalanced(shares: list[float]) -> str:
    if not shares:
        return ""
    first, last = points(shares[0], 1), points(shares[-1], 1)
    said = first if first == last else f"{first} to {last}"
    return f"they would if about {said} % of the images were real"


def _mended(rates: Rates, reals: float) -> str:
    """Say what makes the rates agree: other classes than stated, or a number left out."""
    stated = [name for name in rates if name.rpartition("_")[0] in _KINDS]
    if len({name.rpartition("_")[2] for name in stated}) > 1 or "accuracy" not in rates:
        for of in _CLASSES:
            renamed = {_as_of(name, of): each for name, each in rates.items()}
            if len(renamed) == len(rates) and len(rates) > 2 and agree(renamed, reals):
                return f"they would as {' and '.join(title_of(name) for name in renamed)}"
    if len(rates) < 3:
        return ""
    both = [rates.get("recall_real"), rates.get("recall_fake")]
    if "accuracy" in rates and both[0] and both[1]:
        accuracy = reals * both[0].value + (1 - reals) * both[1].value
        return f"these recalls give accuracy {written_like(both[0], accuracy)}"
    for left_out in rates:
        rest = {name: each for name, each in rates.items() if name != left_out}
        if len(rest) > 2 and _any_class(rest, reals):
            return f"without {title_of(left_out)} {rates[left_out].text} the others agree"
    return ""


def _as_of(name: str, of: str) -> str:
    kind = name if name in _KINDS else name.rpartition("_")[0]
    return f"{kind}_{of}" if kind in _KINDS else name
