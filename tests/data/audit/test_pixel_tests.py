"""JPEG history and interpolation in pixels: planted ones shout, lossless pictures are calm."""

import hashlib
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from planted_images import enlarged, lossless, once_jpeg

from data.audit.discriminant import cross_validated_accuracy
from data.audit.jpeg_history import grid_statistic, luminance, near_zero_shares
from data.audit.pixel_sample import MeasuredImage
from data.audit.pixel_statistics import pixel_statistics
from data.audit.pixel_tests import THRESHOLDS, auc, history, low_level_accuracy
from data.audit.resampling import period_statistic
from data.decode import decode

COUNT = 24


def measured(images, offset=0):
    return [
        MeasuredImage(hashlib.sha256(bytes([i, offset])).hexdigest()[:32], f"{i}.png",
                      pixel_statistics(image))
        for i, image in enumerate(images)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def calm():
    return measured([lossless(i) for i in range(COUNT)])


@pytest.fixture(scope="module")
def others():
    return measured([lossless(100 + i) for i in range(COUNT)], 1)


def test_pictures_without_a_history_are_calm(calm, others):
    for test in THRESHOLDS:
        found = history(test, calm, others)
        assert (found.real_share, found.fake_share, found.tells) == (0, 0, False)
        assert (found.reals, found.fakes, found.too_small) == (COUNT, COUNT, 0)


@pytest.mark.parametrize("quality", [75, 90, 95])
def test_photographs_that_were_jpeg_shout_though_they_are_png_now(quality, calm):
    coded = measured([once_jpeg(lossless(200 + i), quality) for i in range(COUNT)], 2)
    found = history("jpeg_grid", coded, calm)
    assert (found.real_share, found.fake_share) == (1, 0)
    assert found.auc == 0  # fakes lie below
    assert found.tells
    assert not history("period", coded, calm).tells


def test_a_crop_does_not_hide_the_grid(calm):
    image = once_jpeg(lossless(1), 85)
    shares = near_zero_shares(luminance(image))
    assert np.unravel_index(shares.argmax(), shares.shape) == (0, 0)
    cropped = near_zero_shares(luminance(image[3:, 5:]))
    assert np.unravel_index(cropped.argmax(), cropped.shape) == (5, 3)
    assert grid_statistic(luminance(image[3:, 5:])) > THRESHOLDS["jpeg_grid"]


def test_both_classes_jpeg_of_other_qualities_are_told_by_the_amount():
    fine, coarse = (
        measured([once_jpeg(lossless(300 + i), quality) for i in range(COUNT)], quality)
        for quality in (95, 50)
    )
    found = history("jpeg_grid", fine, coarse)
    assert min(found.real_share, found.fake_share) > 0.9
    assert found.tells
    half = len(fine) // 2
    mixed = [*fine[:half], *coarse[:half]], [*fine[half:], *coarse[half:]]
    assert not history("jpeg_grid", *mixed).tells


@pytest.mark.parametrize("factor", [1.3, 1.7])
def test_enlarged_pictures_shout(factor, calm):
    larger = measured([enlarged(lossless(400 + i), factor) for i in range(COUNT)], 3)
    found = history("period", calm, larger)
    assert (found.real_share, found.fake_share) == (0, 1)
    assert found.tells
    assert not history("jpeg_grid", calm, larger).tells


def test_the_periods_of_generators_layers_are_no_preparation(calm):
    for factor, side in ((2, 96), (4, 48)):
        larger = measured([enlarged(lossless(500 + i, side, side), factor) for i in range(8)], 4)
        assert not history("period", calm, larger).tells


def test_small_and_flat_images_have_no_number_or_a_calm_one():
    small = luminance(lossless(0, 20, 200))
    assert math.isnan(grid_statistic(small))
    assert math.isnan(period_statistic(luminance(lossless(0, 100, 200))))
    flat = np.full((160, 160, 3), 77, np.uint8)
    assert grid_statistic(luminance(flat)) == 0
    assert period_statistic(luminance(flat)) < 0
    found = history("period", measured([lossless(0, 64, 64)]), measured([lossless(1, 64, 64)]))
    assert (found.reals, found.fakes, found.too_small) == (0, 0, 2)
    assert found.real_share is found.auc is found.accuracy is None
    assert not found.tells


def test_few_images_never_tell():
    coded = measured([once_jpeg(lossless(i), 75) for i in range(3)])
    found = history("jpeg_grid", coded, measured([lossless(9 + i) for i in range(3)], 1))
    assert (found.real_share, found.fake_share, found.tells) == (1, 0, False)


@pytest.mark.parametrize("generator", ["glow", "vae"])
def test_real_lossless_images_are_calm(cifar_generators, generator):
    classes = [
        measured([decode(p) for p in sorted((cifar_generators / generator / "val" / c).iterdir())])
        for c in ("nature", "ai")
    ]
    found = history("jpeg_grid", *classes)
    assert found.real_share == found.fake_share == 0
    assert not found.tells


@given(
    st.lists(st.integers(0, 6), min_size=1, max_size=12),
    st.lists(st.integers(0, 6), min_size=1, max_size=12),
)
def test_auc_is_the_share_of_ordered_pairs(reals, fakes):
    pairs = [(f > r) + (f == r) / 2 for r in reals for f in fakes]
    assert auc(np.array(reals, float), np.array(fakes, float)) == pytest.approx(np.mean(pairs))


def test_brightness_is_seen_and_nothing_is_not(calm, others):
    bright = measured([np.minimum(lossless(600 + i), 205) + 50 for i in range(COUNT)], 5)
    accuracy, level = low_level_accuracy(calm, bright)
    assert accuracy > 0.9 > level
    accuracy, level = low_level_accuracy(calm, others)
    assert accuracy < level
    assert low_level_accuracy(calm[:4], others) is None


def test_the_discriminant_is_never_asked_of_what_it_learned():
    """As many features as images: on its own images it would be right always."""
    rng = np.random.default_rng(0)
    ids = [hashlib.sha256(str(i).encode()).hexdigest()[:32] for i in range(60)]
    features, labels = rng.normal(size=(60, 59)), np.repeat([0, 1], 30)
    assert cross_validated_accuracy(features, labels, ids) < 0.75
