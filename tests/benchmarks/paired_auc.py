"""The interval of a difference of two AUCs: DeLong, our bootstrap, a loop over scikit-learn.

    python tests/benchmarks/paired_auc.py [--images N] [--draws B]

Two detectors on the same N images, half of them fakes. CPU time of one thread, best of three
rounds with the sides in turn; of the bootstraps B draws, and scaled to 10,000.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_auc_score

from analysis.statistics import delong
from analysis.statistics.bootstrap import paired_bootstrap

ROUNDS = 3
FULL_DRAWS = 10_000
Floats = npt.NDArray[np.float64]


def by_scikit_learn(scores: list[Floats], draws: int) -> tuple[float, float]:
    """Return the interval by drawing rows and calling `roc_auc_score` of each draw and detector."""
    random = np.random.default_rng(0)
    real_a, fake_a, real_b, fake_b = scores
    truth = np.concatenate([np.zeros(len(real_a)), np.ones(len(fake_a))])
    found = []
    for _ in range(draws):
        reals = random.integers(0, len(real_a), len(real_a))
        fakes = random.integers(0, len(fake_a), len(fake_a))
        a, b = (
            roc_auc_score(truth, np.concatenate([real[reals], fake[fakes]]))
            for real, fake in ((real_a, fake_a), (real_b, fake_b))
        )
        found.append(a - b)
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)


def auc(real: Floats, fake: Floats) -> float:
    """Return the AUC by one search in the sorted reals."""
    below = np.searchsorted(np.sort(real), fake, "left")
    upto = np.searchsorted(np.sort(real), fake, "right")
    return float((below + upto).mean()) / (2 * len(real))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=12_000)
    parser.add_argument("--draws", type=int, default=200)
    given = parser.parse_args()
    random = np.random.default_rng(0)
    half = given.images // 2
    reals, fakes = random.normal(size=half), random.normal(0.7, size=half)
    noisy = [each + random.normal(0, 0.5, size=half) for each in (reals, fakes)]
    scores = [reals, fakes, *noisy]

    def bootstrapped() -> tuple[float | None, float | None]:
        found = paired_bootstrap(auc, *scores, draws=given.draws)
        return found.low, found.high

    def exact() -> tuple[float | None, float | None]:
        found = delong.paired(*scores)
        return found.low, found.high

    sides: dict[str, Callable[[], tuple[float | None, float | None]]] = {
        "DeLong": exact,
        "our bootstrap": bootstrapped,
        "scikit-learn loop": lambda: by_scikit_learn(scores, given.draws),
    }
    best, interval = dict.fromkeys(sides, float("inf")), {}
    for _ in range(ROUNDS):
        for name, side in sides.items():
            began = time.thread_time()
            interval[name] = side()
            best[name] = min(best[name], time.thread_time() - began)
    print(f"{given.images:,} images, {given.draws:,} draws")
    for name, took in best.items():
        low, high = interval[name]
        scaled = (
            "" if name == "DeLong" else f", {took * FULL_DRAWS / given.draws:8.1f} s for 10,000"
        )
        print(f"{name:>18}: {took:8.4f} s{scaled}; [{low:.4f}, {high:.4f}]")


if __name__ == "__main__":
    main()
