"""What a node says of itself: the same on every kind of cluster, to be held against the others.

Run as a program (`python -m launch.doctor.node_report`) it reads `AskedOfNode` as JSON from stdin
and prints one line: a mark that no other output bears, and a `NodeReport` as JSON.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict

from grid.packages import PACKAGES, packages_root
from grid.store.errors import StoreError, StoreUrlRefused
from grid.store.opening import open_store
from grid.trial.shared_store import require_shared
from launch.doctor.check_groups import diagnoses
from launch.doctor.diagnosis import Diagnosis
from launch.doctor.on_this_machine.packages import installed_version
from launch.doctor.this_machine import ThisMachine

MARK = "crossgen-node-report "
PATIENCE_S = 120.0
"""How long a node may take: Python and torch are read from a network disk, perhaps."""


class AskedOfNode(TypedDict):
    """What a node is asked.

    Attributes:
        packages: names whose versions it tells.
        roots: folders or lists of images, by their names in the experiment.
        files: some images, each with its size in bytes.
        store: its address, "" where none is meant.
        token: a key that only the asking process's store has.
        computes: whether trials would run there.
    """

    packages: list[str]
    roots: dict[str, str]
    files: dict[str, int]
    store: str
    token: str
    computes: bool


class NodeReport(TypedDict):
    """What it answers.

    Attributes:
        host: its name, as Slurm calls it inside a job.
        python: version.
        packages: versions by name, "" where a package is missing.
        code: digest of the Python files of our packages.
        unseen: roots and images that are not there or differ, each with why; else empty.
        store_fault: why the store is not the asking process's, "" where it is.
        gpus: names of the cards that torch sees.
        clock: seconds since 1970.
        checks: (what, level, seen, how to mend) of its own machine, where it is not "ok".
    """

    host: str
    python: str
    packages: dict[str, str]
    code: str
    unseen: list[str]
    store_fault: str
    gpus: list[str]
    clock: float
    checks: list[tuple[str, str, str, str]]


def report(asked: AskedOfNode) -> NodeReport:
    """Answer, in this process."""
    own = diagnoses("on_this_machine", ThisMachine()) if asked["computes"] else ()
    return {
        "host": os.environ.get("SLURMD_NODENAME") or socket.gethostname(),
        "python": platform.python_version(),
        "packages": {name: installed_version(name) or "" for name in asked["packages"]},
        "code": code_digest(),
        "unseen": _unseen(asked["roots"], asked["files"]),
        "store_fault": _store_fault(asked["store"], asked["token"]),
        "gpus": _gpus() if asked["computes"] else [],
        "clock": time.time(),
        "checks": [_plain(title, found) for title, found in own if found.level != "ok"],
    }


def report_of_this_node(asked: AskedOfNode, environment: Mapping[str, str]) -> NodeReport | str:
    """Answer from a process of its own, as a trial would see this node; else say why not.

    Args:
        asked: what is asked.
        environment: of that process.
    """
    path = [str(packages_root()), *filter(None, [environment.get("PYTHONPATH")])]
    try:
        done = subprocess.run(
            [sys.executable, "-m", __name__],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            env={**environment, "PYTHONPATH": os.pathsep.join(path)},
        )
    except subprocess.TimeoutExpired:
        return f"it did not answer in {PATIENCE_S:.0f} s"
    except OSError as error:
        return f"{sys.executable} cannot be run there ({error.strerror})"
    found = reports_in(done.stdout)
    if found:
        return found[0]
    lines = (done.stdout + done.stderr).strip().splitlines() or [f"exit code {done.returncode}"]
    return f"it ended with: {lines[-1]}"


def reports_in(text: str) -> list[NodeReport]:
    """Return the reports in what one or several nodes printed, whatever stands between them."""
    return [
        json.loads(line.partition(MARK)[2]) for line in text.splitlines() if line.startswith(MARK)
    ]


def code_digest() -> str:
    """Return eight hexadecimal digits of all Python files of our packages."""
    digest, root = hashlib.sha256(), packages_root()
    for package in PACKAGES:
        for file in sorted((root / package).rglob("*.py")):
            digest.update(f"{file.relative_to(root)}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()[:8]


def _plain(title: str, found: Diagnosis) -> tuple[str, str, str, str]:
    return title, found.level, found.seen, found.mend


def _unseen(roots: Mapping[str, str], files: Mapping[str, int]) -> list[str]:
    wrong = []
    for alias, root in roots.items():
        try:
            if Path(root).is_dir():
                with os.scandir(root) as entries:
                    next(entries, None)
            else:
                Path(root).stat()
        except OSError as error:
            wrong.append(f"data.{alias}: {root}: {error.strerror}")
    for file, size in files.items():
        try:
            with Path(file).open("rb") as opened:
                found = os.fstat(opened.fileno()).st_size
                opened.read(1)
        except OSError as error:
            wrong.append(f"{file}: {error.strerror}")
            continue
        if found != size:
            wrong.append(f"{file}: {found:,} bytes there, {size:,} here")
    return wrong


def _store_fault(url: str, token: str) -> str:
    if not url:
        return ""
    try:
        require_shared(open_store(url), token)
    except (StoreError, StoreUrlRefused) as error:
        return str(error)
    return ""


def _gpus() -> list[str]:
    import torch

    if not torch.cuda.is_available():
        return []
    return [torch.cuda.get_device_name(n) for n in range(torch.cuda.device_count())]


if __name__ == "__main__":
    sys.stdout.write(f"{MARK}{json.dumps(report(json.load(sys.stdin)))}\n")
