"""How often tests call methods different that are equally good: the right ones and the wrong ones.

2,000 repetitions are exact to about .01 near .05. Seeds and effects are normal.
"""

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from analysis.statistics import delong
from analysis.statistics.crossed import crossed_t
from analysis.statistics.effect import NotTestable
from analysis.statistics.generator_tests import signed_rank
from analysis.statistics.mcnemar import mcnemar
from analysis.statistics.seed_tests import welch_t
from analysis.statistics.two_component import two_component_t

pytestmark = pytest.mark.slow
REPETITIONS = 2000
RIGHT = 0.02, 0.08


def share_called_different(tested, repetitions=REPETITIONS):
    """Return the share of p below .05 of a function of a random generator."""
    random = np.random.default_rng(0)
    return float(np.mean([tested(random) < 0.05 for _ in range(repetitions)]))


def is_right(share):
    return RIGHT[0] <= share <= RIGHT[1]


# One training set: A and B as accuracies, seeds x test generators.

IMAGES = 12_000


def arms(random, seeds=(5, 5), n_generators=8, by_generator=0.02, by_seed=0.01):
    difference = random.normal(0, by_generator, n_generators)
    difficulty = random.uniform(0.75, 0.95, n_generators)
    return [
        random.binomial(
            IMAGES,
            np.clip(
                difficulty + sign * difference / 2 + random.normal(0, by_seed, (n_seeds, 1)), 0, 1
            ),
        )
        / IMAGES
        for sign, n_seeds in zip((1, -1), seeds, strict=True)
    ]


def cells_t(a, b):
    return ttest_1samp((a - b).ravel(), 0).pvalue


def pooled_mcnemar(random, a, b):
    """Of one seed, images pooled over generators, right or wrong by a coin of each detector."""
    only_a = random.binomial(IMAGES, a[0] * (1 - b[0])).sum()
    only_b = random.binomial(IMAGES, b[0] * (1 - a[0])).sum()
    return mcnemar(int(only_a), int(only_b), IMAGES * a.shape[1]).p


@pytest.mark.parametrize(
    "design",
    [
        {},
        {"seeds": (3, 3)},
        {"seeds": (10, 10)},
        {"seeds": (3, 8)},
        {"n_generators": 16},
        {"by_generator": 0.0},
        {"by_seed": 0.002},
    ],
    ids=str,
)
def test_two_component_t_is_right(design):
    found = share_called_different(lambda random: two_component_t(*arms(random, **design)).p)
    assert is_right(found), found


def test_tests_over_cells_images_generators_or_seeds_alone_are_wrong():
    cells = share_called_different(lambda random: cells_t(*arms(random)), 500)
    assert cells > 0.3, cells
    images = share_called_different(lambda random: pooled_mcnemar(random, *arms(random)), 500)
    assert images > 0.7, images
    seeds = share_called_different(
        lambda random: welch_t(*(arm.mean(axis=1) for arm in arms(random))).p, 1000
    )
    assert seeds > 0.1, seeds

    def over_generators(random):
        a, b = arms(random, by_generator=0.0)
        return signed_rank(a.mean(axis=0) - b.mean(axis=0)).p

    generators = share_called_different(over_generators, 500)
    assert generators > 0.4, generators


# Train x test matrices.

BOTH = {"rows": 2.0, "columns": 2.0, "entries": 1.0, "fits": 0.5, "images": 0.3, "seeds": 0.0}
TRAINING_ONLY = {**BOTH, "columns": 0.0, "entries": 0.0}


