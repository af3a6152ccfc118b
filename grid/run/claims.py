"""Claims on trials, as one array task sees those of the others: free, at work, gone, given up.

No clock is compared with another one. A claim carries a counter that its claimant moves; whoever
finds by its own clock that it has not moved for `stale_s` seconds takes the trial over. A claim is
advice: where it is wrong, two work on one trial, and the first commit wins.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol
from zlib import crc32


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One run's claim on one fit; see `grid.records.claim_records.ClaimRecord`."""

    fit_id: str
    run: str
    job: str = ""
    restart: int = 0
    counter: int = 0
    given_up: str = ""


class ClaimBoard(Protocol):
    """Where claims hang. Reading raises OSError where the store cannot be read; writing nothing."""

    def claimants(self, fit_id: str | None = None) -> Mapping[str, Collection[str]]:
        """Return the runs that claim one fit or any, by fit id."""

    def read(self, wanted: Iterable[tuple[str, str]]) -> list[Claim]:
        """Return the claims of these (fit id, run) that are there."""

    def write(self, claim: Claim) -> None:
        """Hang a claim up, over its last state; advice, so one that cannot be written is none."""

    def drop(self, fit_id: str, run: str) -> None:
        """Take it down."""


class Standing(Enum):
    """What others' claims say of a trial."""

    FREE = "nobody is at work on it, or whoever was is gone"
    MOVING = "somebody is at work on it: a counter has moved"
    UNKNOWN = "it is claimed, and not known yet whether by somebody who lives"
    GIVEN_UP = "somebody found that it fails"


@dataclass(frozen=True)
class _Seen:
    """A claim as it was last seen: its counter, since when it stands there, when, has it moved?"""

    counter: int
    since: float
    at: float
    has_moved: bool


class Claims:
    """The claims of one array task, and its sight of the others'.

    Args:
        board: where claims hang.
        run: this task's run, unlike any other.
        stale_s: a claim whose counter has not moved for so long is nobody's.
        job: of a batch system, "" without one.
        restart: how often that job was requeued: claims of its earlier lives are nobody's.
        clock: seconds, from any beginning; this task's own.
    """

    def __init__(
        self,
        board: ClaimBoard,
        *,
        run: str,
        stale_s: float,
        job: str = "",
        restart: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.stale_s = stale_s
        # Not in step with others: of two who step back at once, one is then the first to look.
        self.pace = 0.5 + crc32(run.encode()) / 2**32
        self._board = board
        self._run = run
        self._job, self._restart = job, restart
        self._clock = clock
        self._held: dict[str, Claim] = {}
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, str], _Seen] = {}
        self._there_at_first: frozenset[tuple[str, str]] | None = None

    def claimed_by_others(self) -> dict[str, set[str]]:
        """Return who else claims what, by fit id, by one look at the board."""
        found = {fit_id: {*runs} - {self._run} for fit_id, runs in self._board.claimants().items()}
        if self._there_at_first is None:
            pairs = ((fit_id, run) for fit_id, runs in found.items() for run in runs)
            self._there_at_first = frozenset(pairs)
        return {fit_id: runs for fit_id, runs in found.items() if runs}

    def standings(self, others: Mapping[str, Collection[str]]) -> dict[str, tuple[Standing, str]]:
        """Return how trials stand that others claim, each with the reason where it is given up.

        Args:
            others: runs by fit id, as `claimed_by_others` found them.
        """
        found: dict[str, list[tuple[Standing, str]]] = {fit_id: [] for fit_id in others}
        wanted = [(fit_id, run) for fit_id, runs in others.items() for run in sorted(runs)]
        for claim in self._board.read(wanted):
            found[claim.fit_id].append(self._standing(claim))
        return {fit_id: _of_all(each) for fit_id, each in found.items()}

    def take(self, fit_id: str, gone: Collection[str] = ()) -> bool:
        """Claim a trial; False where somebody else claims it in this very moment.

        Then both step back, and whoever looks first again has it.

        Args:
            fit_id: that is free.
            gone: runs whose claims on it hang there and are nobody's any more.
        """
        claim = Claim(fit_id=fit_id, run=self._run, job=self._job, restart=self._restart)
        with self._lock:
            self._held[fit_id] = claim
            self._board.write(claim)
        newcomers = {*self._board.claimants(fit_id).get(fit_id, ())} - {self._run, *gone}
        if newcomers:
            self.drop(fit_id)
        return not newcomers

    def holds(self, fit_id: str) -> bool:
        """Whether this task claims the trial."""
        return fit_id in self._held

    def drop(self, fit_id: str) -> None:
        """Take the claim on a trial back."""
        with self._lock:
            if self._held.pop(fit_id, None) is not None:
                self._board.drop(fit_id, self._run)

    def drop_all(self) -> None:
        """Take every claim back."""
        for fit_id in list(self._held):
            self.drop(fit_id)

    def give_up(self, fit_id: str, reason: str) -> None:
        """Leave word that the trial fails, so that not every task tries it again."""
        with self._lock:
            claim = self._held.pop(fit_id, None)
            if claim is not None:
                self._board.write(_changed(claim, claim.counter + 1, reason or "it failed"))

    def move(self) -> None:
        """Move the counters of what this task holds; any thread may."""
        for fit_id in list(self._held):
            with self._lock:
                if fit_id in self._held:
                    claim = self._held[fit_id]
                    self._held[fit_id] = _changed(claim, claim.counter + 1)
                    self._board.write(self._held[fit_id])

    def _standing(self, claim: Claim) -> tuple[Standing, str]:
        place = (claim.fit_id, claim.run)
        is_of_this_job = bool(claim.job) and _array_of(claim.job) == _array_of(self._job)
        if claim.given_up:
            was_there = self._there_at_first is not None and place in self._there_at_first
            holds = not was_there or is_of_this_job
            return (Standing.GIVEN_UP, claim.given_up) if holds else (Standing.FREE, "")
        if claim.job and claim.job == self._job and claim.restart < self._restart:
            return Standing.FREE, ""  # of this very task, before it was requeued
        seen = self._looked_at(place, claim.counter)
        if seen.at - seen.since >= self.stale_s:
            return Standing.FREE, ""
        return (Standing.MOVING if seen.has_moved else Standing.UNKNOWN), ""

    def _looked_at(self, place: tuple[str, str], counter: int) -> _Seen:
        now, before = self._clock(), self._seen.get(place)
        if before is None:
            seen = _Seen(counter, now, now, has_moved=False)
        elif before.counter == counter:
            seen = _Seen(counter, before.since, now, has_moved=before.has_moved)
        else:
            # One that moved at some time of a long absence may have stopped since.
            seen = _Seen(counter, now, now, has_moved=now - before.at < self.stale_s)
        self._seen[place] = seen
        return seen


def _of_all(found: Collection[tuple[Standing, str]]) -> tuple[Standing, str]:
    """Return how a trial stands by all claims on it: one who is at work outweighs the others."""
    for standing in (Standing.MOVING, Standing.UNKNOWN, Standing.GIVEN_UP):
        for each, reason in found:
            if each is standing:
                return each, reason
    return Standing.FREE, ""


def _changed(claim: Claim, counter: int, given_up: str = "") -> Claim:
    return Claim(
        fit_id=claim.fit_id,
        run=claim.run,
        job=claim.job,
        restart=claim.restart,
        counter=counter,
        given_up=given_up,
    )


def _array_of(job: str) -> str:
    """Return the job array that a task belongs to: `slurm:12` of `slurm:12_3`."""
    return job.partition("_")[0] if job.startswith("slurm:") else job
