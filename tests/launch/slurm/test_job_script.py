"""The batch script is a function of the job: golden texts, and nothing smuggled in."""

import os
import re
import subprocess
from dataclasses import fields, replace
from pathlib import Path

import pytest
from golden_scripts import GOLDEN
from hypothesis import given, settings
from hypothesis import strategies as st

from grid.refusal import Refused
from launch.slurm.job_script import job_script
from launch.slurm.slurm_job import SlurmJob, Tasks, seconds_of

SMUGGLED = [
    "; touch ran",
    "$(touch ran)",
    "`touch ran`",
    "' ; touch ran ; '",
    '"; touch ran; "',
    "\n touch ran\n",
    ")\ntouch ran\n(",
    "\n#SBATCH --comment=x",
    "${IFS}",
    "a b",
    "*",
    "\\",
    "#",
    "-x",
]
ANY = st.lists(
    st.sampled_from(SMUGGLED) | st.text(st.characters(exclude_characters="\0"), max_size=8),
    min_size=1,
    max_size=3,
).map("".join)
ANY = ANY.filter(lambda text: text and (text.isprintable() or "\n" in text))
END = "-- end of the call --"
ARRAY = SlurmJob(tasks=Tasks(total=8, count=8))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_scripts_are_as_they_were_read(path):
    assert job_script(GOLDEN[path]) == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_scripts_are_bash(path):
    subprocess.run(["bash", "-n", path], check=True)


@pytest.fixture(scope="module")
def run_script(tmp_path_factory):
    """Return a function that runs a script where `python3` and the like only note their words."""
    folder = tmp_path_factory.mktemp("script")
    programs, calls = folder / "bin", folder / "calls"
    programs.mkdir()
    for name in ("python3", "srun", "apptainer", "module", "conda", "flock"):
        program = programs / name
        program.write_text(f'#!/bin/sh\nprintf "%s\\0" {name} "$@" "{END}" >>"$CALLS"\n')
        program.chmod(0o755)

    def run(text: str) -> tuple[list[list[str]], Path]:
        calls.write_text("")
        done = subprocess.run(
            ["bash", "-c", text],
            cwd=folder,
            capture_output=True,
            env={
                "PATH": f"{programs}:{os.environ['PATH']}",
                "CALLS": str(calls),
                "SLURM_JOB_ID": f"test{os.getpid()}",
                "SLURM_JOB_NODELIST": "n1",
                "SLURM_ARRAY_JOB_ID": "7",
                "SLURM_ARRAY_TASK_ID": "3",
            },
        )
        assert done.returncode == 0, done.stdout + done.stderr
        noted = calls.read_bytes().decode("utf-8", "surrogateescape")
        return [call.split("\0")[:-1] for call in noted.split(f"{END}\0") if call], folder / "ran"

    return run


@settings(max_examples=20)
@given(words=st.lists(ANY, min_size=1, max_size=3), module=ANY, venv_or_conda=ANY)
def test_what_goes_in_as_a_name_comes_out_as_one_word(run_script, words, module, venv_or_conda):
    job = replace(ARRAY, arguments=tuple(words), modules=(module,), conda=venv_or_conda)
    calls, ran = run_script(job_script(job))
    assert not ran.exists()
    assert ["module", "load", module] in calls
    assert ["conda", "activate", venv_or_conda] in calls
    [driver] = [call for call in calls if "run" in call]
    at = driver.index("run")
    assert driver[at + 1 :] == [*words, "--no-ray", "--task", "3/8"]


@settings(max_examples=20)
@given(words=st.lists(ANY, min_size=1, max_size=2), image=ANY, mount=ANY, stage=ANY)
def test_what_a_container_is_told_comes_out_as_one_word(run_script, words, image, mount, stage):
    job = replace(ARRAY, arguments=tuple(words), container=image, mounts=(mount,), stage=(stage,))
    try:
        text = job_script(job)
    except Refused:
        assert "," in mount
        return
    calls, ran = run_script(text)
    assert not ran.exists()
    staging, driver = [call for call in calls if call[0] == "apptainer"]
    begins = ["apptainer", "exec", "--bind", "/tmp", "--bind", mount, image, "python3"]
    assert staging[: len(begins)] == driver[: len(begins)] == begins
    assert staging[-4:-1] == ["stage", stage, "--to"], staging


OF_A_LINE = ["name", "memory", "partition", "account", "qos", "constraint", "time", "logs"]


@settings(max_examples=60)
@given(field=st.sampled_from([*OF_A_LINE, "sbatch"]), value=ANY | st.just("") | st.text(max_size=6))
def test_an_sbatch_line_says_the_value_or_it_is_refused(field, value):
    given_value = (f"--{value}",) if field == "sbatch" else value
    try:
        text = job_script(SlurmJob(**{field: given_value}))
    except Refused as refused:
        said = str(refused)
    else:
        said = f"--{field}"
        assert_lines_hold_one_option_each(text)
    assert f"--{field}" in said


def assert_lines_hold_one_option_each(text):
    plain = job_script(SlurmJob())
    ours, theirs = (re.findall(r"^#SBATCH .*$", each, re.MULTILINE) for each in (text, plain))
    assert len(ours) - len(theirs) in (0, 1)
    for line in ours:
        assert re.fullmatch(r"#SBATCH --[a-z][^\s'\"\\#]*", line)


def test_what_contradicts_itself_is_refused_all_at_once():
    job = SlurmJob(
        venv="v", conda="c", mounts=("/a",), nodes=2, tasks=Tasks(total=2, count=2), time="2"
    )
    with pytest.raises(Refused) as refused:
        job_script(job)
    said = str(refused.value)
    for word in ("--venv with --conda", "--mount", "--nodes 2 with --array", "--time 2"):
        assert word in said


@pytest.mark.parametrize("field", ["container", "venv", "conda", "modules", "mounts"])
def test_what_is_empty_is_refused(field):
    value = ("",) if field in ("modules", "mounts") else ""
    with pytest.raises(Refused, match=f"--{field.removesuffix('s')} '': it is empty"):
        job_script(SlurmJob(**{field: value}))


def test_every_field_of_a_job_changes_its_script():
    """A setting that is read nowhere would be a promise that nobody keeps."""
    changed = {
        "arguments": ("f",),
        "name": "n",
        "nodes": 3,
        "gpus": 2,
        "cpus": 4,
        "memory": "1G",
        "signal_s": 60,
        "requeue": False,
        "tasks": Tasks(total=3, count=3),
        "runtime": "pyxis",
        "mounts": ("/m",),
        "modules": ("m",),
        "stage": ("s",),
        "sbatch": ("--x",),
        "time": "30",
    }
    for field in fields(SlurmJob):
        if field.name in ("venv", "conda", "modules"):
            base = SlurmJob()
        else:
            base = SlurmJob(container="i", runtime="apptainer")
        value = changed.get(field.name, "other")
        assert job_script(replace(base, **{field.name: value})) != job_script(base), field.name


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 5400),
        ("1:30", 90),
        ("2:00:00", 7200),
        ("1-0", 86400),
        ("1-2:3", 93780),
        ("1-2:3:4", 93784),
        ("0", None),
        ("soon", None),
        ("1:2:3:4", None),
    ],
)
def test_times_are_read_as_slurm_reads_them(text, seconds):
    assert seconds_of(text) == seconds
