"""On a worker: one attempt at one trial, as Tune calls it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from grid.packages import ForeignPackages, require_own_packages
from grid.run.on_ray.head_table import StopLookup, read_spec
from grid.run.on_ray.ray_home import restore_home
from grid.trial.contract import Attempt

FOREIGN = "foreign packages"
"""The state of an attempt on a worker that imports other packages instead of ours."""


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
    restore_home()
    try:
        require_own_packages()
    except ForeignPackages as error:
        return {"state": FOREIGN, "kind": "error", "message": str(error)}
    stop = StopLookup(prefix)
    if stop():
        return {"state": "stopped", "kind": "", "message": ""}
    share = {"cpu": config["cpu"], "gpu": config["gpu"]}
    share["node"] = _share_of_this_node(share)
    spec = {**read_spec(prefix, config["fit_id"]), "share": share}
    outcome = attempt(spec, _Reporter(report_every_s), stop)
    if outcome.kind == "device":
        raise DeviceBroken(outcome.message)
    return {"state": outcome.state, "kind": outcome.kind, "message": outcome.message}


def _share_of_this_node(share: Mapping[str, float]) -> float:
    """How much of its node's memory an attempt may take: as much as of its CPUs or its GPUs."""
    import ray

    own = ray.get_runtime_context().get_node_id()
    has: dict[str, float] = next((n["Resources"] for n in ray.nodes() if n["NodeID"] == own), {})
    cpu, gpu = share["cpu"] / has.get("CPU", 1.0), share["gpu"] / has.get("GPU", 1.0)
    return float(min(1.0, max(cpu, gpu)))


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
