"""How urgent each trial is: its own seconds and those of the longest chain that waits for it."""

from __future__ import annotations

from collections.abc import Mapping

from grid.trial.contract import Trial


def urgencies(trials: Mapping[str, Trial]) -> dict[str, float]:
    """Return the urgency of each trial by its fit.

    A trial of unknown length is taken for as long as the longest known one: measuring it early
    costs nothing, meeting a long one last does.

    Raises:
        ValueError: Parents wait for each other in a circle.
    """
    known = [trial.predicted_s for trial in trials.values() if trial.predicted_s]
    unknown = max(known, default=1.0)
    urgency = {
        fit_id: unknown if trial.predicted_s is None else trial.predicted_s
        for fit_id, trial in trials.items()
    }
    below: dict[str, float] = dict.fromkeys(trials, 0.0)
    left = dict.fromkeys(trials, 0)
    for trial in trials.values():
        if trial.waits_for in left:
            left[trial.waits_for] += 1
    leaves = [fit_id for fit_id, children in left.items() if children == 0]
    seen = 0
    while leaves:
        fit_id = leaves.pop()
        seen += 1
        urgency[fit_id] += below[fit_id]
        parent = trials[fit_id].waits_for
        if parent in left:
            below[parent] = max(below[parent], urgency[fit_id])
            left[parent] -= 1
            if left[parent] == 0:
                leaves.append(parent)
    if seen < len(trials):
        circle = sorted(fit_id for fit_id, children in left.items() if children)
        raise ValueError(
            f"trials wait for each other in a circle: {', '.join(circle)}; "
            "none could ever start; break the circle of weights: {from: ...}"
        )
    return urgency
