"""Claims between array tasks, with made clocks: what is whose, and that all gets done."""

import heapq
import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grid.run.array_run import ArrayRun
from grid.run.array_task import settle, turns
from grid.run.claims import Claim, Claims, Standing
from grid.run.progress import Progress
from grid.run.run_options import RunOptions
from grid.run.run_result import exit_code
from grid.run.stopping import StopSignals
from grid.trial.contract import Trial

STALE_S = 120.0
MOVES_EVERY_S = STALE_S / 6
LOOKS_EVERY_S = STALE_S / 10


class Board:
    """A board in memory; `between` is called where another process could be at work."""

    def __init__(self, between=lambda: None):
        self.claims: dict[tuple[str, str], Claim] = {}
        self.between = between

    def claimants(self, fit_id=None):
        self.between()
        found: dict[str, set[str]] = {}
        for claimed, run in self.claims:
            if fit_id in (None, claimed):
                found.setdefault(claimed, set()).add(run)
        return found

    def read(self, wanted):
        self.between()
        return [self.claims[place] for place in wanted if place in self.claims]

    def write(self, claim):
        self.claims[claim.fit_id, claim.run] = claim
        self.between()

    def drop(self, fit_id, run):
        self.claims.pop((fit_id, run), None)


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def board():
    return Board()


@pytest.fixture
def clock():
    return Clock()


def claims_of(board, run, clock, **more):
    return Claims(board, run=run, stale_s=STALE_S, clock=clock, **more)


def standing(claims, fit_id="x"):
    return claims.standings(claims.claimed_by_others())[fit_id][0]


def test_a_claim_is_unknown_then_moving_then_gone(board, clock):
    others, mine = claims_of(board, "b", Clock()), claims_of(board, "a", clock)
    assert others.take("x")
    assert standing(mine) is Standing.UNKNOWN
    clock.now = 12.0
    assert standing(mine) is Standing.UNKNOWN
    others.move()
    assert standing(mine) is Standing.MOVING
    clock.now = 12.0 + STALE_S - 1
    assert standing(mine) is Standing.MOVING
    clock.now = 12.0 + STALE_S
    assert standing(mine) is Standing.FREE


def test_who_moved_during_a_long_absence_may_have_died_since(board, clock):
    others, mine = claims_of(board, "b", Clock()), claims_of(board, "a", clock)
    others.take("x")
    standing(mine)
    others.move()
    clock.now = 10 * STALE_S
    assert standing(mine) is Standing.UNKNOWN
    clock.now += STALE_S
    assert standing(mine) is Standing.FREE


def test_two_at_one_moment_step_back_both(board, clock):
    mine = claims_of(board, "a", clock)
    board.between = lambda: board.claims.setdefault(("x", "b"), Claim(fit_id="x", run="b"))
    assert not mine.take("x")
    assert list(board.claims) == [("x", "b")]


def test_a_requeued_task_takes_over_from_its_earlier_life_at_once(board, clock):
    claims_of(board, "a", clock, job="slurm:7_1").take("x")
    again = claims_of(board, "b", clock, job="slurm:7_1", restart=1)
    beside = claims_of(board, "c", clock, job="slurm:7_2", restart=1)
    assert standing(again) is Standing.FREE
    assert standing(beside) is Standing.UNKNOWN


def test_given_up_holds_for_its_array_and_for_who_saw_it_happen(board, clock):
    before = claims_of(board, "a", clock)
    before.claimed_by_others()
    failing = claims_of(board, "b", clock, job="slurm:7_1")
    failing.take("x")
    failing.give_up("x", "it is poison")
    assert before.standings({"x": {"b"}}) == {"x": (Standing.GIVEN_UP, "it is poison")}
    assert standing(claims_of(board, "c", clock, job="slurm:7_2")) is Standing.GIVEN_UP
    assert standing(claims_of(board, "d", clock, job="slurm:8_2")) is Standing.FREE
    assert standing(claims_of(board, "e", clock)) is Standing.FREE


class Worker:
    """A task in a made world: its clock runs at a pace of its own and began anywhere."""

    def __init__(self, world, number, pace, offset, own):
        self.world, self.name, self.pace, self.offset = world, f"w{number}", pace, offset
        self.claims = claims_of(world.board, self.name, lambda: world.now * self.pace + self.offset)
        self.run = ArrayRun(
            world.trials,
            is_done=lambda trial: trial.fit_id in world.done,
            is_committed=lambda fit_id: fit_id in world.done | world.committed,
            options=RunOptions(),
            progress=Progress(),
            stop=StopSignals(),
        )
        self.turns = turns(self.run, self.claims, own)
        self.working_on = None
        self.is_in_a_step = False
        self.ended_at = self.died_at = None

    @property
    def lives(self):
        return self.ended_at is None and self.died_at is None

    def step(self):
        """Finish what it works on, then look for the next."""
        self.is_in_a_step = True
        fit_id = self.working_on
        if fit_id is not None:
            self.world.done.add(fit_id)
            self.run.ended(fit_id, SimpleNamespace(state="done", kind="", message=""))
            self.working_on = None
            settle(self.run, self.claims, fit_id)
        try:
            issue = next(self.turns)
        except StopIteration:
            self.ended_at = self.world.now
        else:
            if issue is None:
                self.world.at(LOOKS_EVERY_S * self.claims.pace / self.pace, self.step_if_alive)
            else:
                self.begin(issue.trial.fit_id)
        self.is_in_a_step = False

    def begin(self, fit_id):
        at_work = [w for w in self.world.workers if w.lives and w.working_on == fit_id]
        assert not at_work, f"{fit_id} is in the hands of {at_work[0].name}, who lives"
        self.run.started(fit_id)
        self.working_on = fit_id
        self.world.at(self.world.random.uniform(1, 2000), self.step_if_alive)

    def step_if_alive(self):
        if self.lives:
            self.step()

    def move(self):
        if self.lives:
            self.claims.move()
            self.world.at(MOVES_EVERY_S / self.pace, self.move)

    def die(self):
        if self.lives:
            self.died_at = self.world.now


