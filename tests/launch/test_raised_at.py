"""Which line of a traceback is said to be where a trial failed."""

import importlib.util

import pytest

from grid.packages import packages_root
from grid.records.failures import read_failures
from grid.store.opening import open_store
from grid.trial.attempt import attempt_trial
from launch.raised_at import raised_at

ROOT = packages_root()
USERS = """import json
def forward(text):
    return json.loads(text)  # mine
"""


@pytest.fixture
def traceback_of(tmp_path, monkeypatch):
    """Return a function that fails a trial by another function and returns what is recorded."""

    def fail(run_trial):
        monkeypatch.setattr("grid.trial.attempt.run_trial", run_trial)
        attempt_trial({"store": str(tmp_path), "fit_id": "x"}, lambda _: None, lambda: False)
        return read_failures(open_store(tmp_path))[-1]["traceback"]

    return fail


@pytest.fixture
def users(tmp_path):
    """A module of the user's, outside of crossgen."""
    file = tmp_path / "mine.py"
    file.write_text(USERS)
    spec = importlib.util.spec_from_file_location("mine", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_line_is_the_users_and_not_that_of_a_library_it_calls(traceback_of, users):
    line = raised_at(traceback_of(lambda *_: users.forward("{")))
    assert (line.file, line.number, line.function) == (users.__file__, 3, "forward")
    assert str(line) == f"{users.__file__}:3 in forward: return json.loads(text)  # mine"


def test_the_users_line_is_found_below_a_cause(traceback_of, users):
    text = traceback_of(lambda *_: users.forward("{"))
    outer = text.replace("mine.py", "site-packages/mine.py")
    cause = "\nThe above exception was the direct cause of the following exception:\n\n"
    assert raised_at(text + cause + _of_crossgen()).file == users.__file__
    assert "site-packages" not in str(raised_at(outer + cause + _of_crossgen()))


def _of_crossgen(root=ROOT, inner="grid/trial/fit/fitting.py"):
    return (
        "Traceback (most recent call last):\n"
        f'  File "{root}/grid/trial/attempt.py", line 66, in attempt_trial\n'
        "    done = run_trial(spec, attempt, report, stop)\n"
        f'  File "{root}/{inner}", line 8, in fit\n    train()\n    ^^^^^^^\n'
        '  File "/venv/lib/python3.11/site-packages/torch/nn.py", line 9, in forward\n'
        "    return self._call(x)\n"
        '  File "/usr/lib/python3.11/json/decoder.py", line 1, in decode\n'
        "    x\nValueError: x\n"
    )


@pytest.mark.parametrize("root", ["/elsewhere/crossgen", "/opt/lib/python3.12/site-packages"])
def test_else_it_is_crossgens_wherever_that_lay_on_the_host(root):
    line = raised_at(_of_crossgen(root))
    assert (line.file, line.number, line.source) == (
        f"{root}/grid/trial/fit/fitting.py",
        8,
        "train()",
    )


def test_a_file_beside_crossgens_packages_is_the_users():
    assert raised_at(_of_crossgen("/repo", "mine/data/net.py")).file == "/repo/mine/data/net.py"
    assert raised_at(_of_crossgen("/repo", "detectors/zoo/net.py")).file.endswith("zoo/net.py")


def test_a_module_that_cannot_be_read_has_a_line_without_a_function():
    text = (
        _of_crossgen() + '  File "/home/me/net.py", line 3\n    def f(:\n          ^\nSyntaxError'
    )
    assert str(raised_at(text)) == "/home/me/net.py:3: def f(:"


def test_what_has_no_frames_has_no_line():
    assert raised_at("") is None
    assert raised_at("The actor died unexpectedly before finishing this task.") is None
