"""The report of a large grid: seconds for its numbers, its page and findings.json, and its size.

    python tests/benchmarks/report_page.py [--detectors 12] [--generators 8] [--seeds 5]
        [--images 300] [--degradations 1] [--store FOLDER]

A synthetic store is written first (not timed; a folder that holds one is used as it is), with
every detector trained on every generator and each fit tested on all of them, undegraded, and with
--degradations 2 under JPEG too. CPU seconds are given beside wall seconds, since other work on the
machine moves these alone.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from synthetic_store import (  # noqa: E402
    SyntheticDetector,
    SyntheticGrid,
    write_synthetic_store,
)

from analysis.page.findings_json import findings_json  # noqa: E402
from analysis.page.overview import overview  # noqa: E402
from analysis.page.report import report_page  # noqa: E402
from grid.store.opening import open_store  # noqa: E402


def timed(name, work):
    """Do some work and print what it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    made = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{name:<40}{cpu:>8.1f} s of CPU{wall:>8.1f} s", flush=True)
    return made, cpu


def main():
    """Write a store and time the report of it, twice: cells computed, and kept."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    for name, default in (("detectors", 12), ("generators", 8), ("seeds", 5), ("images", 300)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--degradations", type=int, default=1, help="undegraded, and JPEG")
    parser.add_argument("--store", type=Path)
    asked = parser.parse_args()
    grid = SyntheticGrid(
        name="report",
        detectors=tuple(
            SyntheticDetector(name=f"detector{n:02d}", skill=1.5 + n / 4)
            for n in range(asked.detectors)
        ),
        generators=asked.generators,
        seeds=asked.seeds,
        images=asked.images,
        degradations=("none", "jpeg(75)")[: asked.degradations],
        formats=("JPEG", "PNG"),
    )
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(asked.store or Path(folder) / "store")
        experiment = write_synthetic_store(store, grid)
        for turn in ("cells computed", "cells kept"):
            shown, first = timed(
                f"matrices, findings ({turn})", lambda: overview(store, experiment)
            )
        page, second = timed("page", lambda: report_page(shown))
        numbers, third = timed("findings.json", lambda: findings_json(shown))
        print(f"{'all, cells kept':<40}{first + second + third:>8.1f} s of CPU")
        print(f"page {len(page.encode()) / 1e6:.1f} MB, findings.json {len(numbers) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
