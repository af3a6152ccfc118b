"""A job's log, as it is written, until the job ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from grid.visible import visible
from launch.ray_job.job_client import ClusterRefuses, job_details

_PATIENCE_S = 120
"""Seconds without an answer after which a log is given up; the job may go on all the same."""


class FollowedLog:
    """How far a log was read; `write` is given what is new, fit for a terminal.

    Attributes:
        end: its last characters, `KEPT` at most.
    """

    KEPT = 10_000

    def __init__(self, write: Callable[[str], None]) -> None:
        self.end = ""
        self._read = 0
        self._write = write

    def take(self, text: str, begins: int) -> None:
        """Take a piece of the log; `begins` is how many characters stand before it."""
        new = text[max(0, self._read - begins) :]
        if new:
            self._read = begins + len(text)
            self.end = (self.end + new)[-self.KEPT :]
            self._write(visible(new))


def follow_log(client: Any, job: str, address: str, write: Callable[[str], None]) -> str:
    """Write a job's log from its beginning until the job has ended; return the end of it.

    A connection that breaks is taken up again: Ray then begins anew, and what was written is
    left out.

    Raises:
        ClusterRefuses: the cluster does not know the job, or has not answered for two minutes.
        KeyboardInterrupt: of the person who follows; the job knows nothing of it.
    """
    import aiohttp

    broken = (aiohttp.ClientError, OSError, RuntimeError)
    log = FollowedLog(write)
    while True:
        with suppress(*broken):
            asyncio.run(_read(client, job, log))
        if _has_ended(client, job, address):
            with suppress(*broken):  # the end of it, where the connection broke before
                log.take(client.get_job_logs(job), 0)
            return log.end
        time.sleep(1)


def wait_for_end(client: Any, job: str, address: str, within_s: float) -> bool:
    """Wait until a job has ended; return whether it has within some seconds."""
    until = time.monotonic() + within_s
    while not _has_ended(client, job, address):
        if time.monotonic() > until:
            return False
        time.sleep(0.5)
    return True


def _has_ended(client: Any, job: str, address: str) -> bool:
    """Whether a job has ended; a cluster that is silent for a while is asked again."""
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return bool(job_details(client, job, address).status.is_terminal())
        except ClusterRefuses as error:
            if error.is_final or time.monotonic() > until:
                raise
            time.sleep(2)


async def _read(client: Any, job: str, log: FollowedLog) -> None:
    begins = 0
    async for text in client.tail_job_logs(job):
        log.take(text, begins)
        begins += len(text)
