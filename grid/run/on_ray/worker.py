"""On a worker: one attempt at one trial, as Tune calls it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from detectors.loader_cpus import usable_cpus
from grid.packages import ForeignPackages, require_own_packages
from grid.run.on_ray.head_table import StopLookup, is_closed, read_spec
from grid.run.on_ray.ray_home import restore_home
from grid.trial.contract import Attempt

FOREIGN = "foreign packages"
"""The state of an attempt on a worker that imports other packages instead of ours."""

ELSEWHERE = "elsewhere"
"""The state of an attempt on a node that does not see the trial's images."""


class DeviceBroken(RuntimeError):
    """Ends a worker whose GPU context is unusable, for Tune to start another one."""


def trainable(attempt: Attempt, prefix: str, report_every_s: float) -> Callable[..., Any]:
    """Return the function that Tune calls on a worker with a trial's configuration."""

    def crossgen_trial(config: dict[str, Any]) -> dict[str, str]:
        return _one_attempt(config, attempt, prefix, report_every_s)

    return crossgen_trial


def _one_attempt(
    config: Mapping[str, Any], attempt: Attempt, prefix: str, report_every_s: float
) -> dict[str, str]:
    """Run one attempt in a worker; what it returns is a hint to the schedule."""
    import ray

    restore_home()
    try:
        require_own_packages()
    except ForeignPackages as error:
        return {"state": FOREIGN, "kind": "error", "message": str(error)}
    stop = StopLookup(prefix)
    if stop() or is_closed(prefix):
        return {"state": "stopped", "kind": "", "message": ""}
    share = _of_this_node(config["resources"])
    spec = {**read_spec(prefix, config["fit_id"]), "share": share}
    outcome = attempt(spec, _Reporter(report_every_s), stop)
    if outcome.kind == "device":
        raise DeviceBroken(outcome.message)
    return {
        "state": outcome.state,
        "kind": outcome.kind,
        "message": outcome.message,
        "node": ray.get_runtime_context().get_node_id(),
    }


def _of_this_node(asked: Mapping[str, float]) -> dict[str, float]:
    """What an attempt may take of its node.

    `node` is the part of its memory: as much as of its CPUs or of its GPUs. `cpus` are those that
    it may use: where Ray was told of more than there are, a part of those that there are.
    """
    import ray

    own = ray.get_runtime_context().get_node_id()
    has: dict[str, float] = next((n["Resources"] for n in ray.nodes() if n["NodeID"] == own), {})
    claimed = has.get("CPU", 1.0)
    cpu, gpu = asked["cpu"] / claimed, asked["gpu"] / has.get("GPU", 1.0)
    return {
        "cpu": asked["cpu"],
        "gpu": asked["gpu"],
        "node": float(min(1.0, max(cpu, gpu))),
        "cpus": cpu * min(claimed, float(usable_cpus())),
    }


class _Reporter:
    """Passes a trial's reports on, a few per second over all workers: each waits for the driver."""

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._last = -1e9
        self._phase: Any = None

    def __call__(self, report: dict[str, Any]) -> None:
        now = time.monotonic()
        if now - self._last < self._every_s and report.get("phase") == self._phase:
            return
        self._last, self._phase = now, report.get("phase")
        from ray import tune

        tune.report({"progress": json.dumps(report)})
