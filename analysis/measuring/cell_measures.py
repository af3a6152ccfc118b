"""What is measured of one cell: counts and metrics of the scores of its pools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from analysis.measuring.metric_registry import Metric
from analysis.measuring.sorted_scores import SortedScores
from analysis.measuring.validation_scores import ValidationScores

Scores = tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]  # logit with NaN for null, seen
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Counts:
    """Images of a cell: measured, seen before by the fit, and without a logit.

    `n_real_right` and `n_fake_right` are those measured that lie on their side of a logit of 0, so
    with n_real and n_fake the confusion matrix. `n_seen_fake` are the fakes among `n_seen`.
    `constant` says that one of its pools has the same logit everywhere: a network that answers
    without looking, whatever the metrics say.
    """

    n_real: int
    n_fake: int
    n_seen: int
    n_seen_fake: int
    n_null: int
    n_real_right: int
    n_fake_right: int
    constant: bool


@dataclass(frozen=True)
class Measured:
    """Counts, the metrics by name, and the bounds of their 95 % intervals.

    A metric is None where it is undefined, its interval also where it has none.
    """

    counts: Counts
    metrics: Mapping[str, float | None]
    intervals: Mapping[str, tuple[float, float] | None] = field(default_factory=dict)


def measure(
    real: Sequence[Scores],
    fake: Sequence[Scores],
    *,
    leakage: str,
    metrics: Sequence[Metric],
    sets_threshold: Sequence[Mask] | None = None,
    validation: ValidationScores | None = None,
) -> Measured:
    """Return the counts of one cell and some metrics from the (logit, seen) arrays of its pools.

    Args:
        real: of the pools of reals.
        fake: of those of fakes.
        leakage: `allow` measures images that the fit has seen, too.
        metrics: which.
        sets_threshold: for each pool of reals, which of its rows are kept apart to set a threshold.
        validation: of the fit.
    """
    sides: list[npt.NDArray[np.float32]] = []
    apart = None if sets_threshold is None else np.concatenate([*sets_threshold, np.empty(0, bool)])
    n_seen = n_seen_fake = n_null = 0
    for pools in (real, fake):
        logits = np.concatenate([pool[0] for pool in pools]) if pools else np.empty(0, np.float32)
        seen = np.concatenate([pool[1] for pool in pools]) if pools else np.empty(0, np.bool_)
        n_seen_fake = int(np.count_nonzero(seen))  # of the side at hand; the fakes come last
        n_seen += n_seen_fake
        wanted = np.full(seen.size, True) if leakage == "allow" else ~seen
        scored = wanted & ~np.isnan(logits)
        n_null += int(np.count_nonzero(wanted) - np.count_nonzero(scored))
        if pools is real and apart is not None:
            apart = apart[scored]
        sides.append(logits[scored])
    counts = Counts(
        n_real=int(sides[0].size),
        n_fake=int(sides[1].size),
        n_seen=n_seen,
        n_seen_fake=n_seen_fake,
        n_null=n_null,
        n_real_right=int(np.count_nonzero(sides[0] <= 0)),
        n_fake_right=int(np.count_nonzero(sides[1] > 0)),
        constant=any(_is_constant(logits) for logits, _ in (*real, *fake)),
    )
    scores = SortedScores.of(*sides, sets_threshold=apart, validation=validation)
    found = {each.name: each.estimate(scores) for each in metrics}
    return Measured(
        counts,
        {name: estimate.value for name, estimate in found.items()},
        {name: estimate.bounds for name, estimate in found.items()},
    )


def _is_constant(logits: npt.NDArray[np.float32]) -> bool:
    scored = logits[~np.isnan(logits)]
    return scored.size > 1 and bool((scored == scored[0]).all())
