"""How much memory an export of scores takes: of a store, and of one with ten times its rows.

    python tests/benchmarks/export_memory.py [--seeds 2] [--images 5000]

Each export is a process of its own; its peak resident memory and seconds, imports included, and the
rows and bytes of the file. Beside it the same rows by `analysis.load`, which holds all of them.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]


def measure(how: str, store: str, file: str) -> None:
    began = time.perf_counter()
    if how == "frame":
        from analysis import load

        rows = len(load(store).scores())
    else:
        from launch.export_command import export_results

        export_results(None, Path(file), scores=True, overwrite=True, store=store)
        rows = 0
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"mb": peak_mb, "s": time.perf_counter() - began, "rows": rows}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--only", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.only is not None:
        measure(*given.only)
        return
    from synthetic_store import SyntheticDetector, SyntheticGrid, write_synthetic_store

    from grid.store.opening import open_store

    with tempfile.TemporaryDirectory() as folder:
        for seeds in (given.seeds, 10 * given.seeds):
            store = f"{folder}/{seeds}"
            grid = SyntheticGrid(
                detectors=(SyntheticDetector(name="npr"),), seeds=seeds, images=given.images
            )
            write_synthetic_store(open_store(store), grid)
            for how in ("parquet", "csv", "frame"):
                file = f"{folder}/scores.{how}"
                command = [sys.executable, __file__, "--only", how, store, file]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                said = json.loads(done.stdout.splitlines()[-1])
                size = Path(file).stat().st_size / 1e6 if how != "frame" else 0
                print(f"{seeds:4} seeds  {how:8} {said['mb']:6.0f} MB  {said['s']:6.1f} s", end="")
                print(f"  file {size:7.1f} MB" if size else "")


if __name__ == "__main__":
    main()
