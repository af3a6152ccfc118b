"""SIGINT, SIGTERM and SIGUSR1 become a flag that trials look at, instead of the process's end."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from grid.run.stays_here import StaysHere

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)

_ERASE_LINE = "\r\x1b[K"  # of a terminal

ECHO_S = 0.5
"""Within this, two signals are one request: a terminal and a parent both pass it on."""


_asked_before: list[str] = []
"""The signal that came while `interruptible`; who is interrupted by it never looks here."""

_ignored = False


class StopSignals(StaysHere):
    """A stop flag that signals raise.

    The first signal asks every trial to write its checkpoint and return. A second one, later
    than `ECHO_S`, raises KeyboardInterrupt where the main thread stands: then the last
    checkpoints are all there is.
    """

    def __init__(self) -> None:
        self._since: float | None = None
        self._reason = ""
        self._settled = False
        self._tell: Callable[[str], None] | None = None

    def __call__(self) -> bool:
        """Whether to stop: the ``stop`` that an attempt is given."""
        return self._since is not None

    @property
    def reason(self) -> str:
        """What asked for the stop, e.g. SIGTERM; empty while nothing has."""
        return self._reason

    @property
    def seconds(self) -> float:
        """How long ago the stop was asked for; 0 while it was not."""
        return 0.0 if self._since is None else time.monotonic() - self._since

    def request(self, reason: str) -> None:
        """Raise the flag from inside, e.g. because the store cannot be written."""
        if self._since is None:
            self._since, self._reason = time.monotonic(), reason
            if self._tell is not None:
                self._tell(reason)

    def tell(self, say: Callable[[str], None]) -> None:
        """Have a stop acknowledged at the moment it is asked for, with its reason.

        What is slow to look at the flag (Ray starting a worker, a step of a large network) must
        not leave a person wondering whether Ctrl-C was heard.
        """
        self._tell = say
        if self._since is not None:
            say(self._reason)

    def install(self) -> None:
        """Take the signals, also from whoever took them meanwhile (ray.init and Tune do)."""
        if threading.current_thread() is threading.main_thread():
            for number in STOP_SIGNALS:
                signal.signal(number, self._handle)

    def ignore_further(self) -> None:
        """The run is over: clean up undisturbed, which takes a moment and not longer."""
        self._settled = True

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._settled:
            return
        if self._since is not None and self.seconds > ECHO_S:
            raise KeyboardInterrupt(signal.Signals(number).name)
        self.request(signal.Signals(number).name)


@contextmanager
def interruptible() -> Iterator[Sequence[str]]:
    """SIGTERM and SIGUSR1 interrupt as Ctrl-C does, while no trial runs that could heed a flag.

    So the index of the images is kept, and the exit code says "run me again". A second signal
    within `ECHO_S` is the same request and must not interrupt the tidying up. Python drops an
    exception that meets a finaliser or a callback: `stop_signals` then begins with its flag up,
    and the signal's name is in what is yielded.
    """
    if threading.current_thread() is not threading.main_thread():
        yield ()
        return
    since: float | None = None

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal since
        if since is None or time.monotonic() - since > ECHO_S:
            since = time.monotonic()
            _asked_before[:] = [signal.Signals(number).name]
            _acknowledge(signal.Signals(number).name)
            raise KeyboardInterrupt(signal.Signals(number).name)

    _asked_before.clear()
    with _former_handlers_afterwards():
        for number in STOP_SIGNALS:
            signal.signal(number, interrupt)
        try:
            yield _asked_before
        finally:
            _asked_before.clear()


@contextmanager
def leaving(leave: Callable[[str], None], code: int) -> Iterator[threading.Event]:
    """A stop signal ends the process inside, after `leave` was told its name; yields "it came".

    From a thread of its own: the main thread may stand in code that bears no exception, or wait for
    something that never comes. In another thread than the main one nothing is changed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield threading.Event()
        return
    asked = threading.Event()
    # The number of a signal arrives in the pipe even while the main thread runs no Python.
    reader, writer = os.pipe()
    os.set_blocking(writer, False)

    def watch() -> None:
        number = os.read(reader, 1)
        if number != b"\0":
            asked.set()
            reason = signal.Signals(number[0]).name
            _acknowledge(reason)
            try:
                leave(reason)
            finally:
                os._exit(code)

    watching = threading.Thread(target=watch, name="crossgen-leaving", daemon=True)
    watching.start()
    with _former_handlers_afterwards():
        for number in STOP_SIGNALS:
            signal.signal(number, lambda *_: None)
        former = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        try:
            yield asked
        finally:
            signal.set_wakeup_fd(former)
            os.write(writer, b"\0")
            watching.join()
            os.close(reader)
            os.close(writer)


def ignore_signals() -> None:
    """The outcome is known and the process about to end: nothing may change its exit code.

    For good: handlers that a block would put back at its end are not.
    """
    global _ignored
    if threading.current_thread() is threading.main_thread():
        _ignored = True
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)


def _acknowledge(reason: str) -> None:
    """At once: what is interrupted may take seconds to tidy up."""
    with suppress(OSError):
        # A line that moves may stand there, which is to be written over and not gone on with.
        is_erasable = os.isatty(2) and os.environ.get("TERM", "dumb") != "dumb"
        os.write(2, f"{_ERASE_LINE if is_erasable else ''}{reason}: stopping\n".encode())


@contextmanager
def _former_handlers_afterwards() -> Iterator[None]:
    former: dict[signal.Signals, Any] = {n: signal.getsignal(n) for n in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in former.items():
            if _ignored:
                break
            # None: a handler that C code installed, which Python cannot put back.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


@contextmanager
def stop_signals() -> Iterator[StopSignals]:
    """`StopSignals` for the length of a run; the former handlers are put back afterwards.

    Outside the main thread Python allows no handlers: then only `StopSignals.request` raises
    the flag.
    """
    stop = StopSignals()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    with _former_handlers_afterwards():
        stop.install()
        for reason in _asked_before:
            stop.request(reason)
        yield stop
