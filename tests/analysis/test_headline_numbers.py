"""Headline numbers, computed again by SQL on `scores` and plain numpy: none of our statistics."""

from dataclasses import replace
from itertools import product
from statistics import NormalDist

import numpy as np
import pytest
from scipy import stats
from synthetic_store import SyntheticDetector, SyntheticGrid, write_synthetic_store

from analysis.comparing.comparison import answers
from analysis.comparing.contrasts import material_of
from analysis.comparing.drafts import corrected
from analysis.comparing.question import Question
from analysis.matrices.matrix_making import matrices
from analysis.selecting.selection import StoreSelection
from analysis.sql.query import query
from grid.store.opening import open_store

A, B = "npr", "simple_cnn"
NAMES = ("progan", "adm", "stylegan")
SEEDS = (0, 1)
GRID = SyntheticGrid(
    name="headline",
    detectors=(SyntheticDetector(name=A, skill=3.0), SyntheticDetector(name=B, skill=2.0)),
    generators=len(NAMES),
    seeds=len(SEEDS),
    images=40,
    degradations=("none",),
    shared_reals=True,
    unreadable=1,
)
CROSSED = Question(key="detector", levels=(A, B))
ON_IMAGES = "these files on these generators"
ROWS = (
    "SELECT detector, train, seed, images.generator, images.label, image_id, logit FROM scores "
    "JOIN fits USING (fit_id) JOIN images USING (pool_id, image) WHERE logit IS NOT NULL "
    "ORDER BY image_id"
)


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    store = open_store(tmp_path_factory.mktemp("headline") / "store")
    experiment = write_synthetic_store(store, GRID)
    selection = StoreSelection.of(store, [experiment])
    found = tuple(matrices(selection, experiment))
    return store, found, material_of(selection, experiment, found)


@pytest.fixture(scope="module")
def logits(stored):
    """Logits by (detector, trained on, seed, class): a generator's fakes, "" of the reals."""
    found = {}
    for row in query(stored[0], ROWS).to_pylist():
        tested = row["generator"] if row["label"] else ""
        place = (row["detector"], row["train"], row["seed"], tested)
        found.setdefault(place, []).append(row["logit"])
    return {place: np.array(values) for place, values in found.items()}


def sides(logits, detector, train, seed, generator):
    return logits[detector, train, seed, ""], logits[detector, train, seed, generator]


def kernel(real, fake):
    """1 where a fake is above a real, .5 where they are equal, (fakes, reals)."""
    return (fake[:, None] > real) + 0.5 * (fake[:, None] == real)


def aucs(logits, detector):
    """AUCs (seeds, training sets, test sets)."""
    return np.array(
        [
            [[kernel(*sides(logits, detector, t, s, g)).mean() for g in NAMES] for t in NAMES]
            for s in SEEDS
        ]
    )


def asked(stored, question):
    return corrected(answers(question, stored[2]))


def test_entries_and_macro_means_are_those_of_the_scores(stored, logits):
    for matrix, detector in zip(stored[1], (A, B), strict=True):
        expected = aucs(logits, detector)
        found = {
            (row.label, column.label): entry
            for row, entries in zip(matrix.rows, matrix.entries, strict=True)
            for column, entry in zip(matrix.columns, entries, strict=True)
        }
        for t, g in product(range(3), range(3)):
            spread = found[NAMES[t], NAMES[g]].spread("auc")
            assert spread.values == pytest.approx(expected[:, t, g], abs=1e-12)
        off = ~np.eye(3, dtype=bool)
        new = matrix.mean("auc", ("family", "other"))
        assert new.values == pytest.approx(expected[:, off].mean(axis=1), abs=1e-12)
        assert matrix.mean("auc").values == pytest.approx(expected.mean(axis=(1, 2)), abs=1e-12)
        right = [
            np.mean([*(real <= 0), *(fake > 0)])
            for real, fake in (
                sides(logits, detector, t, s, g)
                for s in SEEDS
                for t, g in product(NAMES, NAMES)
                if t != g
            )
        ]
        spread = matrix.mean("accuracy", ("family", "other"))
        assert spread.mean == pytest.approx(np.mean(right), abs=1e-12)


