"""Which trial runs next: pure queue logic, shared by the Ray driver and the loop without Ray.

Trials that ask for the same share of a node form a resource class, because Ray reuses a worker
only between equal requests (.07 s per trial in one class, .62 s interleaved). One class is handed
out at a time, the longest trial first, and the class changes only when every trial handed out of
it has started. So no trial of another class can slip in between a trial's turn and its start: a
wide one is never starved by a stream of narrow ones. Among classes the widest goes first, and the
narrow ones fill the gaps that its tail leaves.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Literal

from grid.run.shares import NOT_ENOUGH, Nodes, Share, fits, larger_share, places, share_of
from grid.run.urgency import urgencies
from grid.trial.contract import Trial

Verdict = Literal["again", "larger", "given up"]

NOT_WORTH_A_RETRY = frozenset({"unreadable", "weights", "diverged", "no_images"})
"""Failures that the same bytes will repeat: an undecodable image, weights that do not fit, a loss
that is no longer finite, images that none of the nodes has."""

MOST_LOST_NODES = 5
"""Nodes that a trial may lose one after the other without getting further in between. A node's end
is no trial's fault, and on borrowed machines it is common; but a trial may be what ends its nodes.
"""


@dataclass(frozen=True)
class Issue:
    """A trial's turn: what to run, with which share, and the how-manieth attempt this is."""

    trial: Trial
    resources: dict[str, float]
    attempt: int


@dataclass
class _Entry:
    trial: Trial
    share: Share
    order: int
    urgency: float = 0.0
    failures: int = 0
    lost_nodes: int = 0
    turns: int = 0
    state: Literal["waiting", "ready", "issued", "running", "done", "failed"] = "ready"
    reasons: list[str] = field(default_factory=list)


