"""Ray's client for jobs, and what goes wrong with it in words."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from grid.refusal import Refused
from launch.ray_job.job_request import EXPERIMENT, STORE, JobRequest

DEFAULT_ADDRESS = "http://127.0.0.1:8265"
_ADDRESSES = ("RAY_API_SERVER_ADDRESS", "RAY_ADDRESS")
_AGENT_S = 60
"""Seconds in which a cluster's agent for jobs may come up after its dashboard."""


class ClusterRefuses(Refused):
    """A cluster that does not answer, wants another token, or does not know the job.

    `is_final` is whether asking again is of no use.
    """

    is_final = True


class ClusterSilent(ClusterRefuses):
    """A cluster that does not answer; it may do so later."""

    is_final = False


def dashboard_address(given: str | None) -> str:
    """Return the address of a cluster's dashboard.

    Given, else in RAY_API_SERVER_ADDRESS, else in RAY_ADDRESS where that is one (it may be a
    head's own address, for `crossgen run`), else this machine's.

    Raises:
        ClusterRefuses: it is no address of a dashboard.
    """
    named = {name: os.environ.get(name, "") for name in _ADDRESSES}
    own = named["RAY_ADDRESS"] if named["RAY_ADDRESS"].startswith(("http://", "https://")) else ""
    address = given or named["RAY_API_SERVER_ADDRESS"] or own or DEFAULT_ADDRESS
    scheme, found, rest = address.rpartition("://")
    if found and scheme not in ("http", "https"):
        raise ClusterRefuses.because(
            f"--address {address}",
            f"{scheme}:// is no address of a dashboard, which takes jobs",
            "Give http://HOST:8265, the address that `ray start --head` prints for its dashboard",
        )
    return f"{scheme or 'http'}://{rest.rstrip('/')}"


def connect(address: str) -> Any:
    """Return Ray's client of the cluster at an address, once it has answered.

    Raises:
        ClusterRefuses: it does not answer, or not to us.
    """
    _check_token_file()
    with _in_words(address), _without_addresses():
        from ray.job_submission import JobSubmissionClient

        for name in list(logging.root.manager.loggerDict):
            if name.split(".")[0] == "ray":  # some have a level of their own: INFO
                logging.getLogger(name).setLevel(logging.ERROR)
        return JobSubmissionClient(address)


def submit(client: Any, request: JobRequest, address: str) -> str:
    """Submit a job; return its id.

    Raises:
        ClusterRefuses: the cluster does not take it.
    """
    until = time.monotonic() + _AGENT_S
    while True:
        try:
            with _in_words(address):
                job: str = client.submit_job(
                    entrypoint=request.entrypoint,
                    submission_id=request.submission_id,
                    runtime_env=request.runtime_env,
                    metadata=request.metadata,
                )
                return job
        except ClusterRefuses as error:
            # A dashboard answers before the agent that starts jobs has registered.
            if "No available agent" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(2)


def running_jobs(client: Any, address: str, request: JobRequest) -> list[str]:
    """Return the ids of jobs at work on the same experiment for the same store."""
    with _in_words(address):
        return [
            job.submission_id
            for job in client.list_jobs()
            if job.submission_id
            and not job.status.is_terminal()
            and all(
                (job.metadata or {}).get(key) == request.metadata.get(key)
                for key in (EXPERIMENT, STORE)
            )
        ]


def job_details(client: Any, job: str, address: str) -> Any:
    """Return what Ray knows of a job.

    Raises:
        ClusterRefuses: the cluster knows none of this name, or does not answer.
    """
    with _in_words(address, job):
        return client.get_job_info(job)


def ask_to_stop(client: Any, job: str, address: str) -> None:
    """Have Ray send a job its stop signal; a job that has ended stays as it is."""
    with _in_words(address, job):
        client.stop_job(job)


def _check_token_file() -> None:
    """Before Ray looks: where it cannot read the file, it ends the whole process."""
    path = os.environ.get("RAY_AUTH_TOKEN_PATH")
    if os.environ.get("RAY_AUTH_MODE") != "token" or os.environ.get("RAY_AUTH_TOKEN") or not path:
        return
    try:
        empty = not Path(path).read_text(encoding="utf-8").strip()
        why = "it is empty" if empty else ""
    except OSError as error:
        why = f"it cannot be read ({error.strerror})"
    if why:
        raise ClusterRefuses.because(
            f"RAY_AUTH_TOKEN_PATH={path}",
            why,
            "Name the file that the cluster was started with; a copy of it serves as well",
        )


@contextmanager
def _without_addresses() -> Iterator[None]:
    """Ray's client takes these before the address that it is given."""
    kept = {name: os.environ.pop(name) for name in _ADDRESSES if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)


@contextmanager
def _in_words(address: str, job: str = "") -> Iterator[None]:
    """Turn what Ray's client raises into a refusal that says what to do."""
    import requests
    from ray.exceptions import AuthenticationError

    try:
        yield
    except Refused:
        raise
    except AuthenticationError as error:
        raise _about_token(address, str(error)) from error
    except (ConnectionError, requests.ConnectionError, requests.Timeout) as error:
        raise ClusterSilent.because(
            f"the cluster at {address}",
            "it does not answer",
            "Start it (`ray start --head`), or give the address of its dashboard with --address "
            "(port 8265 unless told otherwise, not the 6379 of the head). A dashboard that "
            "listens on its own machine alone is reached through a tunnel: "
            "`ssh -L 8265:127.0.0.1:8265 HEAD`",
        ) from error
    except requests.RequestException as error:
        raise ClusterRefuses.because(
            f"the cluster at {address}",
            f"what answers there is no Ray dashboard ({error})",
            "Check the address; the dashboard's port is 8265 unless told otherwise",
        ) from error
    except RuntimeError as error:
        raise _about_request(address, job, str(error)) from error


def _about_token(address: str, said: str) -> ClusterRefuses:
    sent = "failed" in said.split(":")[0]
    return ClusterRefuses.because(
        f"the cluster at {address}",
        "it does not accept the token that was sent" if sent else "it wants a token",
        "Set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN_PATH to the token file that the cluster was "
        "started with",
    )


def _about_request(address: str, job: str, said: str) -> ClusterRefuses:
    if job and ("404" in said or "not exist" in said):
        return ClusterRefuses.because(
            f"job {job}",
            f"the cluster at {address} knows none of this name",
            "Check the name and --address; `ray job list` names those that it knows",
        )
    return ClusterRefuses.because(
        f"the cluster at {address}",
        f"it does not take the request ({said.strip().splitlines()[-1] if said else 'no reason'})",
        "Look at the dashboard's log on its head; then call this again",
    )
