"""What can still be known of an attempt whose worker process died."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from grid.run.on_ray.ray_account import host_and_pid, verdict
from grid.trial.contract import LostAttempt


def lost_attempt(error_file: Path, logs: Path | None) -> LostAttempt:
    """What is known of an attempt whose worker died, or that raised after all.

    Args:
        error_file: Ray's account of it.
        logs: The folder of Ray's logs on this host.
    """
    try:
        account = re.sub(r"\x1b\[\d*m", "", error_file.read_text(errors="replace")).strip()
    except OSError as error:
        account = f"no account of it: {error}"
    host, pid = host_and_pid(account)
    tail, note = worker_log_tail(logs, pid)
    found = verdict(account, tail)
    return LostAttempt(
        kind=found.kind,
        message=found.message,
        account=account,
        host=host,
        pid=pid,
        log_tail=tuple(tail),
        log_note=note,
    )


def worker_log_tail(logs: Path | None, pid: int | None, lines: int = 200) -> tuple[list[str], str]:
    """The last lines that a worker printed, and what to say about how they were had.

    Args:
        logs: The folder of Ray's logs on this host.
        pid: The worker's, None where unknown.
        lines: How many to keep.
    """
    if logs is None or pid is None:
        return [], "The worker's process id is unknown, so its log was not looked for."
    files = sorted(logs.glob(f"worker-*-{pid}.out")) + sorted(logs.glob(f"worker-*-{pid}.err"))
    text: list[str] = []
    for file in files:
        with suppress(OSError):
            text += file.read_text(errors="replace").splitlines()
    # Ray's own marks for its log reader.
    text = [line for line in text if not line.startswith((":job_id:", ":actor_name:"))]
    if not files:
        return [], f"No log of worker {pid} on this host: it ran on another one, or left none."
    return text[-lines:], "" if text else f"Worker {pid} printed nothing."
