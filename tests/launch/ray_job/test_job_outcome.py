"""How a job ended, of its record, its log's last line, and what Ray knows."""

from enum import Enum
from types import SimpleNamespace

import pytest

from launch.ray_job.last_line import last_line, told_exit_code
from launch.ray_job.outcome import job_outcome


class Status(Enum):
    SUCCEEDED = "SUCCEEDED"
    STOPPED = "STOPPED"
    FAILED = "FAILED"


def details(status, driver_exit_code=None, message=""):
    return SimpleNamespace(
        status=Status(status), driver_exit_code=driver_exit_code, message=message
    )


@pytest.mark.parametrize("code", [0, 1, 2, 3, 4, 75])
def test_the_last_line_tells_the_exit_code(code):
    assert told_exit_code(f"1 trial to run\n{last_line(code)}\n\n") == code


@pytest.mark.parametrize(
    "log",
    ["", "\n", "nothing\n", f"{last_line(75)}\nmore\n", f"x {last_line(3)}", f"{last_line(3)} x"],
)
def test_nothing_else_tells_one(log):
    assert told_exit_code(log) is None


@pytest.mark.parametrize(
    ("ended", "log", "record", "code"),
    [
        (details("SUCCEEDED", 0), last_line(0), None, 0),
        (details("FAILED", 75), last_line(75), None, 75),
        (details("FAILED", 3), "", None, 3),  # the last line was lost
        (details("STOPPED"), last_line(75), None, 75),
        (details("STOPPED"), last_line(0), None, 0),  # done just before the signal
        (details("STOPPED"), "killed", None, 75),
        (details("STOPPED"), "killed", 4, 4),
        (details("STOPPED"), last_line(75), 4, 4),  # the record is the better witness
        (details("SUCCEEDED"), "", None, 0),
        (details("FAILED", -9), "cut off", None, 75),
        (details("FAILED", 137), "cut off", None, 75),
        (details("FAILED", 127), "python: not found", None, 127),
        (details("FAILED", None, "runtime_env setup failed"), "", None, 1),
    ],
)
def test_how_it_ended(ended, log, record, code):
    told = None if record is None else {"exit_code": record, "total": 1}
    assert job_outcome(ended, log, told).code == code


def test_a_record_without_an_end_is_of_a_killed_run_and_tells_what_is_left():
    outcome = job_outcome(details("STOPPED"), "", {"exit_code": None, "unfinished": 3})
    assert (outcome.code, outcome.record["unfinished"]) == (75, 3)


def test_what_ray_says_is_passed_on_where_crossgen_could_not_say_it():
    outcome = job_outcome(details("FAILED", None, "runtime_env failed\nlong"), "", None)
    assert outcome.reason == "Ray says FAILED: runtime_env failed"
    assert job_outcome(details("FAILED", 1), last_line(1), None).reason == ""
