"""The separation is of the whole feature space, on held-out images, and no explained variance."""

import hashlib

import numpy as np
import pytest

from launch.feature_space.projection import projected
from launch.feature_space.separation import separation


def ids(count):
    return [hashlib.sha256(str(n).encode()).hexdigest()[:32] for n in range(count)]


def test_components_are_those_of_scikit_learn():
    from sklearn.decomposition import PCA

    rng = np.random.default_rng(0)
    features = (rng.normal(size=(80, 12)) @ rng.normal(size=(12, 12))).astype(np.float32)
    plane = projected(features, np.arange(80) % 2, ids(80))
    fitted = PCA(2, svd_solver="full").fit(features.astype(np.float64))
    points = fitted.transform(features.astype(np.float64))
    signs = np.sign((points * plane.points_NA).sum(axis=0))
    assert np.allclose(plane.points_NA, points * signs, atol=1e-4)
    assert np.allclose(plane.explained, fitted.explained_variance_ratio_, rtol=1e-5)


def test_noise_is_chance_whatever_the_number_of_features():
    rng = np.random.default_rng(1)
    labels = np.arange(200) % 2
    found = [
        separation(rng.normal(size=(200, n)).astype(np.float32), labels, ids(200)) for n in (5, 300)
    ]
    for each in found:
        assert each.low < 0.5 < each.high
        assert each.low < each.auc < each.high


def test_a_small_direction_that_parts_the_classes_is_found_where_components_do_not_show_it():
    """Explained variance is no separation: here the first components are of scenes alone."""
    rng = np.random.default_rng(2)
    labels = np.arange(300) % 2
    features = rng.normal(size=(300, 20)) * np.linspace(10, 1, 20)
    features[:, -1] += 4 * labels
    found = separation(features.astype(np.float32), labels, ids(300))
    assert found.auc > 0.98
    plane = projected(features.astype(np.float32), labels, ids(300))
    of_plane = separation(plane.points_NA.astype(np.float32), labels, ids(300))
    assert of_plane.low < 0.5 < of_plane.high


def test_about_as_many_features_as_images_hide_nothing():
    """There the unshrunk covariance can hardly be inverted, and its discriminant is noise."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    rng = np.random.default_rng(5)
    labels = np.arange(200) % 2
    features = rng.normal(size=(200, 160)).astype(np.float32)
    features[:, :10] += 0.9 * labels[:, None]
    assert separation(features, labels, ids(200)).low > 0.8
    plain = LinearDiscriminantAnalysis(solver="lsqr").fit(features[:160], labels[:160])
    odds, held = plain.decision_function(features[160:]), labels[160:]
    assert np.mean(odds[held == 1][:, None] > odds[held == 0]) < 0.8


def test_its_auc_is_that_of_normal_classes():
    """Two normal classes that lie d apart have an AUC of Phi(d / root 2)."""
    from scipy.stats import norm

    rng = np.random.default_rng(3)
    labels = np.arange(2000) % 2
    features = rng.normal(size=(2000, 3))
    features[:, 1] += 1.5 * labels
    found = separation(features.astype(np.float32), labels, ids(2000))
    expected = norm.cdf(1.5 / 2**0.5)
    assert found.low < expected < found.high
    assert found.auc == pytest.approx(expected, abs=0.02)


def test_a_class_with_few_images_has_none_and_constant_features_are_chance():
    labels = np.array([0] * 9 + [1] * 30)
    features = np.random.default_rng(4).normal(size=(39, 2)).astype(np.float32)
    assert separation(features, labels, ids(39)) is None
    flat = separation(np.ones((40, 3), np.float32), np.arange(40) % 2, ids(40))
    assert flat.auc == 0.5
