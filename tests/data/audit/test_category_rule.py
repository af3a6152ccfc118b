"""The classifier on categories: exact, cross-validated, and calm where nothing is to be read."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.audit.category_rule import FOLDS, CountedRows, balanced_accuracy
from data.audit.chance import auc_chance_level, chance_level


def rows_of(labels, folds):
    images = np.zeros((len(labels), 2), np.int64)
    images[np.arange(len(labels)), labels] = 1
    return CountedRows(np.asarray(folds, np.int64), images)


def accuracy(labels, categories, coarser=(), seed=0):
    labels = np.asarray(labels)
    folds = np.random.default_rng(seed).integers(0, FOLDS, len(labels))
    codes = np.unique(categories, return_inverse=True)[1].astype(np.int64)
    return balanced_accuracy(rows_of(labels, folds), codes, coarser)


HALVES = np.repeat([0, 1], 200)


def test_one_category_for_each_class_tells_all():
    assert accuracy(HALVES, HALVES) == 1.0
    assert accuracy(HALVES, 1 - HALVES) == 1.0


def test_one_category_for_both_tells_nothing():
    assert accuracy(HALVES, np.zeros(400)) == pytest.approx(0.5, abs=0.02)


def test_shares_of_three_quarters_are_three_quarters():
    categories = np.concatenate([np.arange(200) % 4 == 0, np.arange(200) % 4 != 0])
    assert accuracy(HALVES, categories) == pytest.approx(0.75)


def test_many_sizes_against_one_are_told_by_being_new():
    sizes = np.concatenate([np.arange(1000, 1200), np.full(200, 7)])
    assert accuracy(HALVES, sizes) == 1.0
    assert accuracy(HALVES, np.arange(400)) == pytest.approx(0.5, abs=0.02)  # both have many


def test_what_is_new_is_told_by_its_coarser_category():
    """Each size occurs once, but reals are large and fakes small."""
    coarse = HALVES.copy()
    assert accuracy(HALVES, np.arange(400), (coarse,)) == 1.0


@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.integers(0, 4), st.integers(0, FOLDS - 1)),
        min_size=2,
        max_size=40,
    ).filter(lambda rows: {row[0] for row in rows} == {0, 1})
)
def test_it_is_what_counting_by_hand_gives(images):
    """Image by image, category by category; counted together it is the same."""
    right = {0: [], 1: []}
    for label, category, fold in images:
        others = [(a, b) for a, b, c in images if c != fold]
        sizes = [max(sum(a == cls for a, _ in others), 1) for cls in (0, 1)]
        seen = [sum((a, b) == (cls, category) for a, b in others) for cls in (0, 1)]
        if sum(seen) == 0:  # new: the class that brings more categories which occur once
            in_others = {b for _, b in others}
            seen = [
                sum([(a, b) for a, b in others].count((cls, b)) == 1 for b in in_others)
                for cls in (0, 1)
            ]
        share = [seen[cls] / sizes[cls] for cls in (0, 1)]
        says = 0.5 if share[0] == share[1] else float(share[1] > share[0])
        right[label].append(says if label else 1 - says)
    expected = (np.mean(right[0]) + np.mean(right[1])) / 2
    labels, categories, folds = (np.array(column) for column in zip(*images, strict=True))
    apart = balanced_accuracy(rows_of(labels, folds), categories, ())
    assert apart == pytest.approx(expected)
    keys, place = np.unique(np.stack([categories, folds], 1), axis=0, return_inverse=True)
    together = np.zeros((len(keys), 2), np.int64)
    np.add.at(together, (place, labels), 1)
    counted = CountedRows(keys[:, 1], together)
    assert balanced_accuracy(counted, keys[:, 0], ()) == pytest.approx(expected)


@pytest.mark.parametrize("categories", [2, 8, 40])
def test_shuffled_labels_exceed_the_level_of_chance_once_in_a_hundred(categories):
    rng = np.random.default_rng(categories)
    level = chance_level(50, 50)
    exceeded = 0
    for seed in range(400):
        labels = rng.permutation(np.repeat([0, 1], 50))
        exceeded += accuracy(labels, rng.integers(0, categories, 100), seed=seed) > level
    assert exceeded <= 8  # 2 %: above it once in 50 million times by chance, were it 1 %


def test_few_images_can_exceed_no_level_and_none_have_none():
    assert chance_level(3, 3) > 1
    assert chance_level(6, 6, rules=4) > 1
    assert chance_level(18, 18, rules=4) < 1
    assert chance_level(0, 10) == auc_chance_level(5, 0) == np.inf
    assert 0.5 < chance_level(10**6, 10**6, 4) < 0.502
