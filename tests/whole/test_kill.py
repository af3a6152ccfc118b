"""Kill -9 at named points and at random moments, then the same command: nothing lost or redone."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from kept_files import attempts, committed, kept
from repository import ROOT
from score_digests import digests

from grid.records.attempts import begun_fits
from grid.records.commits import read_commits
from grid.records.experiments import pieces_of
from grid.records.failures import read_failures
from grid.records.scores.score_reading import read_score_footer
from grid.records.stored_experiments import read_experiments
from grid.store.base import Store
from grid.store.opening import open_store

POINTS = [
    ("half", "checkpoint", 1),
    ("linked", "weights-", 1),
    ("link", "commits/", 1),
    ("half", "scores/", 2),
    ("rename", "checkpoint", 2),
    ("link", "scores/", 3),
    ("half", "manifests/", 1),
    ("link", "experiments/", 1),
    ("half", "weights-", 1),
    ("link", "weights-", 2),
    ("linked", "commits/", 1),
    ("half", "commits/", 1),
    ("half", "history", 1),
    ("link", "validation", 1),
    ("half", "provenance", 1),
    ("linked", "scores/", 1),
    ("half", "scores/", 1),
    ("rename", "checkpoint", 1),
    ("link", "scores/", 1),
    ("linked", "scores/", 2),
]
QUICK = POINTS[:4]
PIECES = 2 * 4 * 2  # fits x pools x degradations


@pytest.fixture
def experiment(tmp_path, make_genimage, cache) -> Path:
    make_genimage(tmp_path / "images", {"g1": 1, "g2": 2})
    file = tmp_path / "kill.yaml"
    file.write_text(
        """
schema: 1
name: kill
data: {g: {root: images}}
test: {sets: [g], degradations: [none, "jpeg(75)"]}
seeds: [0]
arms:
  - {name: a, detector: simple_cnn, simple_cnn.size: tiny, train: {each: g},
     input: {train: "random_crop(16, step=2) | hflip", test: none},
     recipe: {base: small, epochs: 3, batch_size: 8}}
