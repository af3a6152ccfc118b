"""What a driving process tells of its run, while it lives and at its end: `runs/<run>.json`.

Written over itself: at its start, once a minute, when a trial has begun or ended, and at its end.
Advice and account only: no plan depends on it, and a run whose store takes no record runs on.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import TypedDict, cast

from grid.records.places import RUNS, run_key
from grid.records.proven.json_records import CorruptRecord, from_json, to_json
from grid.store.base import Store


class RunningTrial(TypedDict):
    """A trial at work, as it was last heard of. What is not known yet is 0, the phase ""."""

    fit_id: str
    label: str
    phase: str
    epoch: int
    epochs: int
    pieces_done: int
    pieces: int


class RunRecord(TypedDict):
    """One call of `crossgen run`. Times are for people; nothing is computed from them.

    `job` is `ray:<submission id>`, `slurm:<job id>`, `slurm:<array job>_<task>` or "". `task` is
    I/N of an array task, else "". `counter` goes up with every writing, so that a reader finds by a
    clock of its own whether the process lives. `exit_code` is null while it runs, and for good
    where the process was killed. `total`, `done`, `failed` and `unfinished` count trials. Hours
    are share x time of all attempts, those that failed or were stopped among them: `gpu_hours` of
    GPUs, `cpu_hours` of CPU slots; `failed_gpu_hours` and `failed_cpu_hours` of attempts that
    failed. `left_s` are the seconds that the run expects to need, null for no idea.
    """

    schema: int
    run: str
    experiment: str
    host: str
    pid: int
    job: str
    task: str
    started: str
    updated: str
    counter: int
    ended: str | None
    exit_code: int | None
    total: int
    done: int
    failed: int
    unfinished: int
    stopped_by: str
    running: list[RunningTrial]
    gpu_hours: float
    cpu_hours: float
    failed_gpu_hours: float
    failed_cpu_hours: float
    left_s: float | None


class Hours(TypedDict):
    """Hours of runs, over all their attempts."""

    gpu: float
    cpu: float
    failed_gpu: float
    failed_cpu: float


def new_run_id() -> str:
    """Return an id that no other run, on any host, ever has."""
    return uuid.uuid4().hex[:12]


def write_run(store: Store, record: RunRecord) -> None:
    """Store a run's record in place of its last one. Raises StoreError."""
    store.put_checkpoint(run_key(record["run"]), to_json(record))


def read_runs(store: Store) -> list[RunRecord]:
    """Return the records of all runs, by when they were started by the clocks of their hosts.

    Raises:
        CorruptRecord: one is not as it was written.
        StoreError: the store cannot be read.
    """
    keys = [key for key in store.list(RUNS) if key.endswith(".json")]
    return runs_of_bytes(store.get_many(keys).items())


def runs_of_bytes(files: Iterable[tuple[str, bytes]]) -> list[RunRecord]:
    """Return the records in files that are read already, by when they were started."""
    records = [_run(key, data) for key, data in files]
    return sorted(records, key=lambda record: (record["started"], record["run"]))


def hours_of(records: Iterable[RunRecord]) -> Hours:
    """Return the sum of some runs' hours."""
    total = Hours(gpu=0.0, cpu=0.0, failed_gpu=0.0, failed_cpu=0.0)
    for record in records:
        total["gpu"] += record["gpu_hours"]
        total["cpu"] += record["cpu_hours"]
        total["failed_gpu"] += record["failed_gpu_hours"]
        total["failed_cpu"] += record["failed_cpu_hours"]
    return total


def _run(key: str, data: bytes) -> RunRecord:
    record = cast(RunRecord, from_json(key, data, RunRecord.__required_keys__, RunRecord))
    if key != run_key(record["run"]):
        raise CorruptRecord(key, f"it is the record of run {record['run']}")
    return record