def matrices(
    random, shape, n_seeds, is_out, *, rows, columns, entries, fits, images, seeds, alike=0.0
):
    """Return A and B: effects of training and test generators, alike where one is both."""
    of_rows, own = random.normal(size=shape[0]), random.normal(size=shape[1])
    n_both = min(shape)
    own[:n_both] = alike * of_rows[:n_both] + (1 - alike**2) ** 0.5 * own[:n_both]
    difference = rows * of_rows[:, None] + columns * own + entries * random.normal(size=shape)
    both = []
    for arm, n in zip((difference, np.zeros(shape)), n_seeds, strict=True):
        noise = fits * random.normal(size=(n, shape[0], 1)) + images * random.normal(
            size=(n, *shape)
        )
        both.append(arm + noise + seeds * random.normal(size=(n, 1, 1)))
    gaps = np.eye(*shape, dtype=bool) & is_out
    return [np.where(gaps, np.nan, arm) for arm in both]


@pytest.mark.parametrize("is_out", [False, True], ids=["diagonal in", "diagonal out"])
@pytest.mark.parametrize(
    ("shape", "n_seeds"), [((8, 8), (5, 5)), ((8, 8), (3, 5)), ((4, 8), (2, 5)), ((5, 5), (3, 3))]
)
@pytest.mark.parametrize(
    "effects",
    [BOTH, TRAINING_ONLY, {**BOTH, "rows": 0.0}, {**BOTH, "seeds": 1.0}],
    ids=["both", "training only", "test only", "shared seeds"],
)
def test_crossed_t_is_right(shape, n_seeds, is_out, effects):
    found = share_called_different(
        lambda random: crossed_t(*matrices(random, shape, n_seeds, is_out, **effects)).p
    )
    assert is_right(found), found


@pytest.mark.parametrize("alike", [0.0, 0.7, 1.0])
def test_generators_on_both_sides_are_allowed_for(alike):
    def tested(random, own_column):
        drawn = matrices(random, (8, 8), (5, 5), True, **BOTH, alike=alike)
        return crossed_t(*drawn, own_column=own_column).p

    found = share_called_different(lambda random: tested(random, range(8)))
    assert is_right(found), found
    if alike:
        unaware = share_called_different(lambda random: tested(random, None), 500)
        assert unaware > 0.1, unaware


def test_crossed_t_errs_to_the_safe_side_where_nothing_but_noise_varies():
    noise = {**BOTH, "rows": 0.0, "columns": 0.0, "entries": 0.0, "fits": 0.0}
    found = share_called_different(
        lambda random: crossed_t(*matrices(random, (8, 8), (5, 5), False, **noise)).p
    )
    assert found < RIGHT[1], found


def test_tests_over_cells_or_test_generators_of_a_matrix_are_wrong():
    def differences(random):
        a, b = matrices(random, (8, 8), (5, 5), False, **TRAINING_ONLY)
        return a.mean(axis=0) - b.mean(axis=0)

    cells = share_called_different(
        lambda random: ttest_1samp(differences(random).ravel(), 0).pvalue, 500
    )
    assert cells > 0.25, cells

    def over_columns(random):
        try:
            return signed_rank(differences(random).mean(axis=0)).p
        except NotTestable:
            return 1.0

    columns = share_called_different(over_columns, 500)
    assert columns > 0.25, columns


# Test sets that share their real images.


def test_shared_reals_are_clusters():
    def sets(random):
        reals = np.arange(500)
        real_a, real_b = random.normal(size=500), random.normal(size=500)
        made = []
        for place in range(8):
            fakes = 1000 + 200 * place + np.arange(200)
            a = delong.placements(real_a, random.normal(1, size=200))
            b = delong.placements(real_b, random.normal(1, size=200))
            made.append(delong.PairedSet(reals, fakes, a, b))
        return made

    right = share_called_different(lambda random: delong.clustered(sets(random)).p, 1500)
    assert 0.03 <= right <= 0.08, right

    def naive(random):
        each = [delong.clustered([one]) for one in sets(random)]
        variance = sum((found.value / found.statistic) ** 2 for found in each) / 64
        z = np.mean([found.value for found in each]) / variance**0.5
        return 0.0 if abs(z) > 1.96 else 1.0

    wrong = share_called_different(naive, 500)
    assert wrong > 0.2, wrong
