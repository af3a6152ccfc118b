"""One submission, as plain values: what Ray is asked to run, in which environment."""

from __future__ import annotations

import re
import secrets
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from launch.ray_job.job_environment import STOP_SETTINGS

ENTRY = "launch.ray_job.entry"
EXPERIMENT, STORE = "crossgen_experiment", "crossgen_store"
"""What a job's metadata says it is about, so that another of the same can be told."""


@dataclass(frozen=True, kw_only=True)
class JobRequest:
    """What is handed to Ray."""

    submission_id: str
    entrypoint: str
    runtime_env: dict[str, Any]
    metadata: dict[str, str]


def job_request(
    *,
    experiment: str,
    file: str,
    store: str | None,
    words: Sequence[str],
    env_vars: Mapping[str, str],
    packages: Sequence[str] = (),
    working_dir: str | None = None,
    image: str | None = None,
    submission_id: str | None = None,
) -> JobRequest:
    """Return what is submitted.

    Args:
        experiment: its name.
        file: the experiment file, as the job finds it.
        store: where results are kept; None where only the cluster's environment says it.
        words: further words of `crossgen run`.
        env_vars: the environment of job and trials, beside what a clean stop needs.
        packages: requirements to install there first.
        working_dir: the folder that is uploaded; an image brings its own code.
        image: a container image; Ray lets it stand beside variables only.
        submission_id: a name of one's own; else one is made.
    """
    runtime_env: dict[str, Any] = {"env_vars": {**STOP_SETTINGS, **env_vars}}
    if image is not None:
        runtime_env["image_uri"] = image
    elif working_dir is not None:
        runtime_env["working_dir"] = working_dir
    if packages:
        runtime_env["uv"] = {"packages": list(packages)}
    run = ["run", file, *(("--store", store) if store is not None else ()), *words]
    metadata = {EXPERIMENT: experiment, **({STORE: store} if store is not None else {})}
    return JobRequest(
        submission_id=submission_id or new_submission_id(experiment),
        # `exec`: the signal of a stop is for crossgen, not for a shell that waits for it.
        entrypoint=f"exec python -m {ENTRY} {shlex.join(run)}",
        runtime_env=runtime_env,
        metadata=metadata,
    )


def new_submission_id(experiment: str) -> str:
    """Return a name that no other job bears and that tells the experiment.

    Ray knows a name for good: the same experiment submitted again must have another.
    """
    slug = re.sub(r"[^A-Za-z0-9]+", "-", experiment)[:40].strip("-")
    return f"raysubmit_{slug}_{secrets.token_hex(4)}"
