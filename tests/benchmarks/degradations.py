"""What degradations cost: the Gaussian blur beside its plain sums, and every operation per image.

    python tests/benchmarks/degradations.py [REPEATS]

Both blurs run in turn in one process, on noise and on a photograph-like ramp, and must give equal
pixels. Times are CPU time of one thread, the best of some, since other work only adds. Each run is
timed behind another of the same kind: what the plain sums hand back to the system, the fast blur
would else fetch again, page by page.
"""

import argparse
import functools
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import numpy as np
from plain_gaussian_blur import plain_gaussian_blur

from data.gaussian_blur import gaussian_blur
from data.randomness import stream
from data.view import view_of

SIGMAS = (1.0, 3.0, 5.0)
SIDES = (512, 1024)
DEGRADATIONS = (
    "jpeg(75)",
    "blur(3.0)",
    "noise(5.0)",
    "resize(112)",
    "resize(factor=0.5)",
)


def best(times):
    return 1000 * min(times)


def seconds(work):
    started = time.thread_time()
    work()
    return time.thread_time() - started


def pictures(side):
    noise = stream("benchmark", side).integers(0, 256, (side, side, 3), np.uint8)
    ramp = np.linspace(0, 235, side)[:, None, None] + noise / 13
    return {"noise": noise, "smooth": ramp.astype(np.uint8)}


def compare_blurs(repeats):
    print(f"{'blur':28s} {'plain ms':>9s} {'fast ms':>9s} {'ratio':>6s}")
    for side in SIDES:
        for kind, image_HWC in pictures(side).items():
            for sigma in SIGMAS:
                same = np.array_equal(
                    gaussian_blur(image_HWC, sigma), plain_gaussian_blur(image_HWC, sigma)
                )
                assert same, (side, kind, sigma)
                times = {plain_gaussian_blur: [], gaussian_blur: []}
                for blur in (plain_gaussian_blur, gaussian_blur) * repeats:
                    blur(image_HWC, sigma)
                    work = functools.partial(blur, image_HWC, sigma)
                    times[blur].append(seconds(work))
                plain, fast = (best(each) for each in times.values())
                label = f"{side} px, {kind}, sigma {sigma:g}"
                print(f"{label:28s} {plain:9.1f} {fast:9.1f} {plain / fast:6.1f}", flush=True)


def each_degradation(repeats):
    print(f"\n{'':28s} " + " ".join(f"{side:>6d} px" for side in SIDES) + "   ms per image")
    for text in DEGRADATIONS:
        view = view_of(degradation=text)
        row = []
        for side in SIDES:
            image_HWC = pictures(side)["noise"]
            times = [seconds(lambda i=image_HWC, v=view: v(i, "a" * 32, 0)) for _ in range(repeats)]
            row.append(f"{best(times):9.1f}")
        print(f"{text:28s} {' '.join(row)}", flush=True)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("repeats", nargs="?", type=int, default=9)
    given = arguments.parse_args()
    compare_blurs(given.repeats)
    each_degradation(given.repeats)
