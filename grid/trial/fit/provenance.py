"""Where and with what a fit was made: enough to explain a number years later."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.metadata
import os
import platform
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from detectors.training_version import TRAINING_VERSION
from grid.packages import CODE_VERSION_FILE, packages_root
from grid.trial.device import CPU, device_name
from grid.trial.spec import TrialSpec

OURS = ("data", "detectors", "grid")
"""Folders whose code can change a logit."""

PACKAGES = ("crossgen", "torch", "torchvision", "timm", "numpy", "pillow", "pyarrow", "ray")


class Facts:
    """What is found out about one attempt while it runs."""

    def __init__(self) -> None:
        self.record: dict[str, Any] = {}

    def update(self, **values: Any) -> None:
        """Add facts that only the work itself can tell."""
        self.record.update(values)


@contextlib.contextmanager
def provenance(spec: TrialSpec, attempt: str) -> Iterator[Facts]:
    """Measure a stretch of work and note machine, packages, code and threads with it."""
    facts = Facts()
    started, cpu = time.monotonic(), time.process_time()
    facts.record.update(
        fit_id=spec["fit_id"],
        attempt=attempt,
        experiment=spec["experiment"],
        started=datetime.now(UTC).isoformat(timespec="milliseconds"),
        **(_machine() | conditions(spec)),
    )
    yield facts
    facts.record.update(
        seconds=round(time.monotonic() - started, 3),
        cpu_seconds=round(time.process_time() - cpu, 3),
        device=device_name(spec),  # again: the work may be what loaded torch
        share=_share(spec),
    )


def _share(spec: TrialSpec) -> dict[str, float]:
    """Return what the attempt was given of its node; without Ray, what it took of it."""
    given = spec.get("share", {})
    taken = {"gpu": float(device_name(spec) != CPU), "cpu": float(spec["threads"])}
    return {name: float(given.get(name, otherwise)) for name, otherwise in taken.items()}


def conditions(spec: TrialSpec) -> dict[str, Any]:
    """Return what a trial's numbers may depend on besides its identity; travels as JSON."""
    machine = _machine()
    return {
        **{name: machine[name] for name in ("host", "cpu", "python", "packages", "code")},
        "device": device_name(spec),
        "threads": spec["threads"],
        "training_version": TRAINING_VERSION,
    }


@functools.cache
def _machine() -> dict[str, Any]:
    """What does not change while a process lives."""
    return {
        "host": socket.gethostname(),
        "cpu": _cpu_name(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "packages": {name: version for name in PACKAGES if (version := _version(name))},
        "code": code_version(),
        "slurm_job": os.environ.get("SLURM_JOB_ID"),
    }


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    return done.stdout.strip()


def _source_digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for package in OURS:
        for file in sorted((folder / package).rglob("*.py")):
            digest.update(f"{file.relative_to(folder)}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()[:8]


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


@functools.cache
def code_version() -> str:
    """The commit of the checkout that runs, or that a job's copy was made of; else the version.

    Where any Python file of ours differs from the commit, tracked or not, the digest of all of them
    follows, so that two programs never bear one name.
    """
    folder = packages_root()
    if (folder / ".git").exists():
        try:
            commit = _git(folder, "describe", "--always", "--abbrev=12")
            changed = _git(
                folder, "status", "--porcelain", "-uall", "--", *(f"{p}/*.py" for p in OURS)
            )
        except (OSError, subprocess.SubprocessError):
            return _version("crossgen") or "unknown"
        return f"{commit}-dirty-{_source_digest(folder)}" if changed else commit
    with contextlib.suppress(OSError):
        return (folder / CODE_VERSION_FILE).read_text(encoding="utf-8")
    return _version("crossgen") or "unknown"
