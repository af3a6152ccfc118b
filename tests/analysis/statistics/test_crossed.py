"""The crossed t: its parts against mean squares, gaps, seeds, generators on both sides."""

import numpy as np
import pytest

from analysis.statistics.crossed import crossed_t
from analysis.statistics.effect import NotTestable


def arms(seed=0, shape=(5, 4, 6), rows=2.0, columns=1.0, fits=0.5, seeds=0.0, entries=0.1):
    """Return two arms whose difference has effects of rows and columns, all else being noise."""
    random = np.random.default_rng(seed)
    _, n_rows, n_columns = shape
    a = np.zeros(shape) + rows * random.normal(size=(n_rows, 1))
    a = a + columns * random.normal(size=n_columns)
    both = []
    for arm in (a, np.zeros(shape)):
        noise = fits * random.normal(size=(shape[0], n_rows, 1))
        noise = noise + seeds * random.normal(size=(shape[0], 1, 1))
        both.append(arm + noise + entries * random.normal(size=shape))
    return both


def mean_squares(difference):
    """Return the parts of rows, columns and entries in the mean's variance, of a whole matrix."""
    n_rows, n_columns = difference.shape
    rows, columns = difference.mean(1), difference.mean(0)
    rest = difference - rows[:, None] - columns + difference.mean()
    df = (n_rows - 1) * (n_columns - 1)
    of_entries = (rest**2).sum() / df / difference.size
    return rows.var(ddof=1) / n_rows, columns.var(ddof=1) / n_columns, of_entries, df


def test_without_gaps_the_parts_are_the_usual_mean_squares():
    random = np.random.default_rng(0)
    difference = 2 * random.normal(size=(4, 1)) + random.normal(size=6)
    difference = difference + random.normal(size=(4, 6))
    a = np.stack([difference] * 5)  # seeds that do nothing, so that generators alone are left
    found = crossed_t(a, np.zeros_like(a))
    of_rows, of_columns, of_entries, df = mean_squares(difference)
    variance = of_rows + of_columns - of_entries
    spread = of_rows**2 / 3 + of_columns**2 / 5 + of_entries**2 / df
    assert of_entries > 0.05 * variance
    assert (found.value / found.statistic) ** 2 == pytest.approx(variance)
    assert found.df == pytest.approx(variance**2 / spread)
    assert found.value == pytest.approx(difference.mean())
    assert found.units == "4 training and 6 test generators, 5 seeds"


def test_noise_never_makes_the_variance_smaller_than_a_sides():
    for seed in range(20):
        a, b = arms(seed, rows=0, columns=0, fits=0, entries=1)
        of_rows, of_columns, *_ = mean_squares(a.mean(0) - b.mean(0))
        found = crossed_t(a, b)
        assert (found.value / found.statistic) ** 2 >= max(of_rows, of_columns) * (1 - 1e-9)


def test_what_a_seed_does_to_all_fits_is_added():
    a, b = arms(fits=0, seeds=3, entries=0.01)
    found = crossed_t(a, b)
    of_rows, of_columns, *_ = mean_squares(a.mean(0) - b.mean(0))
    of_seeds = sum(np.var(arm.mean((1, 2)), ddof=1) / 5 for arm in (a, b))
    assert (found.value / found.statistic) ** 2 == pytest.approx(
        of_rows + of_columns + of_seeds, rel=0.01
    )


def test_entries_that_are_not_of_the_claim_say_nothing():
    a, b = arms(shape=(3, 5, 5))
    gaps = np.eye(5, dtype=bool)
    spoilt = np.where(gaps, 1e6, 0)
    found = crossed_t(np.where(gaps, np.nan, a), np.where(gaps, np.nan, b))
    again = crossed_t(np.where(gaps, np.nan, a + spoilt), np.where(gaps, np.nan, b))
    assert found == again
    assert found.value == pytest.approx((a.mean(0) - b.mean(0))[~gaps].mean())
    empty = np.pad(np.where(gaps, np.nan, a), ((0, 0), (0, 1), (0, 0)), constant_values=np.nan)
    other = np.pad(np.where(gaps, np.nan, b), ((0, 0), (0, 1), (0, 0)), constant_values=np.nan)
    assert crossed_t(empty, other) == found


def test_columns_do_not_leak_into_rows_through_the_gaps():
    """Additive effects are known exactly, so that their parts are, too."""
    gaps = np.eye(4, dtype=bool)
    columns = np.array([3.0, -1.0, 2.0, 4.0])
    a = np.where(gaps, np.nan, np.zeros((2, 4, 4)) + columns)
    found = crossed_t(a, np.where(gaps, np.nan, np.zeros((2, 4, 4))))
    assert (found.value / found.statistic) ** 2 == pytest.approx(columns.var(ddof=1) / 4)


def test_generators_on_both_sides_vary_as_one():
    random = np.random.default_rng(1)
    effects = random.normal(size=6)
    a = np.zeros((2, 6, 6)) + effects[:, None] + effects + 0.01 * random.normal(size=(2, 6, 6))
    b = 0.01 * random.normal(size=(2, 6, 6))
    apart, together = crossed_t(a, b), crossed_t(a, b, own_column=range(6))
    error = [found.value / found.statistic for found in (apart, together)]
    assert error[0] ** 2 == pytest.approx(2 * effects.var(ddof=1) / 6, rel=0.02)
    assert error[1] ** 2 == pytest.approx(4 * effects.var(ddof=1) / 6, rel=0.02)
    assert together.df == pytest.approx(5, rel=0.01)
    assert crossed_t(a, b, own_column=[None] * 6) == apart
    turned = np.argsort(random.normal(size=6))
    moved = crossed_t(a[:, :, turned], b[:, :, turned], own_column=np.argsort(turned).tolist())
    assert moved.p == pytest.approx(together.p)


def test_a_and_b_change_places():
    a, b = arms()
    one, other = crossed_t(a, b[:3]), crossed_t(b[:3], a)
    assert (one.value, one.low, one.p) == pytest.approx((-other.value, -other.high, other.p))
    assert one.units.endswith("5 seeds of A, 3 of B")


def test_what_cannot_be_tested_is_refused():
    a, b = arms()
    with pytest.raises(NotTestable, match="One seed"):
        crossed_t(a[:1], b)
    with pytest.raises(NotTestable, match="1 training generator says nothing of new ones"):
        crossed_t(a[:, :1], b[:, :1])
    with pytest.raises(NotTestable, match="Some seeds lack entries"):
        crossed_t(np.where(np.arange(120).reshape(5, 4, 6) == 3, np.nan, a), b)
    gaps = np.eye(2, dtype=bool)
    with pytest.raises(NotTestable, match="2 entries of 2 x 2"):
        crossed_t(*(np.where(gaps, np.nan, arm[:, :2, :2]) for arm in (a, b)))
    with pytest.raises(NotTestable, match="is the same on all"):
        crossed_t(np.ones_like(a), np.zeros_like(a))
    with pytest.raises(ValueError, match="training x test"):
        crossed_t(a, b[:, :2])


def test_rows_and_columns_that_vary_as_one_have_the_fewer_as_units():
    """Three training generators, each also tested on, with three that are tested on alone."""
    random = np.random.default_rng(1)
    effects = random.normal(size=6)
    a = np.zeros((2, 3, 6)) + effects[:3, None] + effects + 0.001 * random.normal(size=(2, 3, 6))
    b = 0.001 * random.normal(size=(2, 3, 6))
    assert crossed_t(a, b, own_column=range(3)).df == pytest.approx(2, rel=0.01)
