"""What all cells of a store cost: metrics with intervals, beside reading and sorting the scores.

    python tests/benchmarks/cells_at_scale.py [--whole] [--store FOLDER]

Each side runs in a process of its own, so that its memory is its own; printed are seconds of the
clock, seconds of CPU and the peak of memory. A store of a fifth of the rows stands beside the
other: what is held does not grow with rows. `--whole` makes 50 million scores (about 200 MB, some
minutes); `--store` keeps the stores in a folder and takes those that are there.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from synthetic_store import SyntheticDetector, SyntheticGrid, write_synthetic_store

from analysis.measuring.cell_cache import COUNTS_KEY
from analysis.selecting.selection import StoreSelection
from analysis.sql.query import query
from grid.records.scores.score_reading import read_scores
from grid.store.opening import open_store

FOLDER = COUNTS_KEY.removesuffix("counts.parquet")
DETECTORS = (SyntheticDetector(name="npr"), SyntheticDetector(name="simple_cnn", skill=2.0))


def grid(seeds: int) -> SyntheticGrid:
    return SyntheticGrid(
        detectors=DETECTORS,
        generators=13,
        trained=8,
        seeds=seeds,
        images=12_000,
        degradations=("none", "jpeg(75)"),
    )


def read_and_sort(store) -> int:
    """The least that any metric of order costs: every score proved, decoded, sorted."""
    selection = StoreSelection(store)
    pieces = selection.committed
    for piece in pieces:
        logits = read_scores(store, piece, selection.commits[piece.fit_id])["logit"].to_numpy()
        np.sort(logits)
    return len(pieces)


def measure_all(store) -> int:
    for key in store.list(FOLDER):
        store.delete(key)
    return query(store, "SELECT * FROM cells").num_rows


def ask_again(store) -> int:
    return query(store, "SELECT * FROM cells").num_rows


def ask_for_one(store) -> int:
    sql = "SELECT train, auc, auc_low, auc_high FROM cells WHERE detector = 'npr' AND seed = 0"
    return query(store, sql).num_rows


SIDES = {
    "reading, sorting": read_and_sort,
    "all cells, computed": measure_all,
    "all cells, kept": ask_again,
    "one metric, kept": ask_for_one,
}


def run_side(name: str, folder: Path) -> None:
    started = time.perf_counter()
    rows = SIDES[name](open_store(folder))
    seconds = time.perf_counter() - started
    print(f"{rows} {seconds}")


def compare(folder: Path, title: str) -> None:
    for name in SIDES:
        command = [sys.executable, __file__, "--side", name, "--store", str(folder)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        said = process.stdout.read() if process.stdout else ""
        _, status, used = os.wait4(process.pid, 0)
        if status:
            raise SystemExit(f"{name}: it ended with {status}")
        rows, seconds = said.split()
        cpu = used.ru_utime + used.ru_stime
        peak = used.ru_maxrss / 1024
        print(
            f"{title:12s} {name:22s} {int(rows):7,d} {float(seconds):8.1f} {cpu:8.1f} {peak:8.0f}",
            flush=True,
        )


def main(folder: Path, whole: bool) -> None:
    print(f"{'scores':12s} {'':22s} {'rows':>7s} {'clock s':>8s} {'CPU s':>8s} {'peak MB':>8s}")
    for seeds in (1, 5) if whole else (1, 2):
        stored = grid(seeds)
        place = folder / f"seeds{seeds}"
        experiment = write_synthetic_store(open_store(place), stored)
        scores = len(experiment["fits"]) * len(experiment["pools"]) * 2 * stored.images
        compare(place, f"{scores / 1e6:.1f} million")


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--whole", action="store_true")
    arguments.add_argument("--store", type=Path)
    arguments.add_argument("--side", choices=list(SIDES))
    given = arguments.parse_args()
    if given.side:
        run_side(given.side, given.store)
    elif given.store:
        main(given.store, given.whole)
    else:
        with tempfile.TemporaryDirectory() as made:
            main(Path(made), given.whole)
