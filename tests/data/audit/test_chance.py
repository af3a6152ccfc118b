"""What chance gives, held against every arrangement of small classes and many of larger ones."""

from itertools import combinations
from statistics import NormalDist

import numpy as np
import pytest

from data.audit.chance import ONE_IN, auc_chance_level
from data.audit.pixel_tests import auc


@pytest.mark.parametrize(("reals", "fakes"), [(1, 1), (2, 5), (4, 4)])
def test_the_deviation_of_an_auc_is_that_of_all_arrangements(reals: int, fakes: int) -> None:
    ranks = np.arange(reals + fakes, dtype=float)
    every = [
        auc(np.delete(ranks, chosen), ranks[list(chosen)])
        for chosen in combinations(range(reals + fakes), fakes)
    ]
    quantile = NormalDist().inv_cdf(1 - 1 / (2 * ONE_IN))
    assert auc_chance_level(reals, fakes) == pytest.approx(0.5 + quantile * np.std(every))


def test_an_auc_exceeds_its_level_by_chance_once_in_a_hundred_to_either_side() -> None:
    rng = np.random.default_rng(3)
    found = np.array([auc(rng.random(40), rng.random(30)) for _ in range(8000)])
    beyond = np.maximum(found, 1 - found) > auc_chance_level(40, 30)
    assert 0.006 < beyond.mean() < 0.014
