"""When a head that others started counts as gone: silent for long, or another one in its place."""

import socket

import pytest

from grid.run.on_ray.head_watch import PATIENCE_S, HeadLost


class Head:
    """A port that answers or does not, and the id of whoever answers."""

    def __init__(self):
        self.now, self.identity, self.listening = 0.0, "first", None
        self.boot()
        self.port = self.listening.getsockname()[1]
        self.is_lost = HeadLost(f"127.0.0.1:{self.port}", self.identity_of, lambda: self.now)

    def boot(self):
        if self.listening is None:
            port = getattr(self, "port", 0)
            self.listening = socket.create_server(("127.0.0.1", port), reuse_port=False)

    def end(self):
        self.listening.close()
        self.listening = None

    def identity_of(self, address):
        assert address == f"127.0.0.1:{self.port}" if hasattr(self, "port") else True
        if self.identity is None:
            raise ConnectionError("it hangs up")
        return self.identity


@pytest.fixture
def head():
    head = Head()
    yield head
    if head.listening is not None:
        head.end()


def test_a_head_that_answers_is_never_lost(head):
    for head.now in range(0, 1000, 10):
        assert not head.is_lost()


def test_a_head_that_is_silent_is_lost_when_the_patience_is_over(head):
    head.end()
    head.now = PATIENCE_S
    assert not head.is_lost()
    head.now = PATIENCE_S + 1
    assert head.is_lost()


def test_a_head_that_comes_back_as_itself_is_not_lost_and_silence_counts_anew(head):
    for start in (0.0, 100.0):
        head.now = start
        assert not head.is_lost()
        head.end()
        head.now = start + PATIENCE_S
        assert not head.is_lost()
        head.boot()
        assert not head.is_lost()


def test_another_head_in_its_place_is_seen_at_once(head):
    head.end()
    assert not head.is_lost()
    head.boot()
    head.identity = "second"
    assert head.is_lost()


def test_a_port_that_answers_without_a_head_behind_it_is_no_answer(head):
    head.end()
    assert not head.is_lost()
    head.boot()
    head.identity = None
    assert not head.is_lost()
    head.now = PATIENCE_S + 1
    assert head.is_lost()
