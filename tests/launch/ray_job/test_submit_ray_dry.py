"""`crossgen submit ray --dry-run` and what is refused before any cluster is asked."""

import json
import os
import subprocess
import sys

import pytest
from repository import ROOT

from launch.desk import open_desk
from launch.submitted import VARIABLE, Submitted


def test_a_dry_run_says_what_would_be_submitted(finished_run, crossgen, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "do not print")
    code, out, err = crossgen(
        *("submit", "ray", finished_run.file, "--store", "/shared/r", "--dry-run"),
        *("--env", "SECRET_*", "--packages", "lock", "--", "--only", "seed=0"),
    )
    assert (code, out) == (0, "")
    assert "run experiment/two.yaml --store /shared/r --only seed=0" in err
    assert "uploads    crossgen and two.yaml (" in err
    assert "variables  SECRET_KEY" in err
    assert "do not print" not in err
    assert "installs   " in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "without --store, the store 'runs': it is relative"),
        (("--store", "results"), "--store 'results': it is relative"),
        (("--store", "/s", "--", "--no-ray"), "--no-ray: a job is there to run on Ray"),
        (("--store", "/s", "--", "--task", "0/2"), "--task: it is for jobs beside each other"),
        (("--store", "/s", "--", "--smoke"), "run FILE --smoke"),
        (("--store", "/s", "--", "--store", "/t"), "Give it before --"),
        (("--store", "/s", "--", "--onyl", "a=b"), "--only"),
        (("--store", "/s", "--env", "NOT_SET_ANYWHERE"), "no variable of this name is set"),
        (("--store", "/s", "--", "--only", "seed=9"), "seed"),  # by the plan: its images are here
        (("--store", "/s", "--image", "i", "--packages", "lock"), "installs nothing into an image"),
        (("--store", "/s", "--address", "ray://head:10001"), "no address of a dashboard"),
    ],
)
def test_what_is_refused_at_once(finished_run, crossgen, words, said):
    code, _, err = crossgen("submit", "ray", finished_run.file, *words)
    assert code == 2
    assert said in err


def test_the_plans_refusals_are_the_jobs_to_say_where_it_is_asked(finished_run, crossgen):
    given = ("submit", "ray", finished_run.file, "--store", "/s", "--dry-run")
    assert crossgen(*given, "--no-check", "--", "--only", "seed=9")[0] == 0


def test_the_store_of_the_file_and_of_the_environment(own_run, crossgen, monkeypatch):
    monkeypatch.setenv("CROSSGEN_STORE", "s3://bucket/x")
    _, _, err = crossgen("submit", "ray", own_run.file, "--dry-run")
    assert "--store s3://bucket/x" in err
    own_run.file.write_text("store: '${RESULTS}/a'\n" + own_run.file.read_text())
    code, _, err = crossgen("submit", "ray", own_run.file, "--dry-run")
    assert code == 0
    assert "--store" not in err.split("variables")[0]  # only the cluster knows it
    assert "RESULTS: the file uses what is not set here" in err
    monkeypatch.setenv("RESULTS", "/shared")
    _, _, err = crossgen("submit", "ray", own_run.file, "--dry-run")
    assert "--store /shared/a" in err
    assert "variables  RESULTS" in err
    _, _, err = crossgen("submit", "ray", own_run.file, "--dry-run", "--env", "RESULTS=/other")
    assert "--store /other/a" in err


def test_a_job_names_the_users_file_and_command(own_run, tmp_path, monkeypatch):
    """As a job reads it: a copy in the upload's folder. Hints must be what the user can type."""
    (tmp_path / "experiment").mkdir()
    copy = tmp_path / "experiment" / "two.yaml"
    copy.write_text(own_run.file.read_text())
    root = {"g": {"root": str(own_run.folder / "images")}}
    told = Submitted(command="x", file="mine.yaml", places=(("data", json.dumps(root)),))
    monkeypatch.setenv(VARIABLE, told.as_text())
    desk = open_desk(copy, store=str(own_run.store), changes=[("seeds", "[0]")])
    assert not desk.plan.missing  # the images are found, though `root: images` is not there
    said = desk.given.command("status")
    assert said == f"crossgen status mine.yaml --store {own_run.store} --set 'seeds=[0]'"


@pytest.mark.parametrize(("words", "code"), [(("--version",), 0), (("run", "/not/there"), 2)])
def test_a_jobs_last_line_is_its_exit_code(words, code, tmp_path):
    told = Submitted(command="crossgen submit ray mine.yaml", file="mine.yaml")
    done = subprocess.run(
        [sys.executable, "-m", "launch.ray_job.entry", *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), VARIABLE: told.as_text()},
    )
    assert done.returncode == code, done.stderr
    assert done.stdout.splitlines()[-1] == f"crossgen ended with exit code {code}"


def test_a_dry_run_loads_no_ray(finished_run):
    words = ["submit", "ray", str(finished_run.file), "--store", "/s", "--dry-run"]
    code = (
        f"import sys; from launch.cli import cli; from launch.invocation import Invocation\n"
        f"try: cli.main({words!r}, obj=Invocation('x'))\nexcept SystemExit: pass\n"
        "print(*{m.split('.')[0] for m in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not set(done.stdout.split()) & {"torch", "ray"}
