"""What it costs that files prove themselves: the same questions with and without the proof.

    python tests/benchmarks/proof_cost.py [--whole] [REPEATS]

Both sides run in one process, one after the other, on the same made-up stores: many small score
files, and few large ones, each as pieces and compacted. Without the proof the checksum is not
taken, and SQL reads the files by Arrow alone. `--whole` makes 30,720 pieces and 50 million scores.
"""

import argparse
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import pyarrow.dataset as ds

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from synthetic_store import SyntheticDetector, SyntheticGrid, write_synthetic_store

from analysis.measuring.cell_cache import COUNTS_KEY
from analysis.sql.proven_dataset import ProvenDataset
from analysis.sql.query import query
from grid.records.proven import json_records, parquet_files
from grid.records.scores.compacted import compact
from grid.store.opening import open_store

FOLDER = COUNTS_KEY.removesuffix("counts.parquet")

DETECTORS = (
    SyntheticDetector(name="npr"),
    SyntheticDetector(name="simple_cnn", skill=2.0),
)
POINT = "SELECT avg(logit) FROM scores WHERE fit_id = '{fit_id}' AND pool_id = '{pool_id}'"
ALL = "SELECT fit_id, piece_id, avg(((logit > 0) = (label = 1))::INT) FROM scores GROUP BY ALL"


def grids(whole: bool) -> dict[str, SyntheticGrid]:
    degradations = tuple(f"jpeg({quality})" for quality in (60, 70, 80, 90))
    return {
        "small": SyntheticGrid(
            detectors=DETECTORS,
            generators=8,
            seeds=30 if whole else 3,
            images=200,
            degradations=degradations,
        ),
        "large": SyntheticGrid(
            detectors=DETECTORS,
            generators=13,
            trained=8,
            seeds=5 if whole else 1,
            images=12_000,
            degradations=degradations[:2],
        ),
    }


@contextmanager
def without_proof():
    """Take every file as it is."""
    kept = parquet_files.is_proven, json_records.is_proven, ProvenDataset.scanner
    parquet_files.is_proven = json_records.is_proven = lambda *_: True
    ProvenDataset.scanner = ds.FileSystemDataset.scanner
    try:
        yield
    finally:
        parquet_files.is_proven, json_records.is_proven, ProvenDataset.scanner = kept


def seconds(question, repeats):
    best = float("inf")
    for _ in range(repeats):
        started = time.perf_counter()
        question()
        best = min(best, time.perf_counter() - started)
    return best


def compare(label, question, repeats):
    """Best of some, each side in turn, since other work on the machine only adds."""
    question()  # files into the page cache, modules loaded
    proved = bare = float("inf")
    for _ in range(repeats):
        with without_proof():
            bare = min(bare, seconds(question, 1))
        proved = min(proved, seconds(question, 1))
    print(f"{label:58s} {bare:9.3f} {proved:9.3f} {proved / bare:6.2f}", flush=True)


def main(whole: bool, repeats: int) -> None:
    print(f"{'':58s} {'without s':>9s} {'proved s':>9s} {'ratio':>6s}")
    with tempfile.TemporaryDirectory() as folder:
        for name, grid in grids(whole).items():
            store = open_store(Path(folder) / name)
            experiment = write_synthetic_store(store, grid)
            count = len(store.list("scores/"))
            what = f"{count:,} pieces of {grid.images:,}"
            names = {
                "fit_id": experiment["fits"][0]["fit_id"],
                "pool_id": experiment["pools"][0]["pool_id"],
            }

            def from_scratch(store=store):
                for key in store.list(FOLDER):
                    store.delete(key)
                query(store, "SELECT count(*) FROM cells")

            compare(f"{what}: every cell, computed", from_scratch, repeats)
            for state in ("", ", compacted"):
                if state:
                    compact(store)
                for label, sql in {"one pool of one fit": POINT, "all, from `scores`": ALL}.items():
                    asked = sql.format(**names)
                    compare(
                        f"{what}{state}: {label}",
                        lambda store=store, asked=asked: query(store, asked),
                        repeats,
                    )


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--whole", action="store_true")
    arguments.add_argument("repeats", nargs="?", type=int, default=3)
    given = arguments.parse_args()
    main(given.whole, given.repeats)
