"""A driver whose Ray head is gone ends with "run me again", soon and whatever it waits for.

Left alone it would hang in a call to the head for a minute, until Ray aborts the process with a
status of its own, which says "failed for good" to whoever started it.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from grid.run.exit_codes import EXIT_UNFINISHED
from grid.run.on_ray.private_ray import head_processes, identity_of_head
from grid.run.on_ray.ray_home import remove_folder
from grid.run.on_ray.ray_processes import end_processes_of

LOOK_S = 0.25
PATIENCE_S = 40.0
"""How long a head that others started may not answer: Ray itself gives up after 60 s, and one that
keeps its table elsewhere (KubeRay with Redis) is back within seconds."""

KNOCK_S = 5.0


@contextmanager
def unfinished_if_the_head_dies(ray: Any, folder: Path, *, joined: bool) -> Iterator[None]:
    """End this process when the head goes: our own at once, a joined one after `PATIENCE_S`.

    Args:
        ray: The module, connected.
        folder: This run's, removed before the process ends.
        joined: Whether others started the head.
    """
    if joined:
        is_gone: Callable[[], bool] = HeadLost(ray.get_runtime_context().gcs_address)
    else:
        processes = head_processes(ray)

        def is_gone() -> bool:
            return any(process.poll() is not None for process in processes)

    with _ended_when(is_gone, folder):
        yield


class HeadLost:
    """Whether a head has not answered for `PATIENCE_S`, or another one answers in its place.

    A head that was started again knows nothing of this run. Ray aborts a driver that speaks to it,
    some seconds after it is back (`ray_home.JOINED_SETTINGS`).

    Args:
        address: HOST:PORT of the head.
        identity_of: Says whose head answers there.
        clock: Seconds, from any beginning.
    """

    def __init__(
        self,
        address: str,
        identity_of: Callable[[str], str] = identity_of_head,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        host, _, port = address.rpartition(":")
        self._address, self._place = address, (host.strip("[]"), int(port))
        self._identity_of, self._clock = identity_of, clock
        self._identity = identity_of(address)
        self._answered = clock()
        self._is_away = False

    def __call__(self) -> bool:
        """Knock once."""
        try:
            socket.create_connection(self._place, timeout=KNOCK_S).close()
            if self._is_away and self._identity_of(self._address) != self._identity:
                return True
        except OSError:
            self._is_away = True
            return self._clock() - self._answered > PATIENCE_S
        self._answered, self._is_away = self._clock(), False
        return False


@contextmanager
def _ended_when(is_gone: Callable[[], bool], folder: Path) -> Iterator[None]:
    over = threading.Event()

    def watch() -> None:
        while not over.wait(LOOK_S):
            if is_gone() and not over.is_set():
                # The main thread may be inside Ray for good: nothing of it can be waited for.
                with suppress(OSError):
                    sys.stderr.write("Ray's head died; run again to go on\n")
                    sys.stderr.flush()
                end_processes_of(folder)
                remove_folder(folder)
                os._exit(EXIT_UNFINISHED)

    threading.Thread(target=watch, name="crossgen-head-watch", daemon=True).start()
    try:
        yield
    finally:
        over.set()
