"""The driver waits for nodes that a batch script announces, and not for ever."""

from grid.run.on_ray.awaited_nodes import WAIT_S, await_nodes, expected_nodes


class Arriving:
    """Nodes that come at given seconds, and a clock that only sleeping moves."""

    def __init__(self, *seconds: float) -> None:
        self.seconds = seconds
        self.now = 0.0

    def living(self) -> list[float]:
        return [each for each in self.seconds if each <= self.now]

    def wait(self, stop=lambda: False) -> list[float]:
        return await_nodes(self.living, stop, clock=lambda: self.now, sleep=self.sleep)

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_all_announced_nodes_are_awaited(monkeypatch):
    monkeypatch.setenv("CROSSGEN_NODES", "3")
    cluster = Arriving(0, 7, 30, 31)
    assert cluster.wait() == [0, 7, 30]


def test_one_that_never_comes_is_not_awaited_for_ever(monkeypatch):
    monkeypatch.setenv("CROSSGEN_NODES", "2")
    cluster = Arriving(0)
    assert cluster.wait() == [0]
    assert WAIT_S <= cluster.now < WAIT_S + 2


def test_a_stop_ends_the_waiting(monkeypatch):
    monkeypatch.setenv("CROSSGEN_NODES", "2")
    cluster = Arriving(0)
    assert cluster.wait(stop=lambda: cluster.now > 3) == [0]
    assert cluster.now < 5


def test_where_nobody_announces_any_nothing_is_awaited(monkeypatch):
    monkeypatch.delenv("CROSSGEN_NODES", raising=False)
    cluster = Arriving(0, 1)
    assert cluster.wait() == [0]
    assert cluster.now == 0
    monkeypatch.setenv("CROSSGEN_NODES", "many")
    assert expected_nodes() == 0
