"""Resizing without antialiasing: against the formula, and what it does to fine structure."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from data.cv2_resizing import interpolated
from data.operations import PipelineError, parse

SIDES = st.integers(min_value=1, max_value=70)


@settings(max_examples=40, deadline=None)
@given(SIDES, SIDES, SIDES, SIDES, st.integers(0, 2**32 - 1))
def test_it_is_bilinear_interpolation_of_the_four_nearest(
    height: int, width: int, new_height: int, new_width: int, seed: int
) -> None:
    image_HWC = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    expected_CHW = torch.nn.functional.interpolate(
        torch.from_numpy(image_HWC).permute(2, 0, 1)[None].double(),
        size=(new_height, new_width),
        mode="bilinear",
        align_corners=False,
        antialias=False,
    )[0]
    ours_HWC = interpolated(image_HWC, new_height, new_width)
    assert ours_HWC.shape == (new_height, new_width, 3)
    assert np.abs(ours_HWC - expected_CHW.permute(1, 2, 0).numpy()).max() < 0.501


def test_fine_stripes_fold_and_do_not_become_grey() -> None:
    image_HWC = np.zeros((8, 12, 3), np.uint8)
    image_HWC[:, 1::3] = 255
    rng = np.random.default_rng(0)
    folded_HWC = parse("resize_cv2(8,4)", "geometry")(image_HWC, rng)
    assert folded_HWC.min() == 255  # the middle of each three, none of its neighbours
    antialiased_HWC = parse("resize(8,4)", "geometry")(image_HWC, rng)
    assert antialiased_HWC.max() < 200


def test_an_image_of_that_size_passes_as_it_is() -> None:
    image_HWC = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    assert parse("resize_cv2(5,7)", "geometry")(image_HWC) is image_HWC


def test_random_resolution_draws_each_side_and_ends_at_one_size() -> None:
    pipeline = parse("random_resolution(4, 6, 12)", "geometry")
    assert pipeline.is_random
    assert pipeline.result_size(40, 30) == (12, 12)
    image_HWC = np.random.default_rng(0).integers(0, 256, (40, 30, 3), dtype=np.uint8)
    of_side = {
        side: interpolated(interpolated(image_HWC, side, side), 12, 12).tobytes()
        for side in (4, 5, 6)
    }
    drawn = {pipeline(image_HWC, np.random.default_rng(seed)).tobytes() for seed in range(40)}
    assert drawn == set(of_side.values())


def test_a_range_that_falls_is_refused() -> None:
    with pytest.raises(PipelineError, match="largest_px 64 is out of range"):
        parse("random_resolution(128, 64, 512)", "geometry")
