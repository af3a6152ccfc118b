"""Spectra whose answer is known: a sinusoid, white noise, a constant, and Parseval's theorem."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.audit.jpeg_history import luminance
from data.pixel_maps.power_spectrum import FLOOR, decibels, over_rings, power_spectrum

# E[10 log10 P] - 10 log10 E[P] of an exponentially distributed P: Euler's constant in dB.
LOG_BIAS_DB = -10 * np.euler_gamma / np.log(10)


def grey(values):
    return np.repeat(np.clip(np.rint(values), 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


def whole_plane(half):
    """The half plane and its mirror, for sums over all N x N frequencies."""
    weight = np.full(half.shape, 2.0)
    weight[:, [0, -1]] = 1
    return (half * weight).sum()


@given(
    side=st.sampled_from([16, 32, 64]),
    down=st.integers(-5, 5),
    across=st.integers(2, 5),
    phase=st.floats(0, 6.28),
)
def test_a_sinusoid_peaks_where_it_is(side, down, across, phase):
    y, x = np.mgrid[:side, :side]
    wave = 128 + 90 * np.cos(2 * np.pi * (down * y + across * x) / side + phase)
    power = power_spectrum(grey(wave))
    row, column = np.unravel_index(power.argmax(), power.shape)
    assert (row - side // 2, column) == (down, across)
    # All but what a Hann window spreads to the neighbours is there: 16/36 of a plane wave's power.
    assert power.max() / whole_plane(power) * 2 == pytest.approx(16 / 36, rel=0.02)


def test_white_noise_is_flat_at_its_variance():
    rng = np.random.default_rng(0)
    sigma, images = 20.0, 300
    power = np.mean(
        [power_spectrum(grey(128 + rng.normal(0, sigma, (32, 32)))) for _ in range(images)], axis=0
    )
    variance = (sigma**2 + 1 / 12) / 255**2
    inner = np.delete(power, 16, axis=0)[:, 2:]  # without what removing the mean takes away
    assert inner.mean() == pytest.approx(variance, rel=0.01)
    assert inner.std() / variance == pytest.approx(images**-0.5, rel=0.15)
    rings = over_rings(power)[2:]
    assert np.abs(rings / variance - 1).max() < 0.06


def test_the_mean_in_decibels_lies_by_a_constant_lower():
    rng = np.random.default_rng(1)
    planes = [power_spectrum(grey(128 + rng.normal(0, 20, (32, 32)))) for _ in range(200)]
    inner = np.array([np.delete(plane, 16, axis=0)[:, 2:-1] for plane in planes])
    expected = 10 * np.log10((400 + 1 / 12) / 255**2) + LOG_BIAS_DB
    assert decibels(inner).mean() == pytest.approx(expected, abs=0.05)


@given(seed=st.integers(0, 10_000), side=st.sampled_from([8, 16, 30]))
def test_parseval(seed, side):
    image = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    from scipy.signal.windows import hann

    window = np.outer(hann(side, sym=False), hann(side, sym=False))
    shade = luminance(image).astype(float) / 255
    shade -= (window * shade).sum() / window.sum()
    mean_power = whole_plane(power_spectrum(image)) / side**2
    assert mean_power == pytest.approx((window**2 * shade**2).sum() / (window**2).sum(), rel=1e-9)


def test_a_constant_image_has_the_floor_and_nothing_else():
    flat = decibels(power_spectrum(np.full((16, 16, 3), 77, np.uint8)))
    assert np.allclose(flat, 10 * np.log10(FLOOR), atol=1e-6)


def test_rings_count_each_frequency_of_the_whole_plane_once():
    side = 16
    whole = np.random.default_rng(2).normal(size=(side, side))
    whole = whole + np.roll(whole[::-1, ::-1], 1, axis=(0, 1))  # as a real image's: mirrored
    y, x = np.mgrid[-side // 2 : side // 2, -side // 2 : side // 2]
    shifted = np.fft.fftshift(whole)
    ring = np.rint(np.hypot(y, x)).astype(int)
    expected = [shifted[ring == r].mean() for r in range(side // 2 + 1)]
    half = np.concatenate([shifted[:, side // 2 :], shifted[:, :1]], axis=1)
    assert np.allclose(over_rings(half), expected)


@pytest.mark.parametrize("shape", [(16, 18), (15, 15)])
def test_what_is_no_square_of_even_side_is_refused(shape):
    with pytest.raises(ValueError, match="square of even side"):
        power_spectrum(np.zeros((*shape, 3), np.uint8))
