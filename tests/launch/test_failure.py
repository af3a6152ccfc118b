"""`crossgen failure`: whole records; `run --debug`: the exception itself, after its record."""

import subprocess
import sys
import traceback

import pytest
from repository import ROOT

from grid.records.commits import committed_fits
from grid.records.failures import failure_of, read_failures, write_failure
from grid.store.errors import StoreMissing
from grid.store.opening import open_store
from launch.cli import main


@pytest.fixture
def store(own_run):
    return open_store(own_run.store)


def failed(store, fit_id, words, when, **more):
    failure = failure_of(ValueError(words), fit_id=fit_id, attempt=f"a{when}", **more)
    failure["when"] = f"2026-01-01T00:00:{when:02d}+00:00"
    failure["traceback"] = f"Traceback of {words}\n  [{'x' * 300}]"
    write_failure(store, failure)


def test_all_records_of_a_fit_are_printed_whole_the_latest_first(crossgen, own_run, store):
    logged = [f"line {n:03d}" for n in range(200)]
    failed(store, "npr-s0-abc", "first", 1, log_tail=logged, image_ids=["f" * 32])
    failed(store, "npr-s0-abc", "third [bold]", 3, log_note="the rest is lost")
    failed(store, "npr-s0-abc", "second", 2)
    failed(store, "npr-s0-xyz", "of another", 4)
    code, out, err = crossgen("failure", "npr-s0-a", "--store", own_run.store)
    assert code == 0, err
    assert out.startswith("npr-s0-abc: 3 recorded failures")
    words = ["ValueError: third [bold]", "ValueError: second", "ValueError: first"]
    assert sorted(words, key=out.index) == words
    assert all(f"  {line}" in out for line in logged)
    assert f"[{'x' * 300}]" in out, "a line of a traceback is not broken"
    assert f"image {'f' * 32}" in out
    assert "(the rest is lost)" in out
    assert "of another" not in out


def test_a_beginning_of_several_fits_is_refused_and_a_whole_id_is_not(crossgen, own_run, store):
    failed(store, "npr-s0-ab", "one", 1)
    failed(store, "npr-s0-abc", "two", 2)
    code, _, err = crossgen("failure", "npr", "--store", own_run.store)
    assert code == 2
    assert "2 fits begin with it" in err
    code, out, _ = crossgen("failure", "npr-s0-ab", "--store", own_run.store)
    assert code == 0
    assert "ValueError: one" in out
    assert "two" not in out


def test_a_fit_that_never_failed_is_said_to_have_not(crossgen, own_run, store):
    fit_id = sorted(committed_fits(store))[0]
    code, out, _ = crossgen("failure", fit_id[:-3], "--store", own_run.store)
    assert (code, out.strip()) == (0, f"{fit_id}: no recorded failure")
    code, _, err = crossgen("failure", "nothing", "--store", own_run.store)
    assert code == 2
    assert "the store knows no such fit" in err


def test_a_damaged_record_is_named_and_the_others_are_shown(crossgen, own_run, store):
    failed(store, "npr-s0-abc", "sound", 1)
    store.put_new("failures/npr-s0-abc/a2-1.json", b"{")
    code, out, _ = crossgen("failure", "npr-s0-abc", "--store", own_run.store)
    assert code == 0
    assert "ValueError: sound" in out
    assert "left out, because it is damaged: failures/npr-s0-abc/a2-1.json" in out


@pytest.fixture
def trial(own_run, crossgen):
    """The arguments that run one fit that is missing, and its id."""
    given = own_run.file, "--store", own_run.store, "--set", "seeds=[5]"
    sql = "SELECT fit_id FROM fits WHERE NOT committed ORDER BY train"
    _, out, _ = crossgen("query", own_run.file, *given[1:], sql, "--csv")
    fit_id = out.splitlines()[1].strip('"')
    return ("run", *given, "--trial", fit_id, "--no-ray"), fit_id


@pytest.mark.parametrize("kind", [ZeroDivisionError, StoreMissing])
def test_debug_raises_what_the_trial_raised_once_it_is_recorded(trial, store, monkeypatch, kind):
    """Also where it is of a kind that the command otherwise puts in words."""
    arguments, fit_id = trial

    def breaks(*_):
        try:
            raise KeyError("the cause")
        except KeyError as cause:
            raise kind("this very one") from cause

    monkeypatch.setattr("grid.trial.attempt.run_trial", breaks)
    with pytest.raises(kind, match="this very one") as raised:
        main([*map(str, arguments), "--debug"])
    frames = [frame.name for frame in traceback.extract_tb(raised.value.__traceback__)]
    assert frames[-1] == "breaks"
    assert isinstance(raised.value.__cause__, KeyError)
    [recorded] = read_failures(store, fit_id)  # one attempt, not three
    assert (recorded["exception"], recorded["message"]) == (kind.__name__, "this very one")


def test_without_debug_a_failure_is_told_and_tried_again(trial, store, monkeypatch, crossgen):
    arguments, fit_id = trial
    monkeypatch.setattr("grid.trial.attempt.run_trial", lambda *_: 1 / 0)
    assert crossgen(*arguments)[0] == 1
    assert len(read_failures(store, fit_id)) == 3


def test_the_whole_traceback_is_on_stderr(trial, own_run, store):
    """In a process of its own, as from a shell."""
    arguments, fit_id = trial
    breaking = (
        "import launch.cli, grid.trial.attempt as attempt; "
        "attempt.run_trial = lambda *_: {}['gone']; launch.cli.main()"
    )
    command = [sys.executable, "-c", breaking, *map(str, arguments)]
    done = subprocess.run([*command, "--debug"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    assert done.stderr.rstrip().endswith("KeyError: 'gone'")
    assert "in attempt_trial" in done.stderr
    assert "TrialRaised" not in done.stderr
    assert len(read_failures(store, fit_id)) == 1


def test_debug_is_refused_with_ray(crossgen, own_run):
    code, _, err = crossgen("run", own_run.file, "--store", own_run.store, "--debug")
    assert code == 2
    assert "--debug raises in this process: add --no-ray" in err


def test_a_debugged_run_that_does_not_fail_ends_as_ever(trial, crossgen, store):
    arguments, fit_id = trial
    code, _, err = crossgen(*arguments, "--debug")
    assert code == 0, err
    assert fit_id in committed_fits(store)
