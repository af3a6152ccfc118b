"""How much a driver grows with its trials: small specs beside large ones, in one run each.

    python tests/benchmarks/driver_memory.py [--trials 1000] [--kilobytes 200]

Peak resident memory of the driver's process above what it was when the run began, the specs already
made. Trials do nothing; two slots. Growth by the specs' own size means that Tune copies them.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))


def attempt(spec, report, stop):
    Path(spec["store"], spec["fit_id"]).touch()
    return SimpleNamespace(state="done", kind="", message="")


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(trials: int, kilobytes: float) -> None:
    from grid.run.on_ray.driver import run_on_ray
    from grid.run.progress import Progress
    from grid.run.run_options import RunOptions
    from grid.trial.contract import Trial

    with tempfile.TemporaryDirectory() as store:
        wanted = [
            Trial(
                fit_id=f"f{i}",
                label="",
                spec={"store": store, "fit_id": f"f{i}", "text": f"{i:8}" * int(125 * kilobytes)},
            )
            for i in range(trials)
        ]
        before = peak_mb()
        result = run_on_ray(
            wanted,
            attempt=attempt,
            is_done=lambda trial: Path(store, trial.fit_id).exists(),
            record_lost=lambda trial, lost: None,
            options=RunOptions(slots=2),
            progress=Progress(),
        )
    print(json.dumps({"before": before, "peak": peak_mb(), "done": len(result.done)}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--kilobytes", type=float, default=200.0)
    parser.add_argument("--only", type=float, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.only is not None:
        measure(given.trials, given.only)
        return
    for kilobytes in (1.0, given.kilobytes):
        command = [
            sys.executable,
            __file__,
            "--trials",
            str(given.trials),
            "--only",
            str(kilobytes),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found = json.loads(done.stdout.splitlines()[-1])
        grown = found["peak"] - found["before"]
        print(
            f"{given.trials} trials with specs of {kilobytes:.0f} kB: {found['before']:.0f} MB, "
            f"then at most {found['peak']:.0f} MB: {grown:.0f} MB more",
            flush=True,
        )


if __name__ == "__main__":
    main()
