"""What the runs of an experiment have spent by now, by their records."""

from __future__ import annotations

from grid.records.readable import readable_runs
from grid.records.runs import hours_of
from grid.run.run_account import SlotHours
from grid.store.base import Store


def spent_elsewhere(store: Store, experiment: str, run: str) -> SlotHours:
    """Return the hours of all runs of an experiment but one. Raises StoreError."""
    records, _ = readable_runs(store, experiment)
    hours = hours_of(each for each in records if each["run"] != run)
    return SlotHours(
        gpu=hours["gpu"],
        cpu=hours["cpu"],
        failed_gpu=hours["failed_gpu"],
        failed_cpu=hours["failed_cpu"],
    )
