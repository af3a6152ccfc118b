"""Real runs on Ray for the driver's tests, in a process of their own; attempts ship by value.

python driver_scenarios.py many STORE      prints one JSON line
python driver_scenarios.py packed STORE    prints one JSON line
python driver_scenarios.py steps STORE     exits as a run does
"""

import json
import os
import signal
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from types import SimpleNamespace

from grid.run.on_ray.driver import run_on_ray
from grid.run.on_ray.ray_home import (
    TUNE_SETTINGS,
    directory,
    disposable_folder,
    environment,
    own_cluster_settings,
)
from grid.run.plain_progress import PlainProgress
from grid.run.run_options import RunOptions
from grid.run.run_result import exit_code
from grid.trial.contract import GpuNeed, Trial

STEPS = 60


def ended(state, kind="", message=""):
    return SimpleNamespace(state=state, kind=kind, message=message)


def many(spec, report, stop):
    import ray

    import data

    store, fit_id = Path(spec["store"]), spec["fit_id"]
    turns = store / f"{fit_id}.turns"
    share = ray.get_runtime_context().get_assigned_resources()
    with turns.open("a") as file:
        about = {
            "pid": os.getpid(),
            "gpu": share.get("GPU", 0.0),
            "of_node": spec["share"]["node"],
            "visible": os.environ.get("CUDA_VISIBLE_DEVICES", ""),
            "data": data.__file__,
            "threads": os.environ["OMP_NUM_THREADS"],
            "malloc": os.environ["MALLOC_MMAP_MAX_"],
            "home": os.environ["HOME"],
            "parent": (store / "parent").exists(),
        }
        file.write(json.dumps(about) + "\n")
    first = len(turns.read_text().splitlines()) == 1
    report({"phase": "train", "epoch": 1, "epochs": 2, "images_per_s": 5.0})
    print(f"working on {fit_id}", flush=True)
    if fit_id == "poison":
        return ended("failed", "error", "boom")
    if fit_id == "killed" and first:
        os.kill(os.getpid(), signal.SIGKILL)
    if fit_id == "hungry" and share["GPU"] < 0.5:
        return ended("failed", "out_of_memory", "CUDA out of memory")
    if fit_id == "broken" and first:
        return ended("failed", "device", "CUDA error: device-side assert triggered")
    if fit_id == "full":
        time.sleep(1.0)
        return ended("store", "store", "no space left")
    if fit_id in ("endless", "long"):
        for _ in range(300):
            if stop():
                return ended("stopped")
            time.sleep(0.1)
    (store / fit_id).touch()
    return ended("done")


def steps(spec, report, stop):
    store, fit_id = Path(spec["store"]), spec["fit_id"]
    checkpoint = store / f"{fit_id}.checkpoint"
    done = int(checkpoint.read_text()) if checkpoint.exists() else 0
    for step in range(done, STEPS):
        if stop():
            checkpoint.write_text(str(step))
            return ended("stopped")
        with (store / f"{fit_id}.steps").open("a") as file:
            file.write(f"{step} {os.getpid()}\n")
        report({"phase": "train", "epoch": step, "epochs": STEPS})
        time.sleep(spec["pause_s"])
    (store / fit_id).touch()
    return ended("done")


def packed(spec, report, stop):
    """Notes when it is at work, where and with what; a hungry one has too little on a quarter."""
    from detectors.loader_cpus import usable_cpus

    began = time.monotonic()
    share = spec["share"]
    if spec["memory"] > share["gpu"] * CARD:
        return ended("failed", "out_of_memory", "CUDA out of memory")
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    card = Path(spec["store"]) / f"card-{visible}-{share['gpu']}"
    with card.open("a") as file:
        file.write("x")
    while share["gpu"] == 0.25 and len(card.read_text()) < 2 and time.monotonic() < began + 90:
        time.sleep(0.05)  # a worker may take longer to start than such a trial to end
    time.sleep(spec["pause_s"])
    (Path(spec["store"]) / spec["fit_id"]).touch()
    noted = {
        "began": began,
        "ended": time.monotonic(),
        "visible": visible,
        "usable": usable_cpus(),
        **share,
    }
    with (Path(spec["store"]) / "noted").open("a") as file:
        file.write(json.dumps({"fit_id": spec["fit_id"], "memory": spec["memory"], **noted}) + "\n")
    return ended("done")


CARD = 80 * 10**9


