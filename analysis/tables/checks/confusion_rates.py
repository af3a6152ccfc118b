"""The rates that follow from a confusion table: by counts, or by TPR, TNR and share of reals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

# Of AUC and AP a confusion table says nothing.
OF_CONFUSION = (
    *("accuracy", "balanced_accuracy"),
    *(f"{kind}_{of}" for kind in ("precision", "recall", "f1") for of in ("fake", "real", "macro")),
)


def rates_of(tpr: Any, tnr: Any, reals: Any) -> Mapping[str, Any]:
    """Return every rate of `OF_CONFUSION`; all are shares, and arrays of one shape or numbers.

    Macro is the mean over the two classes; macro F1 the mean of both F1 (as scikit-learn has it).
    A precision of nothing called so is nan.

    Args:
        tpr: share of the fakes called fake.
        tnr: share of the reals called real.
        reals: share of the images that are real.
    """
    tp, fn = tpr * (1 - reals), (1 - tpr) * (1 - reals)
    tn, fp = tnr * reals, (1 - tnr) * reals
    with np.errstate(divide="ignore", invalid="ignore"):
        found = {
            "accuracy": tp + tn,
            "balanced_accuracy": (tpr + tnr) / 2,
            "precision_fake": np.divide(tp, tp + fp),
            "precision_real": np.divide(tn, tn + fn),
            "recall_fake": tpr,
            "recall_real": tnr,
            "f1_fake": np.divide(2 * tp, 2 * tp + fp + fn),
            "f1_real": np.divide(2 * tn, 2 * tn + fp + fn),
        }
    for kind in ("precision", "recall", "f1"):
        found[f"{kind}_macro"] = (found[f"{kind}_fake"] + found[f"{kind}_real"]) / 2
    return found


def rates_of_counts(tn: int, fp: int, fn: int, tp: int) -> dict[str, float]:
    """Return the rates of a confusion table that has reals and fakes."""
    shares = rates_of(
        np.float64(tp / (tp + fn)), np.float64(tn / (tn + fp)), (tn + fp) / (tn + fp + fn + tp)
    )
    return {name: float(value) for name, value in shares.items()}
