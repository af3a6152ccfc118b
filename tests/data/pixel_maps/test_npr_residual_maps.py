"""The residual in numpy is the network's; what repeats its pixels leaves none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.pixel_maps.npr_residual import absolute_residual, npr_residual


def image(seed, height, width):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@given(seed=st.integers(0, 1000), rows=st.integers(1, 20), columns=st.integers(1, 20))
def test_an_image_of_repeated_pixels_leaves_nothing(seed, rows, columns):
    small = image(seed, rows, columns)
    assert not npr_residual(small.repeat(2, 0).repeat(2, 1)).any()


def test_it_is_the_map_of_the_network():
    import torch

    from detectors.networks.npr import NPRMap
    from detectors.networks.npr_residual import npr_residual as of_the_network

    pixels = image(3, 34, 48)
    x = torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255
    expected = of_the_network(x, 0.5)[0].permute(1, 2, 0).numpy()
    assert np.array_equal(npr_residual(pixels), expected)
    seen = NPRMap()
    in_units = (seen(x) / seen.channel_scale)[0].permute(1, 2, 0).numpy()
    assert np.allclose(npr_residual(pixels), in_units, atol=1e-7)
    grey_levels = 255 * np.abs(expected).mean(axis=2)
    assert np.allclose(absolute_residual(pixels), grey_levels, atol=1e-4)


def test_the_top_left_pixel_of_each_block_is_the_one_compared_with():
    residual = absolute_residual(image(4, 16, 16))
    assert not residual[::2, ::2].any()
    assert residual[1::2].all()


def test_odd_sides_are_refused():
    with pytest.raises(ValueError, match="even sides"):
        npr_residual(image(0, 15, 16))
