"""Many trials wait for one store: one sentence when it goes, one when it is back."""

from hypothesis import given
from hypothesis import strategies as st

from grid.run.outages import Outages


def test_the_first_is_told_and_the_last_that_goes_on():
    said, now = [], [0.0]
    outages = Outages(said.append, lambda: now[0])
    outages.told("a", "the store is full")
    outages.told("b", "the store is full")
    now[0] = 42.0
    outages.told("a", "")
    assert said == ["the store is full"]
    outages.told("b", "")
    assert said[1:] == ["the store answers again after 42 s: going on"]
    outages.told("a", "full again")
    assert said[2:] == ["full again"]


def test_a_trial_that_gave_up_does_not_say_that_the_store_answers():
    said = []
    outages = Outages(said.append)
    outages.told("a", "full")
    outages.ended("a")
    outages.told("a", "")
    assert said == ["full"]
    outages.told("a", "full")
    assert said == ["full", "full"]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["full", "", "ended"]))))
def test_sentences_alternate(events):
    """Never two of one kind after each other, but where one gave up in between."""
    said = []
    outages = Outages(said.append)
    waiting = set()
    for who, what in events:
        before, was_waiting = len(said), set(waiting)
        if what == "ended":
            outages.ended(who)
            waiting.discard(who)
        else:
            outages.told(who, what)
            (waiting.add if what else waiting.discard)(who)
        begins = bool(waiting) and not was_waiting
        goes_on = what == "" and bool(was_waiting) and not waiting
        assert len(said) - before == (begins or goes_on)
