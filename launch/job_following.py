"""A Ray job followed by a person: its log on stdout, then how it ended in crossgen's own words."""

from __future__ import annotations

import sys
from typing import Any

from grid.console import Console
from grid.run.exit_codes import (
    EXIT_BUDGET,
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_REFUSED,
    EXIT_STORE,
    EXIT_UNFINISHED,
)
from launch.command_lines import command_line, print_hint
from launch.ray_job.job_client import ClusterRefuses, job_details
from launch.ray_job.job_record import record_of_job
from launch.ray_job.job_request import STORE
from launch.ray_job.log_following import follow_log
from launch.ray_job.outcome import JobOutcome, job_outcome

LEFT_RUNNING = 130
"""The exit code of who stopped following: what a shell gives an interrupted command."""

_WORDS = {
    EXIT_DONE: "done",
    EXIT_FAILED: "something failed",
    EXIT_REFUSED: "refused",
    EXIT_STORE: "the store failed",
    EXIT_BUDGET: "the budget is spent",
    EXIT_UNFINISHED: "unfinished",
}


def follow_to_its_end(client: Any, job: str, address: str, same_command: str) -> int:
    """Write a job's log to stdout until it ends; say how it ended, return crossgen's exit code.

    Args:
        client: Ray's.
        job: its submission id.
        address: of the dashboard.
        same_command: what goes on with an unfinished run, "" where that is not known.
    """
    console = Console(stderr=True)
    try:
        log = follow_log(client, job, address, _write)
        outcome = outcome_of(client, job, address, log)
    except KeyboardInterrupt:
        console.print("\nno longer following; the job goes on", highlight=False)
        say_how_to_go_on(console, job, address)
        return LEFT_RUNNING
    except ClusterRefuses as error:
        console.print("no longer following; the job may go on", highlight=False)
        say_how_to_go_on(console, job, address)
        raise error
    say_outcome(console, job, outcome)
    if outcome.code == EXIT_UNFINISHED and same_command:
        print_hint(console, "the same command goes on", same_command)
    return outcome.code


def outcome_of(client: Any, job: str, address: str, log: str) -> JobOutcome:
    """Return how a job ended that has ended."""
    details = job_details(client, job, address)
    return job_outcome(details, log, record_of_job((details.metadata or {}).get(STORE), job))


def say_outcome(console: Console, job: str, outcome: JobOutcome) -> None:
    """Say how a job ended, and what is left."""
    words = _WORDS.get(outcome.code, f"exit code {outcome.code}")
    parts = [f"{job}: {words}"]
    if outcome.reason:
        parts.append(outcome.reason)
    if outcome.record is not None:
        r = outcome.record
        parts.append(
            f"{r['done']} of {r['total']} trials done, {r['failed']} failed, {r['unfinished']} left"
        )
    style = "green" if outcome.code == EXIT_DONE else "bold red"
    console.print("; ".join(parts), style=style, highlight=False, markup=False, soft_wrap=True)


def say_how_to_go_on(console: Console, job: str, address: str) -> None:
    """Say how a job is followed and stopped."""
    print_hint(console, "follow it", command_line("follow", job, "--address", address))
    print_hint(console, "stop it", command_line("stop", job, "--address", address))


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