def needing(store, fit_id, gigabytes, known=True, **more):
    """A trial that states no share: its memory is known, or comes to light."""
    memory = int(gigabytes * 10**9)
    spec = {"store": str(store), "fit_id": fit_id, "pause_s": 0.5, "memory": memory}
    need = GpuNeed(kind=fit_id.rstrip("0123456789"), memory_bytes=memory if known else None)
    return Trial(fit_id=fit_id, label=fit_id, gpu_need=need, spec=spec, **{"resources": {}, **more})


def trial(store, fit_id, gpu=0.25, **more):
    spec = {"store": str(store), "fit_id": fit_id, "pause_s": more.pop("pause_s", 0.1)}
    resources = {"cpu": 1.0, "gpu": gpu}
    return Trial(fit_id=fit_id, label=fit_id, resources=resources, spec=spec, **more)


def step_trials(store, pause_s=0.1):
    return [trial(store, f"s{i}", pause_s=pause_s) for i in range(2)]


def run(store, trials, attempt, **more):
    lost = []
    result = run_on_ray(
        trials,
        attempt=attempt,
        is_done=lambda t: (store / t.fit_id).exists(),
        record_lost=lambda t, how: lost.append([t.fit_id, vars(how)]),
        progress=PlainProgress(sys.stderr, 5.0),
        **more,
    )
    return {**vars(result), "exit_code": exit_code(result), "lost": lost}


def signal_when(begun):
    while not begun.exists():
        time.sleep(0.05)
    os.kill(os.getpid(), signal.SIGUSR1)


@contextmanager
def pretended_gpus(cpus, gpus):
    """A Ray of one node that believes to have these."""
    with disposable_folder() as folder, directory(folder):
        with environment(TUNE_SETTINGS | own_cluster_settings(folder)):
            import ray

            for left in (2, 1, 0):  # Ray gives its own node 30 s, and the machine may be loaded
                try:
                    ray.init(
                        address="local", num_cpus=cpus, num_gpus=gpus, include_dashboard=False,
                        log_to_driver=False, logging_level="ERROR", object_store_memory=100 << 20,
                        _temp_dir=str(folder),
                    )  # fmt: skip
                    break
                except Exception:
                    ray.shutdown()
                    if not left:
                        raise
        yield
        ray.shutdown()


def run_packed(store):
    with pretended_gpus(8, 2):
        answer = run(
            store,
            [
                *(needing(store, f"learned{i}", 15, False) for i in range(6)),
                *(needing(store, f"narrow{i}", 15) for i in range(4)),
                *(needing(store, f"half{i}", 35) for i in range(2)),
                *(needing(store, f"wide{i}", 70) for i in range(2)),
                *(needing(store, f"hungry{i}", 35, False, resources={"gpu": 0.25}) for i in (0, 1)),
                needing(store, "unknown", 75, False),
                needing(store, "processor", 0, resources={"gpu": 0.0}),
            ],
            packed,
            options=RunOptions(attempts=1),
            memory_of=lambda kind: 15 * 10**9 if kind == "learned" else None,
        )
    print(json.dumps(answer))


def run_many(store):
    with pretended_gpus(2, 2):
        answers = {}
        try:
            run(store, [trial(store, "huge", gpu=3)], many)
        except ValueError as error:
            answers["refused"] = str(error)
        names = ["killed", "poison", "hungry", "broken", *(f"n{i}" for i in range(6))]
        answers["many"] = run(
            store,
            [
                *(trial(store, name) for name in names),
                trial(store, "wide", gpu=2),
                trial(store, "child", waits_for="parent"),
                trial(store, "parent"),
            ],
            many,
            options=RunOptions(attempts=2),
        )
        answers["full"] = run(
            store, [trial(store, name) for name in ("endless", "full", "later")], many
        )
        interrupt = Thread(target=signal_when, args=(store / "long.turns",))
        interrupt.start()
        answers["interrupted"] = run(store, [trial(store, "long")], many)
        interrupt.join()
    print(json.dumps(answers))


if __name__ == "__main__":
    scenario, folder = sys.argv[1], Path(sys.argv[2])
    if scenario == "many":
        run_many(folder)
    elif scenario == "packed":
        run_packed(folder)
    else:
        options = RunOptions(slots=1, grace_s=20)
        answer = run(folder, step_trials(folder), steps, options=options)
        sys.exit(answer["exit_code"])
