"""The fast blur has the pixels of the plain sums, to the bit, however it comes by them."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from plain_gaussian_blur import plain_gaussian_blur

from data import blur_products
from data import gaussian_blur as module
from data.gaussian_blur import gaussian_blur
from data.pipelines import Image
from data.randomness import stream


def noise(height: int, width: int, levels: int = 256) -> Image:
    return stream("blur", height, width).integers(0, levels, (height, width, 3), np.uint8)


def chequered(height: int, width: int, dark: int, bright: int) -> Image:
    """Every blurred value lies at the mean of both levels: a half where their sum is odd."""
    cells = np.indices((height, width)).sum(0) % 2
    return np.repeat(np.where(cells, bright, dark).astype(np.uint8)[:, :, None], 3, axis=2)


@given(
    st.integers(1, 90),
    st.integers(1, 90) | st.integers(512, 530),
    st.floats(0.13, 12),
    st.sampled_from([2, 4, 256]),
)
@example(1, 41, 4.75, 2)
@settings(max_examples=60, deadline=None)
def test_pixels_are_those_of_the_plain_sums(
    height: int, width: int, sigma: float, levels: int
) -> None:
    image_HWC = noise(height, width, levels)
    before = image_HWC.copy()
    assert np.array_equal(gaussian_blur(image_HWC, sigma), plain_gaussian_blur(image_HWC, sigma))
    assert np.array_equal(image_HWC, before)


@pytest.mark.parametrize("sigma", [0.7, 3.0, 5.0, 20.0])
@pytest.mark.parametrize("levels", [(50, 151), (0, 255), (7, 8), (9, 9)])
def test_values_at_a_half_are_those_of_the_plain_sums(
    sigma: float, levels: tuple[int, int]
) -> None:
    image_HWC = chequered(70, 50, *levels)
    assert np.array_equal(gaussian_blur(image_HWC, sigma), plain_gaussian_blur(image_HWC, sigma))


@pytest.mark.parametrize("sigma", [0.5, 1.0, 3.0, 16.0])
def test_the_products_err_by_less_than_is_proven(sigma: float) -> None:
    """Held against exact sums; what they leave to settle is what lies that near to a half."""
    weights = module._half_kernel(sigma, int(4 * sigma + 0.5))
    image_HWC = noise(64, 64)
    moved_HCW = module._mirrored_around(image_HWC, len(weights) - 1)
    kernel = np.concatenate([weights[:0:-1], weights]).astype(np.float64)
    exact_HCW = moved_HCW + 128.0
    for axis in (0, 2):
        exact_HCW = np.apply_along_axis(np.convolve, axis, exact_HCW, kernel, "valid")
    products = blur_products.Products(weights, 64, 64)
    unsettled = products.write(moved_HCW, np.empty_like(image_HWC))
    # What `write` leaves in its buffers: how far each value is from its grey level.
    far = np.abs(exact_HCW - np.rint(exact_HCW))
    assert products.shape == far.shape
    proven = blur_products.largest_error(weights)
    assert np.abs(products._distance - far.reshape(-1, 64)).max() < proven < 0.01
    assert unsettled is not None
    assert set(np.flatnonzero(far > 0.5)) <= set(unsettled)
    assert set(unsettled) <= set(np.flatnonzero(far > 0.5 - 2 * proven))


@given(st.integers(1, 200), st.integers(1, 1100), st.integers(1, blur_products.LARGEST_RADIUS_PX))
@settings(max_examples=15, deadline=None)
def test_no_product_is_shared_among_threads(height: int, width: int, radius: int) -> None:
    products = blur_products.Products(np.ones(radius + 1, np.float32), height, width)
    for left, right in (
        (products._band_down, products._moved_windows),
        (products._down_windows, products._band_across),
    ):
        assert left.shape[-2] * left.shape[-1] * right.shape[-1] <= 2**18


def test_settling_in_parts_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    image_HWC = noise(80, 80)
    monkeypatch.setattr(blur_products, "largest_error", lambda weights: 0.01)
    monkeypatch.setattr(module, "_WINDOW_BYTES", 1000)
    assert np.array_equal(gaussian_blur(image_HWC, 3.0), plain_gaussian_blur(image_HWC, 3.0))


def test_without_settling_some_pixels_would_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof is needed: without it the rounding of some values is the products' own."""
    image_HWC = chequered(64, 64, 50, 151)
    monkeypatch.setattr(blur_products, "largest_error", lambda weights: 0.0)
    assert not np.array_equal(gaussian_blur(image_HWC, 3.0), plain_gaussian_blur(image_HWC, 3.0))
