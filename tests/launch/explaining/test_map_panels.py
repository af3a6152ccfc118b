import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from launch.explaining.colour_scales import level_scale, signed_scale
from launch.explaining.map_panels import map_panels
from launch.explaining.panels import enlarged, overlay

IMAGE = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
PLANES = arrays(np.float32, (5, 7), elements=st.floats(-100, 100, width=32))


@settings(max_examples=25)
@given(PLANES)
def test_signed_scales_are_symmetric_and_zero_is_white(plane):
    scale = signed_scale(plane)
    assert scale.low == -scale.high
    assert np.log2(scale.high) == round(np.log2(scale.high))
    assert scale.coloured(np.zeros((1, 1), np.float32)).min() > 240
    ends = scale.coloured(np.array([[scale.low, scale.high]], np.float32)).astype(int)
    assert np.abs(ends[0, 0] - ends[0, 1]).max() > 50


@settings(max_examples=25)
@given(PLANES)
def test_any_map_has_a_picture(plane):
    plane = plane.copy()
    plane[0, 0] = np.nan
    for scale in (signed_scale(plane), level_scale(plane)):
        picture = scale.coloured(plane)
        assert picture.shape == (5, 7, 3)
        assert (picture[0, 0] == 128).all()


def drawn(**maps):
    return {panel.name: panel for panel in map_panels(maps, IMAGE)}


def test_half_a_spectrum_is_completed_around_its_zero_frequency():
    pixels = np.random.default_rng(1).random((3, 32, 32))
    whole = np.log(np.abs(np.fft.fft2(pixels)) + 1e-3).astype(np.float32)
    half = whole[..., :17]
    panels = drawn(log_fft=half, terms_of_logit=half - half.mean())
    panel = panels["log spectrum"]
    middle = np.fft.fftshift(whole, axes=(1, 2)).mean(axis=0)
    assert (panel.picture == panel.scale.coloured(middle)).all()
    assert "zero frequency in the middle" in panel.caption
    terms = panels["terms of logit of log spectrum"]
    assert terms.scale.low == -terms.scale.high


def test_each_map_is_drawn_as_what_it_is():
    rng = np.random.default_rng(2)
    signed = rng.normal(size=(3, 32, 32)).astype(np.float32)
    panels = drawn(
        npr_map=signed,
        patch=rng.random((3, 16, 16)).astype(np.float32),
        pixels=rng.random((3, 32, 32)).astype(np.float32),
        attention=rng.random((1, 2, 2)).astype(np.float32),
        token_similarities=rng.random((3, 4, 4)).astype(np.float32),
    )
    assert panels["npr map"].scale.low < 0
    assert panels["patch"].scale is None
    assert "pixels" not in panels
    assert panels["attention"].picture.shape[0] >= 32
    assert panels["attention"].scale.low == 0
    assert "token similarities: low and high" in panels


def test_attention_lies_over_the_squares_that_it_is_of():
    low = np.full((3, 32, 64), 0.25, np.float32)
    high = np.zeros((3, 32, 64), np.float32)
    attention = np.array([[[0.0, 1.0]]], np.float32)
    panel = drawn(low_frequencies=low, high_frequencies=high, attention=attention)["attention"]
    height, width = panel.picture.shape[:2]
    assert width == 2 * height
    left, right = panel.picture[:, : width // 2], panel.picture[:, width // 2 :]
    assert len(np.unique(left.reshape(-1, 3), axis=0)) == 1
    assert right.mean() > left.mean() + 50


@pytest.mark.parametrize(("side", "grown"), [(8, 320), (300, 300), (500, 500)])
def test_small_pictures_grow_by_whole_pixels(side, grown):
    picture = np.random.default_rng(3).integers(0, 256, (side, side, 3), dtype=np.uint8)
    larger = enlarged(picture)
    assert larger.shape[0] == grown
    times = grown // side
    assert (larger[::times, ::times] == picture).all()


def test_an_overlay_is_the_image_where_nothing_counts():
    plane = np.zeros((2, 2), np.float32)
    plane[0, 0] = 1
    shown = overlay(IMAGE, plane, level_scale(plane), smooth=False)
    assert shown.shape == enlarged(IMAGE).shape
