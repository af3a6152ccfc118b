"""What a run comes to, counted by a made clock: hours are share x time of every attempt."""

import pytest

from grid.run.run_account import RunAccount


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_every_attempt_counts_failed_and_stopped_ones_too(clock):
    account = RunAccount(clock)
    account.begin(3)
    account.started("a", "label a", (0.25, 2.0))
    clock.now = 3600.0
    account.ended("a", "again")
    account.started("a", "label a", (0.5, 2.0))
    clock.now = 2 * 3600.0
    account.ended("a", "done")
    account.started("b", "label b", (0.0, 1.0))
    clock.now = 4 * 3600.0
    account.ended("b", "stopped")
    hours = account.hours()
    assert (hours.gpu, hours.cpu) == (0.75, 6.0)
    assert (hours.failed_gpu, hours.failed_cpu) == (0.25, 2.0)
    state = account.state()
    assert (state.total, state.done, state.failed, dict(state.running)) == (3, 1, 0, {})


def test_what_is_at_work_counts_until_now(clock):
    account = RunAccount(clock)
    account.started("a", "label a", (1.0, 1.0))
    account.reported("a", {"phase": "train", "epoch": 2})
    clock.now = 1800.0
    assert account.hours().gpu == 0.5
    assert account.state().running == {"a": ("label a", {"phase": "train", "epoch": 2})}
    clock.now = 3600.0
    account.started("a", "label a", (1.0, 1.0))  # begun again, and its end was never told
    clock.now = 5400.0
    assert account.hours().gpu == 1.5


def test_children_given_up_with_their_parent_took_no_time(clock):
    account = RunAccount(clock)
    clock.now = 3600.0
    account.ended("child", "given up")
    assert account.state().failed == 1
    assert account.hours().cpu == 0.0


def test_the_time_left_is_asked_for_now_and_then(clock):
    account = RunAccount(clock)
    asked = []
    for second in range(12):
        clock.now = float(second)
        account.expect(lambda: float(asked.append(clock.now) or len(asked)))
    assert asked == [0.0, 5.0, 10.0]
    assert account.state().left_s == 3.0
