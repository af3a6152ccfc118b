"""`crossgen submit ray`, `follow` and `stop` against a real cluster of one host, token and all."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import pytest
from one_host_ray import BIN, one_host_ray
from plugin_of_tests import MEAN_COLOUR
from repository import FIXTURES, ROOT
from score_digests import digests

from grid.records.commits import committed_fits, read_commits
from grid.store.opening import open_store

pytestmark = [pytest.mark.ray, pytest.mark.slow]
TRAINS_LONG = ["--", "--set", "arms.a.recipe={base: small, epochs: 60, batch_size: 8}"]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with one_host_ray(tmp_path_factory.mktemp("ray")) as running:
        yield running


@pytest.fixture
def file(tmp_path, make_genimage) -> Path:
    folder = tmp_path / "mine"
    make_genimage(folder / "images", {"g1": 1, "g2": 2}, train=16, test=6)
    shutil.copy(FIXTURES / "two.yaml", folder)
    return folder / "two.yaml"


def start(cluster, file, *words: object, command=BIN / "crossgen", **environment: str):
    """The command as a user types it, in the folder of the file."""
    return subprocess.Popen(
        [str(word) for word in (command, *words)],
        cwd=file.parent,
        env={**cluster.environment, "RAY_API_SERVER_ADDRESS": cluster.address, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def call(cluster, file, *words: object, **more) -> tuple[int, str, str]:
    process = start(cluster, file, *words, **more)
    out, err = process.communicate(timeout=300)
    return process.returncode, out, err


def submit(cluster, file, store, *words: object, **more) -> tuple[int, str, str]:
    return call(cluster, file, "submit", "ray", file.name, "--store", store, *words, **more)


def wait_for(condition, process, seconds: float = 300):
    end = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.communicate()
        if time.monotonic() > end:
            process.kill()
            raise AssertionError(f"it did not come to that: {process.communicate()}")
        time.sleep(0.2)


def job_in(text: str) -> str:
    return re.search(r"raysubmit_[\w-]+", text)[0]


def provenances(store) -> list[dict]:
    found = []
    for fit_id, commit in read_commits(store).items():
        keys = store.list(f"fits/{fit_id}/{commit['attempt']}")
        [key] = [key for key in keys if "provenance" in key]
        found.append(json.loads(store.get(key)))
    return found


def test_stopped_in_the_midst_and_submitted_again_gives_the_same_logits(cluster, file, tmp_path):
    store, quiet = open_store(tmp_path / "store"), open_store(tmp_path / "quiet")
    follower = start(cluster, file, "submit", "ray", file.name, "--store", store.url, *TRAINS_LONG)
    wait_for(lambda: len([k for k in store.list("fits/") if "checkpoint" in k]) == 2, follower)
    follower.send_signal(signal.SIGINT)  # Ctrl-C of who follows
    _, err = follower.communicate(timeout=60)
    assert follower.returncode == 130, err
    assert "the job goes on" in err
    job = job_in(err)
    assert f"crossgen stop {job} --address {cluster.address}" in err

    code, _, err = call(cluster, file, "stop", job)
    assert code == 0, err
    assert f"{job}: unfinished; 0 of 2 trials done, 0 failed, 2 left" in err
    code, out, err = call(cluster, file, "follow", job)
    assert code == 75, err
    assert "SIGINT: stopping; trials write their checkpoints" in out
    assert "submit ray two.yaml" in out  # what goes on, as the user typed it
    assert not committed_fits(store)

    code, out, err = submit(cluster, file, store.url, *TRAINS_LONG)
    assert code == 0, out + err
    for told in provenances(store):  # each went on from the checkpoint of the job before
        assert len(told["attempts"]) == 2, told["attempts"]
    here = [sys.executable, "-m", "launch", "run", str(file), "--no-ray", "--store", quiet.url]
    done = subprocess.run(
        [*here, *TRAINS_LONG[1:]],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    assert digests(store) == digests(quiet)
    assert len(digests(store)) > 0


def test_a_second_job_of_the_same_is_said(cluster, file, tmp_path):
    store = tmp_path / "store"
    _, _, first = submit(cluster, file, store, "--no-wait", *TRAINS_LONG)
    code, _, second = submit(cluster, file, store, "--no-wait", *TRAINS_LONG)
    assert code == 0
    assert f"{job_in(first)} at {cluster.address} runs the same experiment" in second
    submitted = re.search(r"submitted (\S+)", second)[1]
    for job in (job_in(first), submitted):
        assert call(cluster, file, "stop", job)[0] == 0
    _, _, other = submit(cluster, file, tmp_path / "other", "--no-wait", *TRAINS_LONG)
    assert "runs the same" not in other
    assert call(cluster, file, "stop", job_in(other))[0] == 0


def test_a_trial_that_fails_ends_with_1_and_its_plug_in_has_travelled(cluster, file, tmp_path):
    elsewhere = tmp_path / "plugins"
    elsewhere.mkdir()
    poison = MEAN_COLOUR.replace("features_BC =", "raise ValueError('poison')\n            f =")
    (elsewhere / "mine.py").write_text(poison)
    text = file.read_text().replace("    simple_cnn.size: tiny\n", "")
    text = text.replace("simple_cnn", "mine") + "plugins: [../plugins/mine.py]\n"
    file.write_text(text)
    code, out, err = submit(cluster, file, tmp_path / "store", "--", "--attempts", 1)
    assert code == 1, out + err
    assert "poison" in out
    assert "something failed; 0 of 2 trials done, 2 failed" in err


def test_a_store_that_takes_nothing_ends_with_3(cluster, file):
    code, out, err = submit(cluster, file, "/proc/nothing/here")
    assert code == 3, out + err
    assert "the store failed" in err


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"RAY_AUTH_TOKEN_PATH": "{wrong}"}, "it does not accept the token that was sent"),
        ({"RAY_AUTH_MODE": "disabled"}, "it wants a token"),
        ({"RAY_AUTH_TOKEN_PATH": "/not/there"}, "RAY_AUTH_TOKEN_PATH=/not/there: it cannot be"),
        ({"RAY_API_SERVER_ADDRESS": "127.0.0.1:9"}, "it does not answer"),
    ],
)
def test_a_cluster_that_is_not_reached_is_refused_in_words(
    cluster, file, tmp_path, environment, said
):
    wrong = tmp_path / "wrong-token"
    wrong.write_text("no-such-token")
    given = {name: value.format(wrong=wrong) for name, value in environment.items()}
    code, out, err = submit(cluster, file, tmp_path / "store", **given)
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


def test_a_job_that_is_none_is_refused(cluster, file):
    for command in ("stop", "follow"):
        code, _, err = call(cluster, file, command, "raysubmit_not_there")
        assert code == 2
        assert "knows none of this name" in err


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """A command `crossgen` that is installed from a wheel; packages are from here."""
    folder = tmp_path_factory.mktemp("installed")
    uv = BIN / "uv" if (BIN / "uv").exists() else shutil.which("uv")
    if uv is None:
        pytest.skip("uv, which builds the wheel, is not installed")
    built = subprocess.run(
        [uv, "build", "--wheel", "-o", folder / "dist", ROOT], capture_output=True, text=True
    )
    if built.returncode:
        pytest.skip(f"the wheel cannot be built here: {built.stderr.splitlines()[-1]}")
    [wheel] = (folder / "dist").glob("*.whl")
    subprocess.run([uv, "venv", "-q", "-p", sys.executable, folder / "venv"], check=True)
    python = folder / "venv" / "bin" / "python"
    subprocess.run([uv, "pip", "install", "-q", "--no-deps", "-p", python, wheel], check=True)
    [site] = (folder / "venv" / "lib").glob("python*/site-packages")
    # Files ending in .pth count in site-packages alone, so this environment's editable crossgen
    # stays out.
    (site / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "venv" / "bin" / "crossgen"


def test_an_installed_package_submits_itself(cluster, file, tmp_path, installed):
    store = open_store(tmp_path / "store")
    code, out, err = submit(cluster, file, store.url, command=installed)
    assert code == 0, out + err
    made = provenances(store)
    assert len(made) == 2
    assert {each["code"] for each in made} == {"0.1.0"}  # this checkout's would be a commit
