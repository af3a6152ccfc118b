"""Seconds until a command answers: a `run` with nothing to do, a `plan` for 10,000 cells.

    python tests/benchmarks/startup.py [REPEATS]

Beside them, in the same run, a bare interpreter and what the field's scripts import before they
do anything. Numbers are the best of REPEATS, since other work on the machine only adds.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import yaml
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]


def main(repeats: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file, large = write_experiments(folder)
        crossgen = [sys.executable, "-m", "launch"]
        store = ["--store", str(folder / "store")]
        subprocess.run([*crossgen, "run", file, *store, "--no-ray"], cwd=ROOT, check=True)
        rows = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "import torch, torchvision, ray.tune": [
                sys.executable,
                "-c",
                "import torch, torchvision, ray.tune",
            ],
            "crossgen --help": [*crossgen, "--help"],
            "crossgen run, nothing to do": [*crossgen, "run", str(file), *store],
            "crossgen plan, 10,000 cells": [*crossgen, "plan", str(large), *store],
        }
        print(f"{'command':40s} {'wall s':>8s} {'CPU s':>8s}")
        for label, command in rows.items():
            wall, cpu = best(command, repeats)
            print(f"{label:40s} {wall:8.2f} {cpu:8.2f}")


def best(command: list[str], repeats: int) -> tuple[float, float]:
    """Smallest wall and CPU seconds of some runs."""
    walls, cpus = [], []
    for _ in range(repeats):
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        assert status == 0, command
        walls.append(time.perf_counter() - started)
        cpus.append(usage.ru_utime + usage.ru_stime)
    return min(walls), min(cpus)


def write_experiments(folder: Path) -> tuple[Path, Path]:
    """Two generators of 4 + 2 images per class, one trained fit each; and 10,000 cells of them."""
    rng = np.random.default_rng(0)
    for generator in ("g1", "g2"):
        for split, count in (("train", 16), ("val", 4)):
            for label in ("ai", "nature"):
                place = folder / "images" / generator / split / label
                place.mkdir(parents=True)
                for i in range(count):
                    pixels = rng.integers(0, 255, (16, 16, 3), dtype=np.uint8)
                    Image.fromarray(pixels).save(place / f"{i}.png")
    text = (ROOT / "tests" / "fixtures" / "two.yaml").read_text()
    small, large = folder / "two.yaml", folder / "large.yaml"
    small.write_text(text)
    raw = yaml.safe_load(text)
    raw["seeds"] = list(range(25))
    raw["test"]["degradations"] = [f"jpeg({quality})" for quality in range(1, 101)]
    large.write_text(yaml.safe_dump(raw))
    return small, large


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
