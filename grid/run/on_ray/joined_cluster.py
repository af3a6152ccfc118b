"""What a Ray cluster that others started needs from us, without importing Ray."""

from __future__ import annotations

import json
import os
import shutil
import socket
from pathlib import Path
from typing import Any

from grid.packages import PACKAGES, packages_root
from grid.refusal import Refused
from grid.run.on_ray.ray_home import WORKER_SETTINGS


class ClusterUnreachable(Refused):
    """RAY_ADDRESS names no cluster that answers."""


def require_reachable(address: str) -> None:
    """Knock first: Ray would try for minutes, without a word to the user."""
    host, _, port = address.rpartition(":")
    if "://" in address or (not port.isdigit() and address != "auto"):
        raise ClusterUnreachable.because(
            f"RAY_ADDRESS={address}",
            "it is no address of a cluster's head",
            "Give HOST:PORT (the port of ray start, 6379 by default), or unset it to have a "
            "cluster of our own",
        )
    if address == "auto":
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=10).close()
    except OSError as error:
        raise ClusterUnreachable.because(
            f"RAY_ADDRESS={address}",
            f"it does not answer ({error})",
            "Start the cluster there, or unset RAY_ADDRESS to have one of our own",
        ) from error


def joined_runtime_env(folder: Path) -> dict[str, Any]:
    """Ship our packages and settings to a cluster that others started.

    They go as a working directory, so that they stay in one folder, first on the workers' path.
    A job has brought them along, and its own variables rule (Ray refuses two settings of one).
    """
    injected = json.loads(os.environ.get("RAY_JOB_CONFIG_JSON_ENV_VAR") or "{}")
    job = injected.get("runtime_env") or {}
    taken = job.get("env_vars") or {}
    runtime_env: dict[str, Any] = {
        "env_vars": {name: value for name, value in WORKER_SETTINGS.items() if name not in taken}
    }
    if not injected:
        for name in PACKAGES:
            skip = shutil.ignore_patterns("__pycache__")
            shutil.copytree(packages_root() / name, folder / "packages" / name, ignore=skip)
        runtime_env["working_dir"] = str(folder / "packages")
    return runtime_env
