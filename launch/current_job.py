"""Which job of a cluster this process belongs to, as run records name it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping


def current_job(environment: Mapping[str, str] = os.environ) -> str:
    """Return `ray:<submission id>`, `slurm:<job>`, `slurm:<array job>_<task>`, or "" for none.

    A Ray job inside a Slurm allocation is named by Ray: it is what was submitted.
    """
    # Ray's job manager sets it for the driver that it starts.
    described = environment.get("RAY_JOB_CONFIG_JSON_ENV_VAR")
    if described:
        try:
            submitted = json.loads(described)["metadata"]["job_submission_id"]
        except (ValueError, KeyError, TypeError):
            submitted = ""
        if submitted:
            return f"ray:{submitted}"
    array, task = environment.get("SLURM_ARRAY_JOB_ID"), environment.get("SLURM_ARRAY_TASK_ID")
    if array and task:
        return f"slurm:{array}_{task}"
    job = environment.get("SLURM_JOB_ID")
    return f"slurm:{job}" if job else ""


def current_restart(environment: Mapping[str, str] = os.environ) -> int:
    """Return how often the batch system has requeued this job; 0 without one."""
    told = environment.get("SLURM_RESTART_COUNT", "")
    return int(told) if told.isdecimal() else 0
