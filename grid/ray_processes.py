"""Ray's own processes: kept apart from our signals, and ended with the run. Private parts of Ray.

Against Ray 2.60. What it starts (gcs_server, raylet, and from it workers and agents) would be of
the driver's process group: a signal to the group, which is what batch systems and shells send, then
kills the trials before they can write a checkpoint.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

SWEEP_S = 5.0
"""How long processes that were killed may take to go."""


@contextmanager
def apart_from_our_signals(ray: Any) -> Iterator[None]:
    """What Ray starts inside is of a session of its own, and takes no SIGUSR1.

    Ray's head starts its processes by `services.ConsolePopen` with SIGINT blocked and bound to die
    with the driver; both stay. SIGTERM is not blocked: Ray ends its processes by it.
    """
    services = ray._private.services
    started_by: type[Any] = services.ConsolePopen

    class InOwnSession(started_by):  # type: ignore[misc]
        """A process of Ray's head."""

        def __init__(
            self, *arguments: Any, preexec_fn: Callable[[], None] | None = None, **options: Any
        ) -> None:
            def before_exec() -> None:
                signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
                if preexec_fn is not None:
                    preexec_fn()

            super().__init__(*arguments, preexec_fn=before_exec, start_new_session=True, **options)

    services.ConsolePopen = InOwnSession
    try:
        yield
    finally:
        services.ConsolePopen = started_by


@contextmanager
def own_sigterm(ray: Any) -> Iterator[None]:
    """Keep Ray from taking SIGTERM: for the seconds of ray.init it would end us with status 15."""
    utils = ray._private.utils
    take = getattr(utils, "set_sigterm_handler", None)
    utils.set_sigterm_handler = lambda _: None
    try:
        yield
    finally:
        utils.set_sigterm_handler = take


def end_processes_of(folder: Path) -> None:
    """Kill every process that was started for a cluster in this folder; wait until they are gone.

    Ray's agents look only every few seconds whether their node still lives. They are known by their
    environment, which names the folder: its name is drawn anew for every run. Where there is no
    /proc nothing is done.
    """
    until = time.monotonic() + SWEEP_S
    while found := _processes_of(folder):
        for pid in found:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > until:
            return
        time.sleep(0.05)


def _processes_of(folder: Path) -> list[int]:
    sign = os.fsencode(f"{folder}/")
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        if int(entry.name) != os.getpid():
            with suppress(OSError):  # gone, or not ours
                if sign in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
    return found
