"""A table as it was printed: each number with its rounding, each line with what it is of."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

RATES = (
    *("accuracy", "balanced_accuracy", "auc", "average_precision"),
    *(f"{kind}_{of}" for kind in ("precision", "recall", "f1") for of in ("fake", "real", "macro")),
    *("precision", "recall", "f1"),  # of a class that the table does not say
)
"""What a printed rate may be; `recall_fake` is the TPR, `recall_real` the TNR."""
COUNTS = ("tp", "fn", "fp", "tn", "n_real", "n_fake", "n", "sets")
"""What a printed count may be: fake is positive, `n` is of both classes, `sets` are test sets."""
ONLY_ROW = "all"
"""The row of a table that has one and does not name it."""
TITLES = {
    "auc": "AUC",
    "average_precision": "average precision",
    "recall_fake": "recall of fakes (TPR)",
    "recall_real": "recall of reals (TNR)",
    "precision_fake": "precision of fakes",
    "precision_real": "precision of reals",
    "precision_macro": "macro precision",
    "recall_macro": "macro recall",
    "f1_fake": "F1 of fakes",
    "f1_real": "F1 of reals",
    "f1_macro": "macro F1",
    "f1": "F1",
    "balanced_accuracy": "balanced accuracy",
}


def title_of(rate: str) -> str:
    """Return what people call a rate."""
    return TITLES.get(rate, rate)


@dataclass(frozen=True)
class PrintedNumber:
    """A share of 1 as it was printed: `slack` is half a unit of its last digit, a share too."""

    value: float
    slack: float
    text: str

    def could_be(self, value: float, slack: float = 0.0) -> bool:
        """Say whether rounding could have made this number of one that is known within a slack.

        A number on the edge passes: papers round half up, half to even, and some cut.
        """
        return abs(self.value - value) <= self.slack + slack + 1e-9


@dataclass(frozen=True, kw_only=True)
class PrintedLine:
    """What is printed of one row (a detector, trained in one way) on one test set.

    `test_set` is "" for the row's figure over all of its test sets, `row` is "" for the mean over
    the rows of a `block`. `is_own` says that the row was trained on this test set's generator.
    `marked` are the rates that stand out, as best ones do.
    """

    row: str
    test_set: str
    rates: Mapping[str, PrintedNumber]
    counts: Mapping[str, int] = field(default_factory=dict)
    marked: frozenset[str] = frozenset()
    is_own: bool = False
    block: str = ""

    @property
    def name(self) -> str:
        """What it is of, in words."""
        if self.row == ONLY_ROW and self.test_set:
            return self.test_set
        row = self.row or "mean over rows"
        return f"{row}, {self.test_set}" if self.test_set and self.row else self.test_set or row

    @property
    def n_real(self) -> int | None:
        """The reals tested, None where nothing says so."""
        return self._n("n_real", "tn", "fp")

    @property
    def n_fake(self) -> int | None:
        """The fakes tested, None where nothing says so."""
        return self._n("n_fake", "tp", "fn")

    def _n(self, name: str, one: str, other: str) -> int | None:
        if name in self.counts:
            return self.counts[name]
        both = [self.counts[each] for each in (one, other) if each in self.counts]
        return sum(both) if len(both) == 2 else None


@dataclass(frozen=True, kw_only=True)
class PrintedTable:
    """One table; `ignored` are columns of which nothing says what they are."""

    title: str
    lines: tuple[PrintedLine, ...]
    ignored: tuple[str, ...] = ()

    def rows(self) -> Iterator[tuple[PrintedLine | None, list[PrintedLine]]]:
        """Give each row's line over all test sets, where there is one, and its other lines."""
        names = dict.fromkeys((line.block, line.row) for line in self.lines if line.row)
        for block, row in names:
            own = [line for line in self.lines if (line.block, line.row) == (block, row)]
            overall = [line for line in own if not line.test_set]
            yield (overall[0] if overall else None), [line for line in own if line.test_set]

    def columns(self) -> Iterator[tuple[PrintedLine, list[PrintedLine]]]:
        """Give the mean over rows of each column that has one, and the lines below it."""
        for mean in (line for line in self.lines if not line.row):
            yield (
                mean,
                [
                    line
                    for line in self.lines
                    if line.row and (line.block, line.test_set) == (mean.block, mean.test_set)
                ],
            )


def printed_number(text: str, decimals: int, *, in_percent: bool) -> PrintedNumber:
    """Return a number of some printed decimals as a share.

    Raises:
        ValueError: the text is no finite number.
    """
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is no number")
    unit = 0.01 if in_percent else 1.0
    return PrintedNumber(value * unit, 0.5 * 10.0**-decimals * unit, text)