def half_squares(d, places, is_kind):
    """The mean of half the squared differences of ordered pairs of entries of a kind."""
    found = [(d[p] - d[q]) ** 2 / 2 for p in places for q in places if p != q and is_kind(p, q)]
    return np.mean(found)


def test_the_crossed_t_is_that_of_the_arrays_of_the_scores(stored, logits):
    """Variance components from pairs of entries (Koch 1967), pair by pair."""
    [found] = asked(stored, CROSSED)
    a, b = aucs(logits, A), aucs(logits, B)
    d = a.mean(axis=0) - b.mean(axis=0)
    places = [(t, g) for t, g in product(range(3), range(3)) if t != g]
    n = len(places)
    value = np.mean([d[p] for p in places])
    assert found.headline.method == "crossed two-way t"
    assert found.headline.value == pytest.approx(value, abs=1e-12)
    row = half_squares(d, places, lambda p, q: p[0] == q[0])
    column = half_squares(d, places, lambda p, q: p[1] == q[1])
    apart = half_squares(d, places, lambda p, q: p[0] != q[0] and p[1] != q[1])
    entry = max(0.0, row + column - apart) / n
    # Three rows and columns of two entries each: the squared weights sum up to 3 (2 / 6)^2.
    by_row, by_column = (max(0.0, (apart - each) / 3 + entry) for each in (row, column))
    larger, smaller = max(by_row, by_column), min(by_row, by_column)
    parts = [(larger, 2)]
    if smaller > entry:
        parts += [(smaller, 2), (-entry, n - 3 - 3 + 1)]
    shared = shared_part(d - value, places, n)
    if shared > 0:
        parts = [(sum(part for part, _ in parts) + shared, 2)]
    off = ~np.eye(3, dtype=bool)
    for side in (a, b):
        fits = np.array([[side[s, t, off[t]].mean() for t in range(3)] for s in SEEDS])
        noise = fits - fits.mean(1, keepdims=True) - fits.mean(0) + fits.mean()
        of_fits = (noise**2).sum() / ((2 - 1) * (3 - 1) * 2 * 3)
        parts.append((max(0.0, fits.mean(1).var(ddof=1) / 2 - of_fits), 1))
    variance = sum(part for part, _ in parts)
    df = variance**2 / sum(part**2 / df for part, df in parts)
    p = 2 * stats.t.sf(abs(value) / variance**0.5, df)
    half = stats.t.ppf(0.975, df) * variance**0.5
    assert found.headline.df == pytest.approx(df)
    assert found.headline.p == pytest.approx(p)
    assert (found.headline.low, found.headline.high) == pytest.approx((value - half, value + half))
    assert {each.name for each in found.differences} == set(NAMES)
    for each in found.differences:
        g = NAMES.index(each.name)
        assert each.value == pytest.approx(d[off[:, g], g].mean(), abs=1e-12)


def shared_part(d, places, n):
    """Twice the covariance of what one generator does as a row and as a column."""
    design = np.zeros((n, 6))
    for number, (t, g) in enumerate(places):
        design[number, [t, 3 + g]] = 1
    effects = np.linalg.pinv(design) @ [d[p] for p in places]
    return 2 * np.cov(effects[:3], effects[3:])[0, 1] * 3 * (2 / n) ** 2


def test_the_two_component_t_is_that_of_the_arrays_of_the_scores(stored, logits):
    [found] = asked(stored, replace(CROSSED, where={"train": ("adm",)}))
    a, b = (aucs(logits, name)[:, 1][:, [0, 2]] for name in (A, B))
    d = a.mean(0) - b.mean(0)
    parts = [d.var(ddof=1) / 2, a.mean(1).var(ddof=1) / 2, b.mean(1).var(ddof=1) / 2]
    df = sum(parts) ** 2 / sum(part**2 for part in parts)
    assert found.headline.method == "two-component t"
    assert found.headline.df == pytest.approx(df)
    p = 2 * stats.t.sf(abs(d.mean()) / sum(parts) ** 0.5, df)
    assert (found.headline.value, found.headline.p) == pytest.approx((d.mean(), p))


