"""`crossgen status` on failures; hints that name a command are run as they are printed."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from grid.records.commits import committed_fits
from grid.records.failures import failure_of, write_failure
from grid.records.places import commit_key
from grid.store.opening import open_store
from launch.command_lines import Given, command_line


def hints(said):
    """The command lines among the lines of an output, as a shell would split them."""
    return [
        shlex.split(line)[1:]
        for line in said.splitlines()
        if line.startswith(("  crossgen ", "      crossgen "))
    ]


@pytest.fixture
def failed(own_run, crossgen, monkeypatch, tmp_path):
    """A run with options of every kind, whose two fits failed in a file of the user's."""
    mine = tmp_path / "my net.py"
    mine.write_text("def forward(x):\n    return 1 / x\n")
    code = compile(mine.read_text(), str(mine), "exec")
    names: dict = {}
    exec(code, names)
    monkeypatch.setattr("grid.trial.attempt.run_trial", lambda *_: names["forward"](0))
    folder = own_run.folder.rename(tmp_path / "it's $mine")
    given = (folder / "two.yaml", "--store", folder / "store", "--set", "seeds=[3, 4]")
    given += ("--only", "seed=3", "--limit", "8")
    code, _, err = crossgen("run", *given, "--no-ray", "--attempts", "2")
    assert code == 1, err
    return mine, err


def test_status_shows_the_exception_the_users_line_and_all_on_request(crossgen, failed):
    mine, err = failed
    [status] = hints(err)
    code, out, _ = crossgen(*status)
    assert code == 0
    assert "4 failed attempts of 2 fits:" in out
    assert out.count("ZeroDivisionError: division by zero") == 2
    assert f"at {mine}:2 in forward: return 1 / x" in out
    assert "1 earlier" in out
    for hint in hints(out):
        code, answer, err = crossgen(*hint)
        assert code == 0, err
        assert "Traceback (most recent call last)" in answer
        assert "begins" in answer
    assert len(hints(out)) == 2


