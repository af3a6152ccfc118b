"""A 4 x 4 NPR grid through `crossgen run` on Ray, against a loop that keeps nothing.

    python tests/benchmarks/against_tight_loop.py [--data FOLDER] [--rounds N]

Both sides train NPR on sngan, dcgan, glow and vae (32 px, 5 epochs, batch 32, one thread per
process, two processes), validate after each epoch and test on all four. The loop holds decoded
uint8 images in memory and writes nothing; crossgen reads, checks, checkpoints, commits and scores
into Parquet. Start-up is everything before the first training begins. Rounds alternate the sides;
the best of each is compared, since other work on a machine only adds.

With --slots it measures instead which share of the slots' time lies inside trials, in a run of 64
small fits.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GENERATORS = ("sngan", "dcgan", "glow", "vae")
EPOCHS, BATCH = 5, 32
EXPERIMENT = """
schema: 1
name: tight
data: {{cifar: {{root: "{data}"}}}}
test: {{sets: [{sets}]}}
seeds: [{seeds}]
arms:
  - name: npr
    detector: {detector}
    train: [{train}]
    input: {{train: hflip, test: none}}
    recipe: {{base: small, epochs: {epochs}, batch_size: 32}}
"""


def write_experiment(folder: Path, data: Path, *, detector="npr", seeds="0", epochs=EPOCHS) -> Path:
    file = folder / "tight.yaml"
    file.write_text(
        EXPERIMENT.format(
            data=data,
            detector=detector,
            seeds=seeds,
            epochs=epochs,
            sets=", ".join(f"cifar/{g}" for g in GENERATORS),
            train=", ".join(f"{{sets: [cifar/{g}]}}" for g in GENERATORS),
        )
    )
    return file


def environment(folder: Path) -> dict[str, str]:
    home = folder / "home"
    home.mkdir(exist_ok=True)
    (home / "ray_bootstrap_config.yaml").write_text("{}\n")
    return {
        **os.environ,
        "HOME": str(home),
        "RAY_USAGE_STATS_ENABLED": "0",
        "OMP_NUM_THREADS": "1",
        "CROSSGEN_CACHE": str(folder / "cache"),
    }


def crossgen_seconds(data: Path) -> tuple[float, float]:
    """(wall seconds of the whole command, of it before the first training began)."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = write_experiment(folder, data)
        began, clock = time.time(), time.perf_counter()
        subprocess.run(
            [
                sys.executable,
                "-m",
                "launch",
                "run",
                file,
                "--store",
                folder / "store",
                "--slots",
                "2",
            ],
            cwd=ROOT,
            env=environment(folder),
            check=True,
            stderr=subprocess.DEVNULL,
        )
        total = time.perf_counter() - clock
        starts = [
            datetime.fromisoformat(json.loads(path.read_text())["started"]).timestamp()
            for path in (folder / "store" / "fits").glob("*/*/provenance.json")
        ]
        assert len(starts) == len(GENERATORS)
        return total, min(starts) - began


def loop_seconds(data: Path) -> tuple[float, float]:
    """The same of two processes of the hand-written loop, started together."""
    with tempfile.TemporaryDirectory() as name:
        began, clock = time.time(), time.perf_counter()
        processes = [
            subprocess.Popen(
                [sys.executable, __file__, "--loop", ",".join(part), "--data", data],
                cwd=ROOT,
                env=environment(Path(name)),
                stdout=subprocess.PIPE,
                text=True,
            )
            for part in (GENERATORS[:2], GENERATORS[2:])
        ]
        starts = [float(process.communicate()[0].split()[0]) for process in processes]
        assert not any(process.returncode for process in processes)
        return time.perf_counter() - clock, min(starts) - began


