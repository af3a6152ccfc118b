"""Degradations against their definitions, number by number."""

import numpy as np
import PIL.Image
import pytest

from data.operations import parse
from data.randomness import stream


def test_noise_is_rounded_and_so_moves_no_mean() -> None:
    grey_HWC = np.full((64, 64, 3), 128, np.uint8)
    drawn = stream("noise").standard_normal(grey_HWC.shape, np.float32)
    [step] = parse("noise(4)", "degradation").operations
    noisy_HWC = step.applied(grey_HWC, stream("noise"))
    assert np.array_equal(noisy_HWC, np.rint(128 + np.float32(4) * drawn).astype(np.uint8))
    assert abs(float(noisy_HWC.mean()) - 128) < 0.15


@pytest.mark.parametrize("filter", ["bilinear", "lanczos", "nearest"])
def test_what_is_resized_and_brought_back_is_so_by_one_filter(filter: str) -> None:
    image_HWC = stream("back").integers(0, 256, (30, 40, 3), np.uint8)
    resampling = PIL.Image.Resampling[filter.upper()]
    smaller = PIL.Image.fromarray(image_HWC).resize((20, 15), resampling)
    expected = np.asarray(smaller.resize((40, 30), resampling))
    text = f'resize(factor=0.5, filter="{filter}", back=True)'
    assert np.array_equal(parse(text, "degradation")(image_HWC), expected)
