"""What a driver tells its workers: rows of the table that Ray's head keeps (its internal KV).

A lookup takes .2 ms, needs no process of its own (a named actor would) and reaches every node at
once; a row of the store would cost a paid request per second and worker on S3, and come late
through an NFS attribute cache. The table is no public interface: see `private_ray`.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from grid.run.on_ray.private_ray import drop_row, get_row, put_row


class HeadTable:
    """The driver's side: trials' specs, the stop flag, and that no further trial begins.

    A spec is put there when its trial is handed out and taken back when it returns. In the trial's
    configuration Tune would keep several copies of it until the run ends.
    """

    def __init__(self) -> None:
        self.prefix = f"crossgen-{uuid.uuid4().hex}"
        self._keys: set[str] = set()

    def put_spec(self, fit_id: str, spec: Mapping[str, Any]) -> None:
        """Lay a trial's spec out for whichever worker gets it."""
        self._put(f"{self.prefix}-spec-{fit_id}", json.dumps(dict(spec)).encode())

    def drop_spec(self, fit_id: str) -> None:
        """Take it back."""
        self._drop(f"{self.prefix}-spec-{fit_id}")

    def raise_stop(self) -> None:
        """Ask every running trial to stop."""
        self._put(f"{self.prefix}-stop", b"1")

    def close(self) -> None:
        """Ask workers to begin no further trial; those that run go on."""
        self._put(f"{self.prefix}-closed", b"1")

    def clear(self) -> None:
        """Leave nothing in a head that lives longer than the run; it may be gone itself."""
        with suppress(Exception):
            for key in list(self._keys):
                self._drop(key)

    def _put(self, key: str, value: bytes) -> None:
        put_row(key, value)
        self._keys.add(key)

    def _drop(self, key: str) -> None:
        if key in self._keys:
            drop_row(key)
            self._keys.discard(key)


def read_spec(prefix: str, fit_id: str) -> dict[str, Any]:
    """Return a trial's spec, on a worker."""
    found = get_row(f"{prefix}-spec-{fit_id}")
    if found is None:
        raise LookupError(f"{fit_id}: its driver has taken the trial back")
    spec: dict[str, Any] = json.loads(found)
    return spec


def is_closed(prefix: str) -> bool:
    """Whether no further trial is to begin, on a worker."""
    return get_row(f"{prefix}-closed") is not None


class StopLookup:
    """The stop flag as a worker sees it, up to a second late."""

    def __init__(self, prefix: str) -> None:
        self._key = f"{prefix}-stop"
        self._last = -1e9
        self._stopped = False

    def __call__(self) -> bool:
        """Whether to stop: the ``stop`` that an attempt is given."""
        now = time.monotonic()
        if not self._stopped and now - self._last >= 1.0:
            self._last = now
            # A head that cannot be reached ends nothing: Ray ends what it has lost for good, and a
            # host may be back before.
            with suppress(Exception):
                self._stopped = get_row(self._key) is not None
        return self._stopped
