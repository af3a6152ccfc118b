"""The account that a job's run keeps in the store, for who sees the store."""

from __future__ import annotations

from grid.records.proven.json_records import CorruptRecord
from grid.records.runs import RunRecord, read_runs
from grid.store.errors import StoreError, StoreUrlRefused
from grid.store.opening import open_store


def record_of_job(store: str | None, job: str) -> RunRecord | None:
    """Return the account of a job's run, None where the store is not visible from here.

    Args:
        store: its address as the job has it, None where only the cluster knows it.
        job: the submission id.
    """
    if store is None:
        return None
    try:
        records = read_runs(open_store(store))
    except (StoreError, StoreUrlRefused, CorruptRecord):
        return None  # advice only
    found = [record for record in records if record["job"] == f"ray:{job}"]
    return found[-1] if found else None