class World:
    """Events by time; while one process stands between two requests, another may take its turn."""

    def __init__(self, seed, trials):
        self.random = np.random.default_rng(seed)
        self.trials, self.done, self.now = trials, set(), 0.0
        self.committed: set[str] = set()
        self.board, self.workers = Board(self.between), []
        self._events, self._numbers, self._starting = [], itertools.count(), []

    def at(self, seconds, do):
        heapq.heappush(self._events, (self.now + seconds, next(self._numbers), do))

    def start(self, worker, seconds):
        def begin():
            if worker in self._starting:
                self._starting.remove(worker)
                self.workers.append(worker)
                worker.move()
                worker.step()

        self._starting.append(worker)
        self.at(seconds, begin)
        worker.begin_now = begin

    def between(self):
        """Another one comes to life in the midst of a step."""
        if self._starting and self.random.random() < 0.3:
            self._starting[self.random.integers(len(self._starting))].begin_now()

    def play(self):
        while self._events:
            self.now, _, do = heapq.heappop(self._events)
            do()
            assert self.now < 1e5, "it never ends"


@st.composite
def worlds(draw, *, deaths):
    seed = draw(st.integers(0, 2**32))
    count, tasks = draw(st.integers(1, 9)), draw(st.integers(1, 5))
    parents = [draw(st.none() | st.integers(0, n - 1)) if n else None for n in range(count)]
    trials = [
        Trial(fit_id=f"f{n}", label="", waits_for=None if p is None else f"f{p}")
        for n, p in enumerate(parents)
    ]
    world = World(seed, trials)
    for number in range(tasks):
        own = {trial.fit_id for trial in trials[number::tasks]}
        pace, offset = draw(st.floats(0.6, 1.6)), draw(st.floats(-1e6, 1e6))
        worker = Worker(world, number, pace, offset, own)
        world.start(worker, draw(st.sampled_from([0.0, 0.0, 5.0, 700.0])))
        if deaths and draw(st.booleans()):
            world.at(draw(st.floats(0, 5000)), worker.die)
    return world


@settings(max_examples=80)
@given(worlds(deaths=True))
def test_all_gets_done_while_one_lives_and_no_live_claim_is_taken(world):
    """`Worker.begin` asserts the second; a task may leave to others what these then die over."""
    world.play()
    left = {trial.fit_id for trial in world.trials} - world.done
    lived = [worker for worker in world.workers if worker.ended_at is not None]
    if left and lived:
        died = [w.died_at for w in world.workers if w.died_at is not None and w.working_on]
        # A counter that moved a moment ago says that its task lived then, not that it does now.
        assert max(died, default=-1e9) > max(w.ended_at for w in lived) - 2 * STALE_S, left
    for worker in lived:
        assert exit_code(worker.run.result()) == 0


@settings(max_examples=40)
@given(worlds(deaths=False))
def test_nothing_runs_twice_where_nobody_dies(world):
    ran = []
    for worker in world._starting:
        begin = worker.begin
        worker.begin = lambda fit_id, begin=begin: (ran.append(fit_id), begin(fit_id))
    world.play()
    assert sorted(ran) == sorted(trial.fit_id for trial in world.trials)


def test_a_task_does_its_own_share_first_and_then_the_rest():
    world = World(1, [Trial(fit_id=f"f{n}", label="") for n in range(6)])
    worker = Worker(world, 0, 1.0, 0.0, {"f1", "f4"})
    ran = []
    begin = worker.begin
    worker.begin = lambda fit_id: (ran.append(fit_id), begin(fit_id))
    world.start(worker, 0.0)
    world.play()
    assert ran == ["f1", "f4", "f0", "f2", "f3", "f5"]


def test_what_others_gave_up_fails_here_untried_with_its_children():
    trials = [Trial(fit_id="x", label=""), Trial(fit_id="y", label="", waits_for="x")]
    world = World(1, trials)
    mine = Worker(world, 0, 1.0, 0.0, {"x"})
    mine.claims.claimed_by_others()
    failing = claims_of(world.board, "b", Clock())
    failing.take("x")
    failing.give_up("x", "it is poison")
    world.start(mine, 0.0)
    world.play()
    result = mine.run.result()
    assert set(result.failed) == {"x", "y"}
    assert "poison" in result.failed["x"]
    assert exit_code(result) == 1


@pytest.mark.parametrize("own", [{"y"}, {"x"}, set()])
def test_only_the_children_of_its_own_share_are_waited_for(own):
    """Their parent is in the hands of another task for 3,000 s, and committed after 1,000."""
    trials = [Trial(fit_id="x", label=""), Trial(fit_id="y", label="", waits_for="x")]
    world = World(1, trials)
    other = claims_of(world.board, "other", lambda: world.now)
    other.take("x")

    def move():
        other.move()
        if world.now < 3000:
            world.at(MOVES_EVERY_S, move)

    move()
    world.at(1000, lambda: world.committed.add("x"))
    worker, ran = Worker(world, 0, 1.0, 0.0, own), []
    begin = worker.begin
    worker.begin = lambda fit_id: (ran.append((fit_id, world.now)), begin(fit_id))
    world.start(worker, 0.0)
    world.play()
    if own == {"y"}:
        assert ran[0][0] == "y"
        assert 1000 <= ran[0][1] <= 1000 + STALE_S
    else:
        assert not ran
        assert worker.ended_at < STALE_S
        assert worker.run.result().left_to_others == ("x", "y")
