"""How a run keeps its books: what the end of an attempt means; with or without Ray."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from grid.run.outages import Outages
from grid.run.progress import Progress
from grid.run.run_options import RunOptions
from grid.run.run_result import RunResult
from grid.run.schedule import Issue, Schedule
from grid.run.shares import Share
from grid.run.shares_learned import SharesLearned
from grid.run.stays_here import StaysHere
from grid.run.stopping import StopSignals
from grid.store.patience import Patience
from grid.trial.contract import OutcomeLike, Trial

IsDone = Callable[[Trial], bool]
IsCommitted = Callable[[str], bool]


class Run(StaysHere):
    """The books of a run: turns what happens to attempts into what happens to trials.

    Whether a trial is done is asked of the store (`is_done`), never of the scheduler. A store
    that fails (an OSError of `is_done`, or an attempt that says so) stops the run and is no
    trial's failure.

    `share_taken` says what a trial takes of its node where that is not what the schedule gives it.
    """

    def __init__(
        self,
        trials: Sequence[Trial],
        *,
        is_done: IsDone,
        is_committed: IsCommitted | None,
        options: RunOptions,
        progress: Progress,
        stop: StopSignals,
        nodes: Sequence[Mapping[str, float]] = (),
        share_taken: Callable[[Trial], Share] | None = None,
        patience: Patience | None = None,
        learned: SharesLearned | None = None,
    ) -> None:
        self.schedule = Schedule(trials, attempts=options.attempts, nodes=nodes)
        self.stop = stop
        self.options = options
        self.progress = progress
        self.store_error: str | None = None
        self.foreign = ""
        self._is_done = is_done
        self._is_committed = is_committed
        self._share_taken = share_taken
        self._learned = learned
        self._furthest: dict[str, tuple[bool, int]] = {}
        self._parents = {t.waits_for for t in trials if t.waits_for}
        self._began = time.monotonic()
        options.account.begin(len(trials))
        self._outages = Outages(progress.note)
        if patience is not None:
            patience.stop, patience.tick = stop, progress.tick
            patience.tell = partial(self._outages.told, "the run")
        progress.begin(trials)
        if options.budget is not None:
            options.budget.begin(uses_gpu=any(self._share(t)[0] > 0 for t in trials))
            progress.note(f"budget: {options.budget} spent so far")
        stop.tell(self._acknowledge)

    def next(self) -> Issue | None:
        """The next trial to hand out; None for now, or for good once `over`."""
        return None if self.stop() or self.is_out_of_budget else self.schedule.next()

    @property
    def over(self) -> bool:
        """Nothing more is to be handed out, now or later."""
        return self.stop() or self.schedule.finished or self.is_out_of_budget

    @property
    def is_out_of_budget(self) -> bool:
        """The hours that were given are spent: what runs may finish, nothing else begins."""
        budget = self.options.budget
        if budget is None:
            return False
        knew = budget.is_over
        if budget.look(self.options.account.hours()) and not knew:
            self.progress.note(
                f"the budget is spent ({budget}): trials at work finish, no other begins"
            )
        return budget.is_over

    def started(self, fit_id: str) -> None:
        """A worker began with the trial."""
        self.schedule.started(fit_id)
        trial = self.schedule.trial(fit_id)
        self.options.account.started(fit_id, trial.label, self._share(trial))
        self.progress.started(fit_id)

    def reported(self, fit_id: str, report: Mapping[str, Any]) -> None:
        """The trial told how far it is, or that it waits for the store, or something to note."""
        if "note" in report:
            self.progress.note(str(report["note"]))
            return
        if "outage" in report:
            self._outages.told(fit_id, str(report["outage"]))
            self.progress.reported(fit_id, report)
            return
        if report.get("phase") == "score" and fit_id in self._parents:
            self._release_children(fit_id)
        place = (
            report.get("phase") == "score",
            int(report.get("epoch") or report.get("pieces_done", 0)),
        )
        if place > self._furthest.get(fit_id, (False, 0)):
            self._furthest[fit_id] = place
            self.schedule.got_further(fit_id)
        self.progress.reported(fit_id, report)
        self.options.account.reported(fit_id, report)
        self.options.account.expect(self._left_s)

    def put_back(self, fit_id: str) -> None:
        """The attempt came to nothing on its node, for no fault of the trial."""
        self._outages.ended(fit_id)
        self.schedule.put_back(fit_id)
        self._told_end(fit_id, "stopped", "another node takes it")

    def ended(self, fit_id: str, outcome: OutcomeLike) -> None:
        """The attempt returned."""
        self._outages.ended(fit_id)
        if outcome.state == "store":
            self.fail_store(outcome.message)
        # Out of budget: a worker looks before it begins, and what waited there has not begun.
        is_asked_to = self.stop() or self.is_out_of_budget
        if is_asked_to and outcome.state in ("store", "stopped"):
            self.schedule.put_back(fit_id)
            why = outcome.message if outcome.state == "stopped" else ""
            self._told_end(fit_id, "stopped", why)
            return
        try:
            done = self._is_done(self.schedule.trial(fit_id))
        except OSError as error:
            self.lose_store(error)
            self.schedule.put_back(fit_id)
            self._told_end(fit_id, "stopped", "")
            return
        if done:
            self.schedule.done(fit_id)
            self._told_end(fit_id, "done", "")
            self._learn_share(fit_id)
        elif outcome.state == "failed":
            self.failed(fit_id, outcome.kind or "error", outcome.message)
        else:
            self.failed(
                fit_id, "error", f"the attempt says {outcome.state}, but the store is not complete"
            )

    def failed(self, fit_id: str, kind: str, message: str) -> None:
        """The attempt failed, or its worker died."""
        self._outages.ended(fit_id)
        if fit_id in self._parents:
            self._release_children(fit_id)
        before = set(self.schedule.ids("failed"))
        verdict = self.schedule.failed(fit_id, kind, message)
        self._told_end(fit_id, verdict, self.schedule.reason(fit_id))
        for orphan in self.schedule.ids("failed"):  # children and theirs, given up with it
            if orphan != fit_id and orphan not in before:
                self._told_end(orphan, "given up", self.schedule.reason(orphan))

    def fail_store(self, message: str) -> None:
        """The store failed: stop everything, blame no trial."""
        if self.store_error is None:
            self.store_error = message or "it cannot be used"
        self.stop.request("the store")

    def lose_store(self, error: OSError) -> None:
        """The driver itself cannot read or write the store; a stop that came first is a stop."""
        if not (self.stop() and getattr(error, "passing", False)):
            self.fail_store(f"{type(error).__name__}: {error}")

    def result(self) -> RunResult:
        """The account."""
        schedule, budget = self.schedule, self.options.budget
        return RunResult(
            done=tuple(schedule.ids("done")),
            failed={fit_id: schedule.reason(fit_id) for fit_id in schedule.ids("failed")},
            unfinished=tuple(schedule.ids("waiting", "ready", "issued", "running")),
            stopped_by=self.stop.reason,
            over_budget="" if budget is None or not budget.is_over else str(budget),
            store_error=self.store_error,
            seconds=time.monotonic() - self._began,
        )

    def _share(self, trial: Trial) -> Share:
        if self._share_taken is not None:
            return self._share_taken(trial)
        return self.schedule.share(trial.fit_id)

    def _learn_share(self, fit_id: str) -> None:
        """Let trials that wait have what one like them took; advice, which no store has to give."""
        if self._learned is None:
            return
        with suppress(OSError):
            shares, said = self._learned.after(self.schedule.trial(fit_id))
            if self.schedule.reshare(shares):
                self.progress.note(said)

    def _told_end(self, fit_id: str, how: str, reason: str) -> None:
        self.options.account.ended(fit_id, how)
        self.progress.ended(fit_id, how, reason)
        self.options.account.expect(self._left_s)

    def _left_s(self) -> float | None:
        left = self.progress.time_left()
        return None if left is None else left.seconds

    def _acknowledge(self, reason: str) -> None:
        self.progress.note(
            f"{reason}: stopping; trials write their checkpoints "
            f"(up to {self.options.grace_s:.0f} s; once more to stop at once)"
        )

    def _release_children(self, fit_id: str) -> None:
        """Children need the parent's commit, not its scores."""
        if self._is_committed is None:
            return
        try:
            committed = self._is_committed(fit_id)
        except OSError as error:
            self.lose_store(error)
            return
        if committed:
            self._parents.discard(fit_id)
            self.schedule.committed(fit_id)