"""
    )
    return file


def command(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *map(str, arguments)],
        cwd=ROOT,
        text=True,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
    )


def run_of(file: Path, store: Store) -> list[object]:
    return ["run", file, "--no-ray", "--store", store.url]


def finish(file: Path, store: Store) -> None:
    process = command("-m", "launch", *run_of(file, store))
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0, said


def survive(file: Path, store: Store, quiet: Store, points) -> tuple[dict, dict]:
    """Kill once at each point, in one store; then finish both: their digests, quiet ones last.

    Nothing that is committed is written or trained again on the way.
    """
    for how, where, n in points:
        files, begun = committed(store), attempts(store)
        process = command(
            ROOT / "tests" / "support" / "dying_crossgen.py",
            how,
            where,
            n,
            "--",
            *run_of(file, store),
        )
        said, _ = process.communicate(timeout=300)
        assert process.returncode == -signal.SIGKILL, (how, where, n, said)
        kept(files, committed(store))
        kept(begun, attempts(store))
    files, begun = committed(store), attempts(store)
    finish(file, store)
    kept(files, committed(store))
    kept(begun, attempts(store))
    finish(file, quiet)
    return digests(store), digests(quiet)


@pytest.fixture
def stores(tmp_path):
    """Return a function that opens a store of a name, on disk."""
    return lambda name: open_store(tmp_path / name)


def test_four_kills_and_the_same_command_gives_the_same_logits(experiment, stores):
    killed, quiet = survive(experiment, stores("store"), stores("quiet"), QUICK)
    assert len(killed) == PIECES
    assert killed == quiet


@pytest.mark.slow
def test_four_kills_on_s3(experiment, s3_server):
    stores = [open_store(f"s3://bucket/{name}") for name in ("killed", "quiet")]
    points = [
        ("link", "checkpoint", 1),
        ("linked", "weights-", 1),
        ("link", "commits/", 1),
        ("linked", "scores/", 2),
    ]
    killed, quiet = survive(experiment, *stores, points)
    assert len(killed) == PIECES
    assert killed == quiet


@pytest.mark.slow
def test_a_run_on_s3_is_resumed_and_analysed_from_there(experiment, s3_server, crossgen):
    store = open_store("s3://bucket/run")
    process = command(
        ROOT / "tests" / "support" / "dying_crossgen.py",
        "link",
        "scores/",
        3,
        "--",
        *run_of(experiment, store),
    )
    said, _ = process.communicate(timeout=300)
    assert process.returncode == -signal.SIGKILL, said
    files = committed(store)
    assert len([k for k in files if k.startswith("scores/")]) == 2
    finish(experiment, store)
    kept(files, committed(store))
    assert len(digests(store)) == 16
    _, out, _ = crossgen(
        "query",
        "SELECT count(*) AS n FROM cells WHERE auc IS NOT NULL",
        "--store",
        store.url,
        "--csv",
    )
    assert out.split() == ['"n"', "8"]


@pytest.mark.slow
def test_twenty_kills_at_named_points(experiment, stores):
    """Each point on a store of its own, since a later run does not reach all of them."""
    finish(experiment, stores("quiet"))
    expected = digests(stores("quiet"))
    for number, (how, where, n) in enumerate(POINTS):
        store = stores(f"store{number}")
        process = command(
            ROOT / "tests" / "support" / "dying_crossgen.py",
            how,
            where,
            n,
            "--",
            *run_of(experiment, store),
        )
        said, _ = process.communicate(timeout=300)
        assert process.returncode == -signal.SIGKILL, (how, where, n, said)
        files, begun = committed(store), attempts(store)
        finish(experiment, store)
        kept(files, committed(store))
        kept(begun, attempts(store))
        assert digests(store) == expected, (how, where, n)


@pytest.mark.slow
def test_twenty_kills_at_random_moments(experiment, stores):
    store, moments = stores("store"), np.random.default_rng(7)
    finish(experiment, stores("quiet"))
    expected = digests(stores("quiet"))
    killed = 0
    while killed < 20:
        files, begun = committed(store), attempts(store)
        process = command("-m", "launch", *run_of(experiment, store))
        time.sleep(moments.uniform(1.0, 6.0))
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            killed += 1
        said, _ = process.communicate(timeout=60)
        assert process.returncode in (0, -signal.SIGKILL), said
        kept(files, committed(store))
        kept(begun, attempts(store))
        if process.returncode == 0:  # it was quicker than the kill: begin another store
            assert digests(store) == expected
            store = stores(f"store{killed}")
    finish(experiment, store)
    assert digests(store) == expected


def test_two_processes_at_once_commit_every_piece_once(experiment, stores):
    """Twelve fits, two processes started in the same second."""
    store = stores("store")
    arguments = [
        *run_of(experiment, store),
        "--set",
        "seeds=[0, 1, 2, 3, 4, 5]",
        "--set",
        "arms.a.recipe={base: small, epochs: 1, batch_size: 8}",
    ]
    processes = [command("-m", "launch", *arguments) for _ in range(2)]
    for process in processes:
        said, _ = process.communicate(timeout=300)
        assert process.returncode == 0, said
    commits = read_commits(store)
    assert len(commits) == 12
    [experiment_record] = read_experiments(store)
    pieces = list(pieces_of(experiment_record, commits))
    assert len(pieces) == 12 * 4 * 2
    for piece in pieces:
        footer = read_score_footer(store, piece.key)
        assert (
            footer["weights_sha256"] == commits[piece.fit_id]["weights"][str(piece.epoch)]["sha256"]
        )
    for fit_id, commit in commits.items():  # what lost has discarded its part
        assert attempts(store)[fit_id] == {commit["attempt"]}


def trial_workers(driver: int) -> list[int]:
    """Pids below the driver in which Tune runs trials."""
    parents, names = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            names[int(folder.name)] = (folder / "cmdline").read_bytes().split(b"\0")[0]
            stat = (folder / "stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended meanwhile
        parents[int(folder.name)] = int(stat.rpartition(")")[2].split()[1])

    def below(pid: int) -> bool:
        while pid in parents:
            pid = parents[pid]
            if pid == driver:
                return True
        return False

    return [pid for pid, name in names.items() if name.startswith(b"ray::Implicit") and below(pid)]


@pytest.mark.slow
@pytest.mark.ray
def test_kill_9_of_a_worker_and_of_the_driver_on_ray(experiment, stores):
    """A worker's trial is tried again in the same run; a driver's run goes on with the next."""
    store, quiet = stores("store"), stores("quiet")
    arguments = ["run", experiment, "--store", store.url, "--slots", 2]
    arguments += ["--set", "arms.a.recipe={base: small, epochs: 40, batch_size: 8}"]
    changed = [a if a != store.url else quiet.url for a in arguments]

    driver = command("-m", "launch", *arguments)
    wait_for(lambda: len(begun_fits(store)) == 2, driver)  # both trials are at work
    os.kill(trial_workers(driver.pid)[0], signal.SIGKILL)
    wait_for(lambda: store.list("failures/"), driver)
    wait_for(lambda: store.list("commits/") or trial_workers(driver.pid), driver)
    os.kill(driver.pid, signal.SIGKILL)
    driver.communicate(timeout=60)
    files, begun = committed(store), attempts(store)

    last = command("-m", "launch", *arguments)
    said, _ = last.communicate(timeout=300)
    assert last.returncode == 0, said
    kept(files, committed(store))
    kept(begun, attempts(store))
    finished = command("-m", "launch", *changed, "--no-ray")
    said, _ = finished.communicate(timeout=300)
    assert finished.returncode == 0, said
    assert digests(store) == digests(quiet)
    kinds = {failure["kind"] for failure in read_failures(store)}
    assert kinds == {"killed"}


def wait_for(condition, process, seconds: float = 120):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert process.poll() is None, process.communicate()[0]
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come to that")
