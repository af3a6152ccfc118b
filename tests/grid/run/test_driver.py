"""The driver on a real Ray, with real kills and signals; each run is a process of its own."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from repository import ROOT

from grid.packages import packages_root
from grid.run.here import run_here
from grid.run.on_ray.driver import run_on_ray
from grid.run.on_ray.joined_cluster import ClusterUnreachable
from grid.run.on_ray.lost_worker import lost_attempt, worker_log_tail
from grid.run.on_ray.ray_home import disposable_folder
from grid.run.progress import Progress

SCENARIOS = ROOT / "tests" / "support" / "driver_scenarios.py"
STEPS = 60


def start(scenario, store, cwd, **more):
    env = {**os.environ, "PYTHONPATH": str(packages_root())}
    env.pop("RAY_ADDRESS", None)
    return subprocess.Popen(
        [sys.executable, str(SCENARIOS), scenario, str(store)], cwd=cwd, env=env, text=True, **more
    )


@pytest.fixture
def foreign_cwd(tmp_path):
    """A working directory that holds another package called data."""
    (tmp_path / "cwd" / "data").mkdir(parents=True)
    (tmp_path / "cwd" / "data" / "__init__.py").write_text("raise ImportError('not ours')\n")
    return tmp_path / "cwd"


def turns_of(store, fit_id):
    return [json.loads(line) for line in (store / f"{fit_id}.turns").read_text().splitlines()]


@pytest.mark.ray
def test_a_grid_with_everything_that_can_happen_to_a_trial(tmp_path, foreign_cwd):
    store = tmp_path / "store"
    store.mkdir()
    process = start("many", store, foreign_cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = process.communicate(timeout=400)
    assert process.returncode == 0, err
    answers = json.loads(out)  # and nothing of Ray's on stdout

    assert (
        "gpu: 3, asked by huge: it is more than any node has (cpu: 2, gpu: 2)."
        in answers["refused"]
    )

    many = answers["many"]
    narrow = [f"n{i}" for i in range(6)]
    assert set(many["done"]) == {"killed", "hungry", "broken", "wide", "child", "parent", *narrow}
    assert set(many["failed"]) == {"poison"}
    assert many["failed"]["poison"] == "error: boom (attempt 2)"
    assert many["unfinished"] == []
    assert many["exit_code"] == 1

    # Lost attempts are recorded with what the worker printed last.
    lost = dict(many["lost"])
    assert set(lost) == {"killed"}
    assert lost["killed"]["kind"] == "killed"
    assert "ended without a word, as SIGKILL ends one" in lost["killed"]["message"]
    assert "Some common causes include" in lost["killed"]["account"]
    assert lost["killed"]["pid"] == turns_of(store, "killed")[0]["pid"]
    assert "working on killed" in lost["killed"]["log_tail"]

    # A process whose GPU is broken ends; its attempt has recorded the failure itself.
    assert len({turn["pid"] for turn in turns_of(store, "broken")}) == 2

    # Shares of pretended GPUs, a larger one after running out of memory.
    assert [turn["gpu"] for turn in turns_of(store, "hungry")] == [0.25, 0.5]
    assert turns_of(store, "wide")[0]["visible"] == "0,1"
    # Of the node's memory as much as of its CPUs or, where that is more, of its GPUs.
    assert turns_of(store, "wide")[0]["of_node"] == 1.0
    assert {turn["of_node"] for turn in turns_of(store, "hungry")} == {0.5}

    assert turns_of(store, "child")[0]["parent"]
    everything = [turn for path in store.glob("*.turns") for turn in turns_of(store, path.stem)]
    assert {turn["data"] for turn in everything} == {str(packages_root() / "data/__init__.py")}
    assert {(turn["threads"], turn["malloc"]) for turn in everything} == {("1", "0")}
    assert {turn["home"] for turn in everything} == {os.environ["HOME"]}

    # Workers are reused: two slots, and a new process only after a death or a change of class.
    pids = {turn["pid"] for name in narrow for turn in turns_of(store, name)}
    assert len(pids) < len(narrow)

    full = answers["full"]
    assert full["exit_code"] == 3
    assert full["store_error"] == "no space left"
    assert full["failed"] == {}
    assert {"endless", "full"} <= set(full["unfinished"])

    assert answers["interrupted"]["stopped_by"] == "SIGUSR1"
    assert answers["interrupted"]["unfinished"] == ["long"]
    assert answers["interrupted"]["exit_code"] == 75


@pytest.mark.ray
def test_killed_then_stopped_by_a_signal_then_finished_without_ray(tmp_path, foreign_cwd):
    from driver_scenarios import step_trials, steps

    store = tmp_path / "store"
    store.mkdir()

    process = start("steps", store, foreign_cwd)
    wait_for(lambda: len(lines(store)) >= 5, process)
    process.kill()
    process.wait()
    workers = {int(line.split()[1]) for line in lines(store)}
    wait_for(lambda: not any(map(alive, workers)))  # its cluster goes with it
    assert not list(store.glob("*.checkpoint"))

    before = len(lines(store))
    process = start("steps", store, foreign_cwd, stderr=subprocess.PIPE)
    wait_for(lambda: len(lines(store)) >= before + 3, process)
    process.terminate()
    asked = time.monotonic()
    _, err = process.communicate(timeout=40)
    assert process.returncode == 75, err
    assert time.monotonic() - asked < 15
    assert "SIGTERM: stopping" in err
    assert list(store.glob("*.checkpoint")), "nobody wrote a checkpoint"

    result = run_here(
        step_trials(store, pause_s=0),
        attempt=steps,
        is_done=lambda trial: (store / trial.fit_id).exists(),
        progress=Progress(),
    )
    assert sorted(result.done) == ["s0", "s1"]
    resumed = [line for line in lines(store) if int(line.split()[1]) == os.getpid()]
    assert len(resumed) < 2 * STEPS  # it went on from the checkpoints


def lines(store):
    return [line for path in store.glob("*.steps") for line in path.read_text().splitlines()]


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_for(condition, process=None, seconds=90):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        assert process is None or process.poll() is None, "the run ended early"
        time.sleep(0.1)


def test_the_driver_refuses_to_start_where_another_data_comes_first(foreign_cwd):
    (foreign_cwd / "data" / "__init__.py").write_text("")
    code = "from grid.packages import require_own_packages as check; check()"
    path = os.pathsep.join([str(foreign_cwd), str(packages_root())])
    answer = subprocess.run(
        [sys.executable, "-c", code],
        cwd=packages_root().parent, env={**os.environ, "PYTHONPATH": path},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert answer.returncode == 1
    assert f"data would be imported from {foreign_cwd / 'data'}" in answer.stderr


def test_the_driver_module_loads_without_ray():
    code = "import sys, grid.run.on_ray.driver, grid.run.here; sys.exit('ray' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=packages_root(), check=True)


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:10001", "somewhere"])
def test_a_cluster_that_does_not_answer_is_said_at_once(monkeypatch, address):
    monkeypatch.setenv("RAY_ADDRESS", address)
    monkeypatch.delitem(sys.modules, "ray", raising=False)  # another test may have loaded it
    with pytest.raises(ClusterUnreachable, match=address):
        run_on_ray([], attempt=None, is_done=None, record_lost=None, progress=Progress())
    assert "ray" not in sys.modules


def test_what_is_said_of_a_worker_that_died_of_memory(tmp_path):
    account = tmp_path / "error.txt"
    account.write_text(
        "Failure # 1\nThe actor died.\n\tpid: 12\n\tip: 10.0.0.2\n"
        "Task was killed due to the node running low on memory."
    )
    lost = lost_attempt(account, tmp_path)
    assert (lost.kind, lost.pid, lost.host) == ("out_of_memory", 12, "10.0.0.2")
    assert "No log of worker 12 on this host" in lost.log_note


def test_what_is_said_of_an_attempt_that_raised_after_all(tmp_path):
    account = tmp_path / "error.txt"
    account.write_text("\x1b[36mray::train()\x1b[39m (pid=9, ip=10.0.0.2)\nKeyError: 'x'")
    lost = lost_attempt(account, None)
    assert (lost.kind, lost.message, lost.pid) == ("error", "KeyError: 'x'", 9)
    assert "\x1b" not in lost.account
    assert "not looked for" in lost.log_note


def test_a_worker_that_ended_because_of_its_gpu_has_recorded_it_itself(tmp_path):
    account = tmp_path / "error.txt"
    account.write_text(
        "ray::train() (pid=9, ip=10.0.0.2)\n"
        "grid.run.on_ray.driver.DeviceBroken: AcceleratorError: CUDA error: unspecified launch "
        "failure"
    )
    lost = lost_attempt(account, None)
    assert lost.kind == "device"
    assert lost.message == "AcceleratorError: CUDA error: unspecified launch failure"


def test_the_last_lines_of_a_worker(tmp_path):
    text = "".join(f"line {i}\n" for i in range(300))
    (tmp_path / "worker-abc-01000000-7.out").write_text(":job_id:01000000\n" + text)
    (tmp_path / "worker-abc-01000000-7.err").write_text("Killed\n")
    tail, note = worker_log_tail(tmp_path, 7)
    assert len(tail) == 200
    assert tail[-2:] == ["line 299", "Killed"]
    assert note == ""


def test_rays_folder_is_short_and_goes_also_after_a_kill():
    code = (
        "import os, signal; from grid.run.on_ray.ray_home import disposable_folder as d\n"
        "with d() as folder: print(folder, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run(
        [sys.executable, "-c", code],
        cwd=packages_root(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    left = Path(killed.stdout.strip())
    assert left.is_dir()
    with disposable_folder() as folder:
        assert not left.exists()
        assert len(str(folder)) < 20 or not os.access("/tmp", os.W_OK)
        with disposable_folder():  # a second run leaves the first one's alone
            assert folder.is_dir()
    assert not folder.exists()


def test_a_folder_of_somebody_else_survives_whatever_its_name_and_age():
    """`crossgen demo --folder /tmp/cg-demo` makes such a one."""
    parent = Path("/tmp" if os.access("/tmp", os.W_OK) else tempfile.gettempdir())
    foreign = Path(tempfile.mkdtemp(prefix="cg-", dir=parent))
    try:
        (foreign / "image.png").write_text("mine")
        (foreign / "lock").write_text("")
        os.utime(foreign, (0, 0))
        with disposable_folder():
            pass
        assert (foreign / "image.png").read_text() == "mine"
    finally:
        shutil.rmtree(foreign)


def test_what_an_orphan_still_wrote_goes_with_the_next_run(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("grid.run.on_ray.ray_home.shutil.rmtree", lambda *_, **__: None)
        with disposable_folder() as folder:
            (folder / "session").mkdir()
    assert (folder / "session").is_dir()
    with disposable_folder():
        assert not folder.exists()
