"""What an accuracy leaves possible for AUC and average precision on the same test set.

One threshold is one point of the ROC curve. With as many fakes as reals an accuracy a says that TPR
minus FPR is 2a - 1, for some FPR f. The lowest AUC has the curve pass through that point in steps,
(f + 2a - 1)(1 - f), which is lowest at an end: 2a - 1. The lowest average precision puts the reals
first on both sides of the threshold.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from analysis.tables.checks.check_result import CheckResult, written_like
from analysis.tables.printed.printed_table import PrintedTable, title_of


def check(table: PrintedTable) -> Iterator[CheckResult]:
    """Check each test set that has an accuracy and AUC or average precision.

    Of test sets that are not balanced the balanced accuracy alone says so of AUC, and nothing of
    average precision.
    """
    for line in table.lines:
        if not line.test_set or not line.row:
            continue
        even = line.n_real == line.n_fake  # unknown on both sides, too
        accuracy = line.rates.get("accuracy" if even else "balanced_accuracy")
        if accuracy is None:
            continue
        low = accuracy.value - accuracy.slack
        high = accuracy.value + accuracy.slack
        for rate in ("auc", "average_precision"):
            printed = line.rates.get(rate)
            if printed is None or (rate == "average_precision" and not even):
                continue
            least = max(2 * low - 1, 0) if rate == "auc" else lowest_average_precision(low)
            most = min(2 * high, 1) if rate == "auc" else 1.0
            fits = least <= printed.value + printed.slack and printed.value - printed.slack <= most
            yield CheckResult(
                check="bounds",
                where=line.name,
                verdict="consistent" if fits else "inconsistent",
                said=f"{title_of(rate)} {printed.text} with accuracy {accuracy.text}: "
                f"possible are {written_like(printed, least)} to "
                f"{written_like(printed, most)}",
                explanation=""
                if fits or line.n_real
                else "unless there are many more of one class",
            )


def lowest_average_precision(accuracy: float) -> float:
    """Return the lowest average precision of fakes at an accuracy, of as many fakes as reals.

    For many images: the reals called fake come before the fakes called so, and the other reals
    before the fakes that were missed, so precision is x / (f + x) up to the TPR t and x / (1 + x)
    beyond; its mean over x in [0, 1] is least for some f.
    """
    gain = 2 * accuracy - 1
    fpr = np.linspace(max(0.0, -gain), min(1.0, 1 - gain), 2001)
    tpr = np.clip(fpr + gain, 0, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        called = tpr - np.where(fpr > 0, fpr * np.log((fpr + tpr) / fpr), 0.0)
    missed = (1 - tpr) - np.log(2 / (1 + tpr))
    return float(np.min(called + missed))
