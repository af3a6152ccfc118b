"""What a trial costs on Ray when it does nothing: our driver beside the plain ways.

    python tests/benchmarks/ray_overhead.py [--trials 500] [--defaults 20]

Seconds per trial are the whole run divided by the trials, without the start of Ray (the same for
all). A trial reports once. Two slots, each way in a process and on a Ray of its own.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from grid.run.on_ray.ray_home import (
    TUNE_SETTINGS,
    directory,
    disposable_folder,
    environment,
    own_cluster_settings,
)

SLOTS = 2


def ours(trials):
    from grid.run.on_ray.driver import run_on_ray
    from grid.run.progress import Progress
    from grid.trial.contract import Trial

    def attempt(spec, report, stop):
        report({"phase": "train", "epoch": 1, "epochs": 1})
        Path(spec["store"], spec["fit_id"]).touch()
        return SimpleNamespace(state="done", kind="", message="")

    with tempfile.TemporaryDirectory() as store:
        result = run_on_ray(
            [
                Trial(fit_id=f"f{i}", label="", spec={"store": store, "fit_id": f"f{i}"})
                for i in range(trials)
            ],
            attempt=attempt,
            is_done=lambda trial: Path(store, trial.fit_id).exists(),
            record_lost=lambda trial, lost: None,
            progress=Progress(),
        )
    assert len(result.done) == trials


def one_report(config):
    from ray import tune

    tune.report({"epoch": 1})


def tune_defaults(trials):
    from ray import tune

    tune.Tuner(
        one_report,
        param_space={"i": tune.grid_search(list(range(trials)))},
        run_config=tune.RunConfig(storage_path=str(Path.cwd())),
    ).fit()


def tuned_grid_search(trials):
    from ray import tune

    with environment({"TUNE_MAX_PENDING_TRIALS_PG": "8"}):
        tune.Tuner(
            one_report,
            param_space={"i": tune.grid_search(list(range(trials)))},
            tune_config=tune.TuneConfig(reuse_actors=True, max_concurrent_trials=SLOTS),
            run_config=tune.RunConfig(storage_path=str(Path.cwd()), verbose=0),
        ).fit()


def actor_pool(trials):
    import ray
    from ray.util import ActorPool

    @ray.remote
    class Worker:
        def run(self, i):
            return i

    pool = ActorPool([Worker.remote() for _ in range(SLOTS)])
    assert len(list(pool.map_unordered(lambda a, i: a.run.remote(i), range(trials)))) == trials


WAYS = {
    "ours": (ours, TUNE_SETTINGS),
    "defaults": (tune_defaults, {"RAY_USAGE_STATS_ENABLED": "0"}),
    "tuned": (tuned_grid_search, TUNE_SETTINGS),
    "pool": (actor_pool, TUNE_SETTINGS),
}


def measure(way, trials):
    """One way, in this process: prints its seconds as the last line."""
    run, settings = WAYS[way]
    with (
        disposable_folder() as folder,
        directory(folder),
        environment({**settings, **own_cluster_settings(folder)}),
    ):
        import ray
        import ray.tune

        ray.init(
            address="local", num_cpus=SLOTS, num_gpus=0, include_dashboard=False,
            log_to_driver=False, logging_level="ERROR", object_store_memory=100 << 20,
            _temp_dir=str(folder),
        )  # fmt: skip
        began = time.perf_counter()
        run(trials)
        seconds = time.perf_counter() - began
        ray.shutdown()
    print(json.dumps(seconds))


def elsewhere(way, trials):
    done = subprocess.run(
        [sys.executable, __file__, "--way", way, "--trials", str(trials)],
        env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{way} failed:\n{done.stderr[-3000:]}")
    return float(json.loads(done.stdout.splitlines()[-1]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=500)
    parser.add_argument("--defaults", type=int, default=20, help="sample for Tune's defaults")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.way:
        measure(asked.way, asked.trials)
        return
    rows = [
        ("our driver", "ours", asked.trials),
        ("Tune's defaults", "defaults", asked.defaults),
        ("tuned grid_search", "tuned", asked.trials),
        ("bare actor pool", "pool", asked.trials),
    ]
    print(f"{'':20}{'trials':>8}{'s/trial':>10}{'x ours':>9}")
    base = None
    for name, way, trials in rows:
        each = elsewhere(way, trials) / trials
        base = base or each
        print(f"{name:20}{trials:8d}{each:10.4f}{each / base:9.2f}", flush=True)


if __name__ == "__main__":
    main()
