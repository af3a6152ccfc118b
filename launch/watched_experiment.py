"""An experiment watched from anywhere that sees its store: what is done, who is at work, the hours.

Each look reads only what is new. No clock of another machine is asked: a run has been heard of when
its counter moved under the watcher's eyes; how long a record lay there at first, the storage says.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from grid.plan.fit_plan import FitPlan
from grid.plan.wanted_pieces import wanted_pieces
from grid.records.commits import Commit, committed_fits, committed_pieces_of, read_commit
from grid.records.places import FAILURES, RUNS, run_key
from grid.records.readable import only_keys, readable_failures, readable_runs
from grid.records.runs import Hours, RunRecord, hours_of
from launch.desk import Desk

SILENT_S = 150.0
"""Two writings of a run's record and a half: one that is silent for longer may have been killed."""


@dataclass(frozen=True)
class RunAtWork:
    """A run that has not ended, and the seconds since it was heard of."""

    record: RunRecord
    heard_s: float

    @property
    def is_silent(self) -> bool:
        """Whether it should have been heard of."""
        return self.heard_s > SILENT_S


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What one look found.

    `left_s` is None where no run at work says when it expects to end.
    """

    total: int
    done: int
    runs: Sequence[RunAtWork]
    failures: int
    last_failure: str
    hours: Hours
    left_s: float | None

    @property
    def at_work(self) -> list[tuple[RunAtWork, int]]:
        """The runs that were heard of lately, each with how many trials it has in hand."""
        return [(run, len(run.record["running"])) for run in self.runs if not run.is_silent]


class WatchedExperiment:
    """Looks at an experiment in its store, again and again.

    Args:
        desk: the experiment as planned; its fits are watched.
        clock: seconds, from any beginning; the watcher's own.
    """

    def __init__(self, desk: Desk, clock: Callable[[], float] = time.monotonic) -> None:
        self._desk = desk
        self._store = desk.store
        self._clock = clock
        self._labels = {plan.fit.fit_id: plan.fit.label for plan in desk.plan.fits}
        self._open = {plan.fit.fit_id: plan for plan in desk.plan.fits if not plan.done}
        self._commits: dict[str, Commit] = {}
        self._ended: dict[str, RunRecord] = {}
        self._heard: dict[str, tuple[int, float]] = {}
        self._failures: set[str] = set()
        self._last_failure = ""

    def look(self) -> Sight:
        """Look once. Raises StoreError where the store cannot be read."""
        self._settle()
        runs = self._runs()
        self._look_for_failures()
        open_runs = [run for run in runs if run["run"] not in self._ended]
        seen = [RunAtWork(run, self._silence(run)) for run in open_runs]
        return Sight(
            total=len(self._labels),
            done=len(self._labels) - len(self._open),
            runs=seen,
            failures=len(self._failures),
            last_failure=self._last_failure,
            hours=hours_of(runs),
            left_s=_left_s([run for run in seen if not run.is_silent]),
        )

    def _settle(self) -> None:
        """Forget the fits of which nothing is missing any more."""
        committed = committed_fits(self._store)
        for fit_id in sorted(self._open.keys() & committed):
            commit = self._commits.get(fit_id) or read_commit(self._store, fit_id)
            if commit is not None:
                self._commits[fit_id] = commit
                if self._is_scored(self._open[fit_id], commit):
                    del self._open[fit_id]

    def _is_scored(self, plan: FitPlan, commit: Commit) -> bool:
        wanted = wanted_pieces(self._desk.plan.expansion, plan.fit, commit)
        return wanted.keys() <= committed_pieces_of(self._store, plan.fit.fit_id)

    def _runs(self) -> list[RunRecord]:
        """Return all runs of the experiment; the record of one that has ended is read once."""
        ended = {run_key(run) for run in self._ended}
        keys = [key for key in self._store.list(RUNS) if key not in ended]
        name = self._desk.plan.record["name"]
        read, _ = readable_runs(only_keys(self._store, keys), name)
        self._ended.update({run["run"]: run for run in read if run["exit_code"] is not None})
        fresh = {run["run"] for run in read}
        return [*(run for key, run in self._ended.items() if key not in fresh), *read]

    def _silence(self, run: RunRecord) -> float:
        """Return the seconds since a run was heard of."""
        now, known = self._clock(), self._heard.get(run["run"])
        if known is None:
            self._heard[run["run"]] = (run["counter"], now - self._lain(run))
        elif known[0] != run["counter"]:
            self._heard[run["run"]] = (run["counter"], now)
        return now - self._heard[run["run"]][1]

    def _lain(self, run: RunRecord) -> float:
        """Return how long a record has lain there, by the storage's own clock."""
        written = {entry.key: entry.modified_s for entry in self._store.entries(RUNS)}
        since = written.get(run_key(run["run"]))
        return 0.0 if since is None else max(0.0, self._store.now_s() - since)

    def _look_for_failures(self) -> None:
        keys = {k for k in self._store.list(FAILURES) if k.split("/")[1] in self._labels}
        new, self._failures = sorted(keys - self._failures), keys
        read, _ = readable_failures(only_keys(self._store, new))
        if read:
            last = max(read, key=lambda failure: failure["when"])
            said = (
                f"{last['exception']}: {last['message']}" if last["exception"] else last["message"]
            )
            self._last_failure = f"{self._labels[last['fit_id']]}: {last['kind']}: {said}"


def _left_s(runs: Sequence[RunAtWork]) -> float | None:
    """Return the time left: tasks of an array share one rest, other runs have each their own."""
    known = [
        (run, max(0.0, run.record["left_s"] - run.heard_s))
        for run in runs
        if run.record["left_s"] is not None
    ]
    if not known:
        return None
    tasks = [left for run, left in known if run.record["task"]]
    others = [left for run, left in known if not run.record["task"]]
    return max([*others, *([max(tasks) / len(tasks)] if tasks else [])])
