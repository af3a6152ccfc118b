import hashlib

import numpy as np

from launch.feature_space.feature_images import _drawn
from launch.feature_space.projection import projected


def ids(count):
    return [hashlib.sha256(str(n).encode()).hexdigest()[:32] for n in range(count)]


def test_components_are_those_of_the_covariance():
    rng = np.random.default_rng(0)
    features = (rng.normal(size=(60, 5)) * [5, 3, 1, 0.5, 0.1]).astype(np.float32)
    plane = projected(features, np.arange(60) % 2, ids(60))
    values = np.linalg.eigvalsh(np.cov(features.T.astype(np.float64)))[::-1]
    assert np.allclose(plane.explained, values[:2] / values.sum(), rtol=1e-5)
    assert np.allclose(plane.points_NA.var(axis=0, ddof=1), values[:2], rtol=1e-5)


def test_the_separation_is_of_images_that_were_not_fitted_on():
    rng = np.random.default_rng(1)
    labels = np.arange(200) % 2
    noise = rng.normal(size=(200, 150)).astype(np.float32)
    # With more features than images of a fold a discriminant parts anything that it is fitted on.
    assert abs(projected(noise, labels, ids(200)).separation - 0.5) < 0.12
    apart = noise + 8 * labels[:, None].astype(np.float32)
    assert projected(apart, labels, ids(200)).separation == 1.0


def test_of_one_class_there_is_none():
    features = np.random.default_rng(2).normal(size=(30, 4)).astype(np.float32)
    assert projected(features, np.ones(30, np.int8), ids(30)).separation is None


def test_constant_features_lie_at_one_place():
    plane = projected(np.ones((30, 1), np.float32), np.arange(30) % 2, ids(30))
    assert plane.points_NA.shape == (30, 2)
    assert not plane.points_NA.any()
    assert plane.explained == (0.0, 0.0)


def test_a_draw_is_a_function_of_the_images_and_the_seed():
    names = ids(40)
    drawn = {tuple(_drawn(names, 10, seed)) for seed in (0, 0, 1)}
    assert len(drawn) == 2
    chosen = {names[place] for place in _drawn(names, 10, 0)}
    assert {names[::-1][place] for place in _drawn(names[::-1], 10, 0)} == chosen
