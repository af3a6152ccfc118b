"""A job is requeued as long as its runs add something to the store, and three idle runs end it."""

import pytest
from score_digests import digests

from grid.records.commits import committed_fits
from grid.records.places import checkpoint_key
from grid.store.opening import open_store
from launch.slurm.restarts import MOST_IDLE, count_idle, main, stored_work


def test_runs_that_add_nothing_are_counted_in_a_row(tmp_path):
    memory = tmp_path / "memory"
    works = ["a", "a", "a", "b", "b", "", "b", "c"]
    assert [count_idle(memory, work) for work in works] == [0, 1, 2, 0, 1, 2, 3, 0]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"work": "a"}', '{"work": "a", "idle": null}'])
def test_a_memory_that_was_cut_off_begins_anew(tmp_path, text):
    memory = tmp_path / "memory"
    memory.write_text(text)
    assert count_idle(memory, "a") == 0
    assert count_idle(memory, "a") == 1


def test_each_kind_of_work_is_seen(own_run):
    """What a run adds: a commit, a score file, the first checkpoint, a further one."""
    store = open_store(own_run.store)
    fits = committed_fits(store)
    seen = [stored_work(store, fits)]
    score = next(iter(digests(store)))
    store.delete(score)
    seen.append(stored_work(store, fits))
    fit = sorted(fits)[0]
    store.delete(f"commits/{fit}.json")
    seen.append(stored_work(store, fits))
    for data in (b"one", b"two two"):
        store.put_checkpoint(checkpoint_key(fit, "attempt"), data)
        seen.append(stored_work(store, fits))
    assert len(set(seen)) == 5
    assert stored_work(store, fits) == seen[-1]
    others = {"another-fit-0123456789abcdef"}
    before = stored_work(store, others)
    store.put_checkpoint(checkpoint_key(fit, "attempt"), b"three")
    assert stored_work(store, others) == before


def test_three_idle_runs_end_it_with_a_word(own_run, tmp_path, capsys):
    words = [str(tmp_path / "memory"), str(own_run.file), "--store", str(own_run.store)]
    words += ["--attempts", "5", "--set", "seeds=[0]"]
    assert [main(words) for _ in range(MOST_IDLE + 1)] == [0] * MOST_IDLE + [1]
    assert "3 runs in a row have added nothing" in capsys.readouterr().out


def test_a_store_that_cannot_be_read_is_no_reason_to_go_on_for_ever(own_run, tmp_path, capsys):
    words = [str(tmp_path / "memory"), str(own_run.file), "--store", str(tmp_path / "none")]
    assert [main(words) for _ in range(MOST_IDLE)] == [0, 0, 1]
    assert "cannot be told" in capsys.readouterr().out