def tight_loop(data: Path, train_on: list[str]) -> None:
    """Decode once, train, validate, test; print when the first training began."""
    import numpy as np
    import torch
    from PIL import Image
    from torch.nn import functional

    sys.path.insert(0, str(ROOT))
    from detectors.contract import build

    torch.set_num_threads(1)

    def load(generator: str, split: str) -> tuple[torch.Tensor, torch.Tensor]:
        pixels, labels = [], []
        for label, name in enumerate(("nature", "ai")):
            for path in sorted((data / generator / split / name).iterdir()):
                pixels.append(np.asarray(Image.open(path).convert("RGB")))
                labels.append(label)
        images = torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2)
        return images.contiguous(memory_format=torch.channels_last), torch.tensor(labels).float()

    tests = [load(generator, "val") for generator in GENERATORS]
    first = None
    for generator in train_on:
        images, labels = load(generator, "train")
        order = torch.randperm(len(images))
        cut = len(images) // 10
        held, kept = order[:cut], order[cut:]
        network = build("npr", seed=0).to(memory_format=torch.channels_last)
        optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=1e-2)
        steps = EPOCHS * -(-len(kept) // BATCH)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-3, steps, pct_start=0.2)
        first = first or time.time()
        for _ in range(EPOCHS):
            network.train()
            for rows in kept[torch.randperm(len(kept))].split(BATCH):
                batch = images[rows]
                flip = torch.rand(len(batch)) < 0.5
                batch = torch.where(flip[:, None, None, None], batch.flip(3), batch).float() / 255
                loss = functional.binary_cross_entropy_with_logits(network(batch), labels[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
            score(network, images[held])
        for pixels, _ in tests:
            score(network, pixels)
    print(first)


def score(network, images) -> None:
    import torch

    network.eval()
    with torch.inference_mode():
        for batch in images.split(64):
            network(batch.float() / 255)


def share_of_slots(data: Path) -> None:
    """Sixty-four small fits on two slots: which part of the slots' time was inside trials."""
    sys.path.insert(0, str(ROOT))
    from functools import partial

    from grid.experiment_file.loading import load_experiment
    from grid.plan.plan import is_done, make_plan, make_trials, prepare
    from grid.run.on_ray.driver import run_on_ray
    from grid.run.run_options import RunOptions
    from grid.store.opening import open_store
    from grid.trial.attempt import record_lost

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ.update(environment(folder))
        seeds = ", ".join(map(str, range(16)))
        file = write_experiment(
            folder, data, detector="simple_cnn\n    simple_cnn.size: tiny", seeds=seeds, epochs=8
        )
        store = open_store(folder / "store")
        expansion = prepare(load_experiment(file), cache_dir=folder / "cache")
        trials = make_trials(make_plan(expansion, store), store)
        log = folder / "times"
        log.mkdir()
        result = run_on_ray(
            trials,
            attempt=partial(timed_attempt, str(log)),
            is_done=partial(is_done, store),
            record_lost=partial(record_lost, store),
            options=RunOptions(slots=2),
        )
        assert len(result.done) == 64
        times = [tuple(map(float, path.read_text().split())) for path in log.iterdir()]
    began, ended = min(t[0] for t in times), max(t[1] for t in times)
    inside = sum(t[1] - t[0] for t in times)
    print(f"64 fits, 2 slots: {ended - began:.1f} s from the first trial's start to the last's end")
    print(f"inside trials: {inside / (2 * (ended - began)):.1%} of the slots' time")


def timed_attempt(log, spec, report, stop):
    """An attempt that also notes when it began and ended."""
    import time
    from pathlib import Path

    from grid.trial.attempt import attempt_trial

    began = time.time()
    outcome = attempt_trial(spec, report, stop)
    (Path(log) / spec["fit_id"]).write_text(f"{began} {time.time()}")
    return outcome


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    shared = Path(os.environ.get("CROSSGEN_SHARED", ROOT.parent / "shared"))
    parser.add_argument("--data", type=Path, default=shared / "data" / "cifar-generators")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--slots", action="store_true")
    parser.add_argument("--loop", default="")
    given = parser.parse_args()
    if given.loop:
        tight_loop(given.data, given.loop.split(","))
        return
    if given.slots:
        share_of_slots(given.data)
        return
    sides = {"tight loop": loop_seconds, "crossgen run": crossgen_seconds}
    best: dict[str, tuple[float, float]] = {}
    for _ in range(given.rounds):
        for side, measure in sides.items():
            total, start = measure(given.data)
            print(f"{side:14s} {total:6.1f} s, of it start-up {start:5.1f} s", flush=True)
            best[side] = min(best.get(side, (1e9, 0.0)), (total, start))
    (loop, loop_start), (ours, our_start) = best["tight loop"], best["crossgen run"]
    beyond = (ours - our_start) / (loop - loop_start)
    print(f"whole: {ours / loop:.2f}x; beyond start-up: {beyond:.2f}x")


if __name__ == "__main__":
    main()
