"""A run kept on record: `runs/<run>.json`, written while the run goes on, by a thread.

A thread, since the main one may be inside a training for hours, or wait for Ray. The store failing
while a record is written never fails the run.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from grid.packages import ForeignPackages
from grid.records.proven.json_records import SCHEMA
from grid.records.runs import RunningTrial, RunRecord, new_run_id, write_run
from grid.refusal import Refused
from grid.run.exit_codes import EXIT_FAILED, EXIT_REFUSED, EXIT_STORE, EXIT_UNFINISHED
from grid.run.hours_budget import HoursBudget
from grid.run.run_account import RunAccount, RunState
from grid.store.base import Store
from grid.store.errors import StoreError
from launch.current_job import current_job
from launch.spent_hours import spent_elsewhere

EVERY_S = 60.0
LOOKS = 6
"""So many times within that it is looked whether a trial has begun or ended since."""
LAST_WORD_S = 5.0
"""How long the end of a run waits for a writing that hangs."""


class RunRecording:
    """Keeps one run on record from its start to its end.

    Args:
        store: where to.
        experiment: whose run it is, by name.
        account: of the run.
        task: I/N of an array task, else "".
        budget: to be told what other runs have spent.
        every_s: seconds between writings.
    """

    def __init__(
        self,
        store: Store,
        experiment: str,
        account: RunAccount,
        *,
        task: str = "",
        budget: HoursBudget | None = None,
        every_s: float = EVERY_S,
    ) -> None:
        self.run = new_run_id()
        self._store = store
        self._experiment = experiment
        self.account = account
        self._task = task
        self.budget = budget
        self._every_s = every_s
        self._job = current_job()
        self._started = _now()
        self._counter = 0
        self._over = threading.Event()
        self._writing = threading.Lock()
        self._thread = threading.Thread(target=self._keep, name="crossgen-record", daemon=True)
        self._is_open = False

    @property
    def is_of_a_job(self) -> bool:
        """Whether a job of a cluster is on record by it, whose outcome others look up."""
        return bool(self._job)

    def __enter__(self) -> Self:
        self._is_open = True
        self._write(None, "")
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        place: TracebackType | None,
    ) -> None:
        self.close(_code_of(error), str(error) if isinstance(error, KeyboardInterrupt) else "")

    def close(self, exit_code: int, stopped_by: str = "") -> None:
        """Write how the run ended; what is said first stands, and nothing where none is kept."""
        if not self._is_open:
            return
        self._is_open = False
        self._over.set()
        # Bounded: a writing that hangs in a dead mount must not hold what has ended.
        last = threading.Thread(target=self._write, args=(exit_code, stopped_by), daemon=True)
        last.start()
        last.join(LAST_WORD_S)

    def _keep(self) -> None:
        written, told = time.monotonic(), self._trials()
        while not self._over.wait(self._every_s / LOOKS):
            is_due = time.monotonic() - written >= self._every_s
            if not is_due and self._trials() == told:
                continue
            written, told = time.monotonic(), self._trials()
            self._write(None, "")
            if self.budget is not None:
                with suppress(StoreError):
                    self.budget.learn(spent_elsewhere(self._store, self._experiment, self.run))

    def _trials(self) -> tuple[int, int, frozenset[str]]:
        """What is worth telling before the minute is over: a trial began or ended."""
        state = self.account.state()
        return state.done, state.failed, frozenset(state.running)

    def _write(self, exit_code: int | None, stopped_by: str) -> None:
        with self._writing:
            if exit_code is None and not self._is_open:
                return
            self._counter += 1
            try:
                write_run(self._store, self._record(exit_code, stopped_by))
            except (StoreError, OSError):
                return  # an account, and nothing depends on it: the next one may be written

    def _record(self, exit_code: int | None, stopped_by: str) -> RunRecord:
        state, now = self.account.state(), _now()
        ended = exit_code is not None
        return RunRecord(
            schema=SCHEMA,
            run=self.run,
            experiment=self._experiment,
            host=socket.gethostname(),
            pid=os.getpid(),
            job=self._job,
            task=self._task,
            started=self._started,
            updated=now,
            counter=self._counter,
            ended=now if ended else None,
            exit_code=exit_code,
            total=state.total,
            done=state.done,
            failed=state.failed,
            unfinished=state.total - state.done - state.failed,
            stopped_by=stopped_by,
            running=[] if ended else _running(state),
            gpu_hours=round(state.hours.gpu, 6),
            cpu_hours=round(state.hours.cpu, 6),
            failed_gpu_hours=round(state.hours.failed_gpu, 6),
            failed_cpu_hours=round(state.hours.failed_cpu, 6),
            left_s=None if ended or state.left_s is None else round(state.left_s, 1),
        )


def _running(state: RunState) -> list[RunningTrial]:
    return [
        RunningTrial(
            fit_id=fit_id,
            label=label,
            phase=str(report.get("phase") or ""),
            epoch=int(report.get("epoch") or 0),
            epochs=int(report.get("epochs") or 0),
            pieces_done=int(report.get("pieces_done") or 0),
            pieces=int(report.get("pieces") or 0),
        )
        for fit_id, (label, report) in state.running.items()
    ]


def _code_of(error: BaseException | None) -> int:
    """Return the exit code that a command ends with over an exception; none tells of no end."""
    if isinstance(error, KeyboardInterrupt):
        return EXIT_UNFINISHED
    if isinstance(error, Refused | ForeignPackages):
        return EXIT_REFUSED
    return EXIT_STORE if isinstance(error, StoreError) else EXIT_FAILED


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
