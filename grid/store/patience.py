"""Waiting for a store that is full, read-only or out of reach, instead of giving a long run up.

Whoever writes or reads keeps what it has in memory meanwhile. Only what a while can mend is waited
for (`StoreError.passing`): a permission or a damaged file is an error at once.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from grid.durations import duration
from grid.store.base import Keys, Store, StoredFile
from grid.store.errors import StoreError

Answer = TypeVar("Answer")

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 15.0
_LOOK_S = 0.2
"""So late, at most, a stop is seen."""


class Patience:
    """How long a store is waited for, what ends the waiting before, who is told.

    Args:
        seconds: of one outage; 0 waits for nothing.
        stop: ends the waiting.
        tell: told what is waited for when that begins, and "" when the store answers again.
        tick: called while time passes.
    """

    def __init__(
        self,
        seconds: float = 0.0,
        stop: Callable[[], bool] = lambda: False,
        tell: Callable[[str], None] = lambda _: None,
        tick: Callable[[], None] = lambda: None,
    ) -> None:
        self.seconds = seconds
        self.stop = stop
        self.tell = tell
        self.tick = tick

    def __call__(self, request: Callable[[], Answer]) -> Answer:
        """Make a request of a store again and again while it meets an outage.

        Raises:
            StoreError: the request's, where it cannot pass, the patience is over or a stop came.
        """
        try:
            return request()
        except StoreError as error:
            if not error.passing or self.seconds <= 0 or self.stop():
                raise
            outage = error
        began, pause = time.monotonic(), FIRST_PAUSE_S
        self.tell(
            f"{outage.passing}, seen by {socket.gethostname()}; waiting up to "
            f"{duration(self.seconds)} for it: mend it, and the run goes on by itself"
        )
        while True:
            waited = time.monotonic() - began
            if waited >= self.seconds or not self._pause(min(pause, self.seconds - waited)):
                outage.args = (f"{outage} It was waited for, {duration(waited)}.",)
                raise outage
            pause = min(2 * pause, LONGEST_PAUSE_S)
            try:
                answer = request()
            except StoreError as error:
                if not error.passing:
                    raise
                outage = error
            else:
                self.tell("")
                return answer

    def _pause(self, seconds: float) -> bool:
        """Wait; False where a stop came meanwhile."""
        until = time.monotonic() + seconds
        while not self.stop():
            left = until - time.monotonic()
            if left <= 0:
                return True
            time.sleep(min(left, _LOOK_S))
            self.tick()
        return False


class PatientStore(Store):
    """Another store, each of its verbs repeated with patience."""

    def __init__(self, store: Store, patience: Patience) -> None:
        self._store = store
        self._patience = patience
        self.url = store.url
        self.holds_weights = store.holds_weights

    def get(self, key: str) -> bytes:
        """Return the bytes of `key`."""
        return self._patience(lambda: self._store.get(key))

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        """Return the bytes of several keys."""
        return self._patience(lambda: self._store.get_many(keys))

    def get_tails(self, keys: Sequence[str], size: int) -> dict[str, bytes]:
        """Return the last `size` bytes of several keys."""
        return self._patience(lambda: self._store.get_tails(keys, size))

    def list(self, prefix: str = "") -> Keys:
        """Return the keys that start with `prefix`."""
        return self._patience(lambda: self._store.list(prefix))

    def exists(self, key: str) -> bool:
        """Say whether `key` is there."""
        return self._patience(lambda: self._store.exists(key))

    def entries(self, prefix: str = "") -> Sequence[StoredFile]:
        """Return size and time of everything below the folder `prefix`."""
        return self._patience(lambda: self._store.entries(prefix))

    def sizes(self, prefix: str = "") -> dict[str, int]:
        """Return the bytes of every key below the folder `prefix`."""
        return self._patience(lambda: self._store.sizes(prefix))

    def put_new(self, key: str, data: bytes) -> bool:
        """Create `key`; True also where an earlier try did, whose answer was lost."""
        has_failed = False

        def create() -> bool:
            nonlocal has_failed
            try:
                return self._store.put_new(key, data) or (
                    has_failed and self._store.get(key) == data
                )
            except StoreError:
                has_failed = True
                raise

        return self._patience(create)

    def put_checkpoint(self, key: str, data: bytes) -> None:
        """Create or replace `key`."""
        self._patience(lambda: self._store.put_checkpoint(key, data))

    def delete(self, key: str) -> None:
        """Remove `key`."""
        self._patience(lambda: self._store.delete(key))

    def now_s(self) -> float:
        """Return the time by the storage's clock."""
        return self._store.now_s()

    def local_path(self, key: str) -> Path | None:
        """Return where `key` lies on this machine's disk."""
        return self._store.local_path(key)

    def arrow_location(self) -> tuple[Any, str]:
        """Return a pyarrow file system and the path of the store's root in it."""
        return self._store.arrow_location()