def test_a_hint_is_understood_by_a_shell(failed):
    """Spaces, a quote and a dollar in a path; in a process of its own, as it is copied."""
    _, err = failed
    line = next(line for line in err.splitlines() if line.startswith("  crossgen "))
    bin_ = Path(sys.executable).parent
    done = subprocess.run(
        line, shell=True, env={**os.environ, "PATH": f"{bin_}:{os.environ['PATH']}"},
        capture_output=True, text=True, check=False, executable=shutil.which("bash"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "PARTIAL: at most 8 images" in done.stdout
    assert "4 failed attempts of 2 fits" in done.stdout


def test_a_stopped_run_names_itself(crossgen, own_run, monkeypatch):
    import signal

    def stopped(*_):
        os.kill(os.getpid(), signal.SIGTERM)
        return False

    monkeypatch.setattr("grid.trial.attempt.run_trial", stopped)
    command = ["run", str(own_run.file), "--store", str(own_run.store), "--set", "seeds=[3]"]
    code, _, err = crossgen(*command, "--no-ray")
    assert code == 75
    assert "run the same command to go on" in err
    assert hints(err) == [[*command, "--no-ray"]]


def test_the_latest_failures_come_first_and_the_rest_is_counted(crossgen, own_run):
    """Forty fits that were never trained, and one that was trained after it failed."""
    store = open_store(own_run.store)
    done = sorted(committed_fits(store))[0]
    more = own_run.file, "--store", own_run.store, "--set", f"seeds={list(range(20))}"
    assert crossgen("plan", *more)[0] == 0
    from grid.experiment_file.loading import load_experiment
    from grid.plan.plan import prepare

    fits = list(prepare(load_experiment(own_run.file, {"seeds": list(range(20))})).fits)
    for second, fit_id in enumerate(fits):
        failure = failure_of(
            ValueError(f"number {second:02d}"), fit_id=fit_id, attempt=f"a{second}"
        )
        failure["when"] = f"2026-01-01T00:00:{second:02d}+00:00"
        write_failure(store, failure)
    last = failure_of(ValueError("long ago\n" + "x" * 5000), fit_id=done, attempt="b")
    write_failure(store, last)
    _, out, _ = crossgen("status", *more)
    assert "41 failed attempts of 40 fits, 2 done since:" in out
    shown = [int(n) for n in re.findall(r"ValueError: number (\d\d)", out)]
    assert shown == list(range(39, 29, -1))
    assert "... and 30 more fits with failures" in out
    code, answer, _ = crossgen(*hints(out)[-1])
    assert code == 0
    shown = [int(n) for n in re.findall(r"ValueError: number (\d\d)", answer)]
    # Of the two that are done since, the one whose latest failure is the older comes last.
    assert sorted(shown[:38], reverse=True) == shown[:38]
    assert answer.index("long ago") > answer.index(f"number {shown[37]:02d}")
    assert "more fits" not in answer
    code, answer, _ = crossgen("query", "SELECT message FROM failures", *more[1:3], "--csv")
    assert "long ago" in answer.splitlines()[1]


def test_all_fits_in_work_are_shown_on_request(crossgen, own_run):
    store = open_store(own_run.store)
    more = own_run.file, "--store", own_run.store, "--set", f"seeds={list(range(15))}"
    from grid.experiment_file.loading import load_experiment
    from grid.plan.plan import prepare
    from grid.records.places import checkpoint_key

    fits = list(prepare(load_experiment(own_run.file, {"seeds": list(range(15))})).fits)
    for fit_id in set(fits) - set(committed_fits(store)):
        store.put_new(checkpoint_key(fit_id, "a"), b"")
    _, out, _ = crossgen("status", *more)
    assert out.count("begun, not committed") == 20
    assert "... and 8 more fits in work" in out
    [status] = [hint for hint in hints(out) if "--all" in hint]
    assert crossgen(*status)[1].count("begun, not committed") == 28


def test_of_each_fit_the_newest_failure_is_shown_and_done_ones_come_last(crossgen, own_run):
    """Whatever the order of attempts' names; and of a long log the last lines."""
    store = open_store(own_run.store)
    first, second = sorted(committed_fits(store))
    store.delete(commit_key(first))
    failures = {first: ((30, "b"), (50, "a"), (40, "c")), second: ((55, "e"), (10, "d"))}
    for fit_id, attempts in failures.items():
        for second_of_day, attempt in attempts:
            error = ValueError(f"number {second_of_day}")
            log = [f"line {n}" for n in range(second_of_day + 20)]
            failure = failure_of(error, fit_id=fit_id, attempt=attempt, log_tail=log)
            failure["when"] = f"2026-01-01T00:00:{second_of_day}+00:00"
            write_failure(store, failure)
    _, out, _ = crossgen("status", own_run.file, "--store", own_run.store)
    assert re.findall(r"ValueError: number (\d\d)", out) == ["50", "55"]
    assert ("2 earlier" in out, "1 earlier" in out) == (True, True)
    assert re.findall(r"\| line (\d+)", out) == [str(n) for n in range(64, 70)]


def test_a_message_of_pages_is_cut_and_a_trained_fit_is_said_to_be(crossgen, own_run):
    store = open_store(own_run.store)
    fit_id = sorted(committed_fits(store))[0]
    write_failure(store, failure_of(ValueError("x" * 5000), fit_id=fit_id, attempt="b"))
    _, out, _ = crossgen("status", own_run.file, "--store", own_run.store)
    assert "(done since)" in out
    assert out.count("x") < 800
    assert not hints(out)


def test_a_store_that_the_file_names_is_named_to_commands_without_a_file():
    given = Given(file=Path("e.yaml"), store_in_file="/there")
    assert given.command("status") == "crossgen status e.yaml"
    assert given.store_command("query") == "crossgen query --store /there"
    both = Given(file=Path("e.yaml"), store="runs", store_in_file="/there")
    assert both.store_command("query") == "crossgen query --store runs"


@pytest.mark.parametrize(
    "word", ["a b", "it's", 'say "x"', 'it\'s "$x"', "$HOME", "`x`", "a\\b'", "!x'"]
)
def test_any_word_comes_out_of_a_shell_as_it_went_in(word):
    line = command_line(word).replace("crossgen", "printf %s", 1)
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True)
    assert done.stdout == word


def test_init_names_the_next_command(crossgen, own_run, monkeypatch):
    target = own_run.folder / "my experiment.yaml"
    _, out, _ = crossgen("init", own_run.folder / "images", "-o", target)
    [hint] = hints(out)
    assert crossgen(*hint, "--store", own_run.store)[0] == 0
    commented = re.findall(r"`(crossgen .*?)`", target.read_text())
    monkeypatch.chdir(own_run.folder)
    assert [shlex.split(each)[1] for each in commented] == ["plan", "run"]
    assert crossgen(*shlex.split(commented[0])[1:], "--store", own_run.store)[0] == 0


def test_verify_and_query_name_commands_that_run(crossgen, own_run, tmp_path):
    code, _, err = crossgen("verify", "nothing", "--store", own_run.store)
    assert code == 2
    [line] = re.findall(r"crossgen query .*", err)
    code, out, err = crossgen(*shlex.split(line.rstrip("."))[1:])
    assert code == 0, err
    assert "piece_id" in out
    empty = tmp_path / "a b"
    _, _, err = crossgen("query", "FROM fits", "--store", empty)
    assert f"crossgen run FILE --store {shlex.quote(str(empty))}" in err
