"""Failures are records too: what was raised, where, on which attempt, and its last log lines."""

from __future__ import annotations

import logging
import os
import traceback
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TypedDict, cast

from grid.records.places import FAILURES, failure_key, failures_of
from grid.records.proven.checksums import CorruptRecord
from grid.records.proven.json_records import SCHEMA, from_json, to_json
from grid.store.base import Store

LOG_LINES = 200
KINDS = (
    "error",
    "out_of_memory",
    "killed",
    "node_lost",
    "no_images",
    "unreadable",
    "weights",
    "diverged",
    "device",
)


class Failure(TypedDict):
    """`failures/<fit_id>/<attempt>-<n>.json`. `when` is for people; nothing depends on it."""

    schema: int
    fit_id: str
    attempt: str
    host: str
    pid: int
    when: str
    kind: str
    exception: str
    message: str
    traceback: str
    log_tail: list[str]
    log_note: str
    image_ids: list[str]


class RecentLog(logging.Handler):
    """Keeps the last lines of the log in memory, for a failure to carry."""

    def __init__(self, lines: int = LOG_LINES) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        self._lines: deque[str] = deque(maxlen=lines)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record, as one line per line of its text."""
        try:
            self._lines.extend(self.format(record).splitlines())
        except Exception:  # logging's own rule: a bad log call never stops the program
            self.handleError(record)

    def lines(self) -> list[str]:
        """Return the kept lines, oldest first."""
        return list(self._lines)


@contextmanager
def recent_log(logger: logging.Logger | None = None) -> Iterator[RecentLog]:
    """Keep the last 200 lines of `logger` (default: the root) while the block runs.

    Our own loggers tell of every epoch meanwhile, whatever level the process has set.
    """
    target = logger if logger is not None else logging.getLogger()
    handler = RecentLog()
    own = [logging.getLogger(name) for name in ("data", "detectors", "grid")]
    levels = [each.level for each in own]
    target.addHandler(handler)
    for each in own:
        each.setLevel(logging.INFO)
    try:
        yield handler
    finally:
        for each, level in zip(own, levels, strict=True):
            each.setLevel(level)
        target.removeHandler(handler)
        handler.close()


def failure_of(
    error: BaseException | None,
    *,
    fit_id: str,
    attempt: str,
    kind: str = "error",
    message: str | None = None,
    log_tail: Sequence[str] = (),
    log_note: str = "",
    image_ids: Sequence[str] = (),
    host: str | None = None,
    pid: int | None = None,
) -> Failure:
    """Return the record of a failure of this process, or of one found dead (error None).

    Raises ValueError where `kind` is not one of KINDS.
    """
    if kind not in KINDS:
        raise ValueError(f"kind {kind!r}: no such kind of failure; use one of {', '.join(KINDS)}.")
    return Failure(
        schema=SCHEMA,
        fit_id=fit_id,
        attempt=attempt,
        host=host if host is not None else os.uname().nodename,
        pid=pid if pid is not None else os.getpid(),
        when=datetime.now(UTC).isoformat(timespec="seconds"),
        kind=kind,
        exception=type(error).__qualname__ if error is not None else "",
        message=message if message is not None else str(error or ""),
        traceback="".join(traceback.format_exception(error)) if error is not None else "",
        log_tail=list(log_tail)[-LOG_LINES:],
        log_note=log_note,
        image_ids=list(image_ids),
    )


def write_failure(store: Store, failure: Failure) -> str:
    """Store a failure under the next free number of its attempt; return its key."""
    number = 1
    while True:
        key = failure_key(failure["fit_id"], failure["attempt"], number)
        if store.put_new(key, to_json(failure)):
            return key
        number += 1


def read_failures(store: Store, fit_id: str | None = None) -> list[Failure]:
    """Return the failures of one fit or of all, by fit, attempt and number."""
    prefix = FAILURES if fit_id is None else failures_of(fit_id)
    found = store.get_many(store.list(prefix))
    ordered = sorted(found.items(), key=lambda item: _place(item[0]))
    return [_failure(key, data) for key, data in ordered]


def newest_first(failures: Iterable[Failure]) -> list[Failure]:
    """Return failures by when they happened, the latest first, by the clocks of their hosts."""
    return sorted(failures, key=lambda failure: failure["when"], reverse=True)


def _failure(key: str, data: bytes) -> Failure:
    failure = cast(Failure, from_json(key, data, Failure.__required_keys__, Failure))
    if not key.startswith(f"{failures_of(failure['fit_id'])}{failure['attempt']}-"):
        raise CorruptRecord(
            key, f"it is a failure of {failure['fit_id']}, attempt {failure['attempt']}"
        )
    return failure


def _place(key: str) -> tuple[str, int]:
    stem, _, number = key.removesuffix(".json").rpartition("-")
    return stem, int(number) if number.isdigit() else 0
