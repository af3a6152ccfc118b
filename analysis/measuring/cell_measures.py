"""What is measured of one cell: counts and metrics of the scores of its pools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.measuring.metric_registry import Metric

Scores = tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]  # logit with NaN for null, seen


@dataclass(frozen=True)
class Counts:
    """Images of a cell: measured, seen before by the fit, and without a logit.

    `n_seen_fake` are the fakes among `n_seen`. `constant` says that one of its pools has the same
    logit everywhere: a network that answers without looking, whatever the metrics say.
    """

    n_real: int
    n_fake: int
    n_seen: int
    n_seen_fake: int
    n_null: int
    constant: bool


@dataclass(frozen=True)
class Measured:
    """Counts, and the metrics by name; a metric is None where it is undefined."""

    counts: Counts
    metrics: Mapping[str, float | None]


def measure(
    real: Sequence[Scores], fake: Sequence[Scores], *, leakage: str, metrics: Sequence[Metric]
) -> Measured:
    """Return the counts of one cell and some metrics from the (logit, seen) arrays of its pools."""
    sides: list[npt.NDArray[np.float32]] = []
    n_seen = n_seen_fake = n_null = 0
    for pools in (real, fake):
        logits = np.concatenate([pool[0] for pool in pools]) if pools else np.empty(0, np.float32)
        seen = np.concatenate([pool[1] for pool in pools]) if pools else np.empty(0, np.bool_)
        n_seen_fake = int(np.count_nonzero(seen))  # of the side at hand; the fakes come last
        n_seen += n_seen_fake
        if leakage != "allow":
            logits = logits[~seen]
        scored = ~np.isnan(logits)
        n_null += int(logits.size - np.count_nonzero(scored))
        sides.append(logits[scored])
    counts = Counts(
        n_real=int(sides[0].size),
        n_fake=int(sides[1].size),
        n_seen=n_seen,
        n_seen_fake=n_seen_fake,
        n_null=n_null,
        constant=any(_is_constant(logits) for logits, _ in (*real, *fake)),
    )
    return Measured(counts, {each.name: each.compute(sides[0], sides[1]) for each in metrics})


def _is_constant(logits: npt.NDArray[np.float32]) -> bool:
    scored = logits[~np.isnan(logits)]
    return scored.size > 1 and bool((scored == scored[0]).all())
