"""How a job ended, as crossgen's own exit code: Ray passes on success, failure and stop alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from grid.records.runs import RunRecord
from grid.run.exit_codes import EXIT_DONE, EXIT_FAILED, EXIT_UNFINISHED
from launch.ray_job.last_line import told_exit_code


@dataclass(frozen=True, kw_only=True)
class JobOutcome:
    """How a job ended.

    Attributes:
        code: crossgen's exit code.
        record: the account of the run, where the store is visible from here and has one.
        reason: what Ray says of a job that could not tell its own exit code, "" where it could.
    """

    code: int
    record: RunRecord | None = None
    reason: str = ""


def job_outcome(details: Any, log: str, record: RunRecord | None) -> JobOutcome:
    """Return how a job ended: by its record, else its log's last line, else by what Ray knows.

    Args:
        details: of the job, as Ray's client gives them, after its end.
        log: all of its log, or the end of it.
        record: of its run; None where the store is not visible from here, or has none.
    """
    if record is not None and record["exit_code"] is not None:
        return JobOutcome(code=record["exit_code"], record=record)
    told = told_exit_code(log)
    if (
        told is None
        and details.driver_exit_code is not None
        and 0 <= details.driver_exit_code < 128
    ):
        told = details.driver_exit_code
    if told is not None:
        return JobOutcome(code=told, record=record)
    status = details.status.value
    if status == "SUCCEEDED":
        return JobOutcome(code=EXIT_DONE, record=record)
    said = (details.message or "").strip().splitlines()
    reason = f"Ray says {status}" + (f": {said[0]}" if said else "")
    # Killed or stopped before it could end cleanly: what is committed is safe, the rest is left.
    was_killed = status == "STOPPED" or details.driver_exit_code is not None
    code = EXIT_UNFINISHED if was_killed else EXIT_FAILED
    return JobOutcome(code=code, record=record, reason=reason)