def one_fit(**more):
    where = {"train": ("adm",), "seed": ("1",), **more}
    return replace(CROSSED, claim=ON_IMAGES, where=where)


def test_delong_is_that_of_the_pairs_of_images(stored, logits):
    """The variance of the mean kernel difference over images of each class (1988), pair by pair."""
    [found] = asked(stored, one_fit(generator=("progan",)))
    a, b = (kernel(*sides(logits, name, "adm", 1, "progan")) for name in (A, B))
    d = a - b
    variance = sum(d.mean(axis).var(ddof=1) / d.shape[1 - axis] for axis in (0, 1))
    z = d.mean() / variance**0.5
    assert found.headline.value == pytest.approx(d.mean(), abs=1e-12)
    assert found.headline.p == pytest.approx(2 * NormalDist().cdf(-abs(z)))


def test_files_of_several_seeds_are_held_against_each_other_seed_by_seed(stored, logits):
    where = {"train": ("adm",), "generator": ("progan",)}
    [found] = asked(stored, replace(one_fit(), where=where))
    kernels = [
        kernel(*sides(logits, A, "adm", s, "progan"))
        - kernel(*sides(logits, B, "adm", s, "progan"))
        for s in SEEDS
    ]
    d = np.mean(kernels, axis=0)  # the same images under both seeds
    variance = sum(d.mean(axis).var(ddof=1) / d.shape[1 - axis] for axis in (0, 1))
    assert found.headline.value == pytest.approx(d.mean(), abs=1e-12)
    p = 2 * NormalDist().cdf(-abs(d.mean()) / variance**0.5)
    assert found.headline.p == pytest.approx(p)


def test_delong_counts_a_real_of_two_test_sets_once(stored, logits):
    [found] = asked(stored, one_fit())
    sets = [
        kernel(*sides(logits, A, "adm", 1, g)) - kernel(*sides(logits, B, "adm", 1, g))
        for g in ("progan", "stylegan")
    ]
    of_reals = np.mean([d.mean(axis=0) for d in sets], axis=0)
    n_fake = sum(len(d) for d in sets)
    of_fakes = np.concatenate([(d.mean(axis=1) - d.mean()) / (2 * len(d)) for d in sets])
    variance = of_reals.var(ddof=1) / len(of_reals) + (of_fakes**2).sum() * n_fake / (n_fake - 1)
    value = np.mean([d.mean() for d in sets])
    assert found.headline.value == pytest.approx(value, abs=1e-12)
    p = 2 * NormalDist().cdf(-abs(value) / variance**0.5)
    assert found.headline.p == pytest.approx(p)


def test_mcnemar_counts_the_images_that_one_alone_gets_right(stored, logits):
    [found] = asked(stored, replace(one_fit(generator=("progan",)), metric="accuracy"))
    a, b = (
        np.concatenate([real <= 0, fake > 0])
        for real, fake in (sides(logits, name, "adm", 1, "progan") for name in (A, B))
    )
    only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
    assert only_a != only_b
    tail = stats.binom.cdf(min(only_a, only_b), only_a + only_b, 0.5)
    observed = stats.binom.pmf(only_a, only_a + only_b, 0.5)
    assert found.headline.method == "McNemar mid-p"
    assert found.headline.p == pytest.approx(2 * tail - observed)
    assert found.others[0].p == pytest.approx(2 * tail)
    assert found.headline.value == pytest.approx((only_a - only_b) / len(a))
    assert f"{only_a + only_b} of them told apart" in found.headline.units


def test_the_sentence_has_these_numbers_in_points(stored):
    [found] = asked(stored, CROSSED)
    effect = found.headline
    value, low, high = (
        f"{100 * each:+.1f}".replace("-", "−") for each in (effect.value, effect.low, effect.high)
    )
    assert f"npr minus simple_cnn in AUC (macro, diagonal out, no threshold) is {value} points" in (
        found.sentence
    )
    assert f"95 % CI [{low}, {high}]" in found.sentence
    assert "units: 3 training and 3 test generators, 2 seeds" in found.sentence
