"""`crossgen run --task I/N` and `--budget-hours`, in this process."""

import threading

import pytest

from grid.records.commits import committed_fits
from grid.records.runs import read_runs
from grid.run.claims import Claims
from grid.store.opening import open_store
from launch.claim_board import StoreBoard
from launch.desk import open_desk

SEEDS = ("--set", "seeds=[1]")


@pytest.fixture
def run(crossgen, own_run):
    return lambda *more: crossgen(
        "run", own_run.file, "--store", own_run.store, "--no-ray", *SEEDS, *more
    )


def test_a_task_alone_does_all_and_leaves_no_claim(run, own_run):
    store = open_store(own_run.store)
    code, _, err = run("--task", "1/4")
    assert code == 0, err
    assert len(committed_fits(store)) == 4
    assert store.list("claims/") == []
    [record] = read_runs(store)
    assert (record["task"], record["done"], record["exit_code"]) == ("1/4", 2, 0)


def test_a_task_leaves_what_moves_to_others_and_ends_with_0(run, own_run):
    """Another task has everything in hand, and moves its counters."""
    store = open_store(own_run.store)
    changes = [("seeds", "[1]")]
    wanted = open_desk(own_run.file, store=store.url, changes=changes).plan.missing
    other = Claims(StoreBoard(store), run="other", stale_s=1.0)
    assert all(other.take(each.fit.fit_id) for each in wanted)
    over = threading.Event()
    moving = threading.Thread(
        target=lambda: [other.move() for _ in iter(lambda: over.wait(0.1), 1)]
    )
    moving.start()
    try:
        code, _, err = run("--task", "0/2", "--stale-after", "1")
    finally:
        over.set()
        moving.join()
    assert code == 0, err
    assert "other tasks are at work on 2 trials" in err
    assert len(committed_fits(store)) == 2
    [record] = read_runs(store)
    assert (record["unfinished"], record["exit_code"]) == (2, 0)


@pytest.mark.parametrize("share", ["2/2", "1", "a/b", "-1/2", "1/2/3"])
def test_a_share_that_is_none_is_refused(run, share):
    code, _, err = run("--task", share)
    assert code == 2
    assert "is no share" in err


def test_a_task_is_a_run_of_this_process(crossgen, own_run):
    code, _, err = crossgen("run", own_run.file, "--task", "0/2")
    assert code == 2
    assert "--no-ray" in err


def test_a_spent_budget_ends_with_4_and_says_how_to_go_on(run, own_run):
    """The first run spends what there is; a second one counts that, and begins nothing."""
    code, _, err = run("--budget-hours", "1e-6")
    assert code == 4
    assert "1 trial is left" in err
    hint = [line for line in err.splitlines() if line.startswith("  crossgen run")]
    assert hint
    assert "--budget-hours" not in hint[0]
    code, _, err = run("--budget-hours", "1e-6")
    assert code == 4
    assert "1 trial is left" in err
    store = open_store(own_run.store)
    assert [record["exit_code"] for record in read_runs(store)] == [4, 4]
    assert len(committed_fits(store)) == 3
    assert run("--budget-hours", "1")[0] == 0