class Schedule:
    """The queue of one run.

    Args:
        trials: At most one per fit. A parent that is not among them counts as committed.
        attempts: Failures after which a trial is given up; fresh for every `Schedule`.
        nodes: What each node has, e.g. ``[{"cpu": 16, "gpu": 4}]``: bounds the larger share of a
            trial that ran out of memory. Without nodes a share never grows.

    Raises:
        ValueError: Two trials of one fit, or parents that wait for each other in a circle.
    """

    def __init__(
        self,
        trials: Sequence[Trial],
        *,
        attempts: int = 3,
        nodes: Nodes = (),
    ) -> None:
        if attempts < 1:
            raise ValueError(f"attempts={attempts}: a trial needs at least one; give 1 or more")
        self._attempts = attempts
        self._nodes = nodes
        self._entries: dict[str, _Entry] = {}
        for order, trial in enumerate(trials):
            if trial.fit_id in self._entries:
                raise ValueError(
                    f"two trials for the fit {trial.fit_id}: they would train it twice; "
                    "merge their pieces into one trial"
                )
            self._entries[trial.fit_id] = _Entry(trial, share_of(trial.resources), order)
        self._children: dict[str, list[str]] = {}
        self._ready: dict[Share, list[tuple[int, float, int, str]]] = {}
        self._unstarted = 0
        self._open = len(self._entries)
        self._current: Share | None = None
        self._least_gpu: dict[str, float] = {}
        urgency = urgencies({trial.fit_id: trial for trial in trials})
        for fit_id, entry in self._entries.items():
            entry.urgency = urgency[fit_id]
            parent = entry.trial.waits_for
            if parent in self._entries:
                entry.state = "waiting"
                self._children.setdefault(parent, []).append(fit_id)
            else:
                self._push(entry)

    @property
    def finished(self) -> bool:
        """Every trial is done or given up."""
        return self._open == 0

    def next(self) -> Issue | None:
        """The trial whose turn it is; None when none may be handed out now."""
        queue = self._ready.get(self._current) if self._current else None
        if self._is_enough_ahead():
            return None
        if not queue:
            if self._unstarted:
                return None
            self._current = max(self._ready, default=None)
            if self._current is None:
                return None
            queue = self._ready[self._current]
        return self.take(queue[0][-1])

    def queue(self) -> list[str]:
        """The trials that could start now, in the order of their turns, whatever they ask for."""
        return [item[-1] for item in sorted(chain.from_iterable(self._ready.values()))]

    def take(self, fit_id: str) -> Issue:
        """Hand out this one of the `queue`, before its turn."""
        entry = self._entries[fit_id]
        self._unqueue(entry)
        entry.state = "issued"
        entry.turns += 1
        self._unstarted += 1
        return Issue(entry.trial, entry.share.resources, entry.turns)

    def _is_enough_ahead(self) -> bool:
        """Whether as many wait for a GPU as can run: those handed out keep the share they have."""
        current = self._current
        if current is None or not current.gpu or not self._nodes:
            return False
        return self._unstarted >= places(current, self._nodes)

    def started(self, fit_id: str) -> None:
        """A worker has begun with the trial."""
        entry = self._entries[fit_id]
        if entry.state == "issued":
            entry.state = "running"
            self._unstarted -= 1

    def committed(self, fit_id: str) -> None:
        """The fit is committed (its trial may still score): trials that waited for it may go."""
        for child in self._children.pop(fit_id, ()):
            self._push(self._entries[child])

    def done(self, fit_id: str) -> None:
        """The store holds everything the trial was for, whoever did it."""
        self._close(fit_id, "done")
        self.committed(fit_id)

    def put_back(self, fit_id: str) -> None:
        """The attempt was interrupted by us; it counts as none."""
        self._push(self._leave(fit_id))

    def got_further(self, fit_id: str) -> None:
        """The trial is further than any of its attempts was before."""
        self._entries[fit_id].lost_nodes = 0

    def failed(self, fit_id: str, kind: str, message: str) -> Verdict:
        """The attempt failed: it goes back into the queue, with a larger share, or is given up.

        Running out of memory at a share that can grow is the share's fault, so it uses up no
        attempt; shares grow from class to class, hence that ends. Trials that take as much memory
        get the larger share before they fail, too. Nor does losing its node use one up, up to
        `MOST_LOST_NODES`. A retry queues behind the trials of its class
        that have not failed: one bad trial must not hold a slot while good ones wait.
        """
        entry = self._leave(fit_id)
        entry.reasons.append(f"{kind}: {message}" if message else kind)
        if kind == "out_of_memory":
            larger = larger_share(entry.share, self._nodes)
            if larger is not None:
                entry.share = larger
                self._enlarge_its_like(entry)
                self._push(entry)
                return "larger"
            if entry.share.gpu >= 1.0:
                entry.reasons[-1] += NOT_ENOUGH
        if kind == "node_lost":
            entry.lost_nodes += 1
            if entry.lost_nodes < MOST_LOST_NODES:
                self._push(entry)
                return "again"
            entry.reasons[-1] += f"; {MOST_LOST_NODES} in a row, so the trial may be what ends them"
            entry.failures = self._attempts
        else:
            entry.failures += 1
        if entry.failures < self._attempts and kind not in NOT_WORTH_A_RETRY:
            self._push(entry)
            return "again"
        self._give_up(fit_id)
        return "given up"

    def give_up(self, fit_id: str, reason: str) -> None:
        """The trial is not tried here: whoever tried it found that it fails."""
        self._entries[fit_id].reasons.append(reason)
        self._give_up(fit_id)

    def ids(self, *states: str) -> list[str]:
        """The fits in any of these states, in the order given."""
        return [fit_id for fit_id, entry in self._entries.items() if entry.state in states]

    def state(self, fit_id: str) -> str:
        """What has become of the trial: waiting, ready, issued, running, done or failed."""
        return self._entries[fit_id].state

    def waiting(self) -> Counter[Share]:
        """How many trials could start now, by what they ask for."""
        states = ("ready", "issued")
        return Counter(each.share for each in self._entries.values() if each.state in states)

    def reason(self, fit_id: str) -> str:
        """Why the trial failed last, and how often it was tried."""
        entry = self._entries[fit_id]
        last = entry.reasons[-1] if entry.reasons else ""
        return f"{last} (attempt {entry.turns})" if entry.turns else last

    def trial(self, fit_id: str) -> Trial:
        """The trial of this fit."""
        return self._entries[fit_id].trial

    def share(self, fit_id: str) -> Share:
        """What the trial is given of a node now."""
        return self._entries[fit_id].share

    def reshare(self, shares: Mapping[str, Share]) -> int:
        """Give trials that were not handed out yet another share; return how many can start now.

        A share that such trials were found to need at least stays the least.
        """
        for fit_id in self.ids("waiting"):
            self._entries[fit_id].share = shares.get(fit_id, self._entries[fit_id].share)
        moved = [fit_id for fit_id in self.ids("ready") if fit_id in shares]
        for old in {self._entries[fit_id].share for fit_id in moved}:
            left = [item for item in self._ready.pop(old) if item[-1] not in shares]
            if left:
                heapq.heapify(left)
                self._ready[old] = left
        for fit_id in moved:
            self._entries[fit_id].share = shares[fit_id]
            self._push(self._entries[fit_id])
        return len(moved)

    def _leave(self, fit_id: str) -> _Entry:
        self.started(fit_id)
        return self._entries[fit_id]

    def _close(self, fit_id: str, state: Literal["done", "failed"]) -> None:
        entry = self._leave(fit_id)
        if entry.state == "ready":
            self._unqueue(entry)
        entry.state = state
        self._open -= 1

    def _enlarge_its_like(self, entry: _Entry) -> None:
        """Remember what a kind of work needs at least, and give it to those that wait already."""
        kind, least = entry.trial.gpu_need.kind, entry.share.gpu
        if not kind or least <= self._least_gpu.get(kind, 0.0):
            return
        self._least_gpu[kind] = least
        like = [e for e in self._entries.values() if e.trial.gpu_need.kind == kind]
        self.reshare({each.trial.fit_id: each.share for each in like})

    def _push(self, entry: _Entry) -> None:
        least = self._least_gpu.get(entry.trial.gpu_need.kind, 0.0)
        if 0.0 < entry.share.gpu < least:
            enlarged = entry.share._replace(gpu=least)
            entry.share = enlarged if fits(enlarged, self._nodes) else entry.share
        entry.state = "ready"
        item = (entry.failures, -entry.urgency, entry.order, entry.trial.fit_id)
        heapq.heappush(self._ready.setdefault(entry.share, []), item)

    def _unqueue(self, entry: _Entry) -> None:
        """Take an entry out of the queue of its class, if it is there; at its head in no time."""
        queue = self._ready.get(entry.share, [])
        if queue and queue[0][-1] == entry.trial.fit_id:
            heapq.heappop(queue)
        else:
            queue[:] = [item for item in queue if item[-1] != entry.trial.fit_id]
            heapq.heapify(queue)
        if not queue:
            self._ready.pop(entry.share, None)

    def _give_up(self, fit_id: str) -> None:
        self._close(fit_id, "failed")
        for child in self._children.pop(fit_id, ()):
            self.give_up(child, f"parent: {fit_id} failed, so there are no weights to start from")
