"""Several views of one image side by side, and turning without a border."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.augmentations.placement import filled_after_turning, rotated
from data.operations import Image, PipelineError, parse
from data.randomness import stream
from detectors.training_pipeline import training_pipeline


@pytest.fixture
def image_HWC() -> Image:
    return stream("picture").integers(0, 256, (40, 50, 3), np.uint8)


def test_views_are_drawn_apart_and_lie_side_by_side(image_HWC: Image) -> None:
    strip = parse('views(3, "random_crop(16)")', "geometry")(image_HWC, stream(5))
    assert strip.shape == (16, 48, 3)
    rng, crop = stream(5), parse("random_crop(16)", "geometry")
    drawn = [crop(image_HWC, rng) for _ in range(3)]
    assert np.array_equal(strip, np.concatenate(drawn, axis=1))
    assert not np.array_equal(drawn[0], drawn[1])


def test_the_augmentation_acts_on_each_view_behind_its_geometry(image_HWC: Image) -> None:
    text = 'views(2, "resize(8,8)", augment="noise((5,9), p=1)")'
    strip = parse(text, "geometry")(image_HWC, stream(1))
    plain = parse('views(2, "resize(8,8)")', "geometry")(image_HWC, stream(1))
    assert np.array_equal(plain[:, :8], plain[:, 8:])
    assert not np.array_equal(strip[:, :8], strip[:, 8:])


def test_one_spelling_and_all_versions() -> None:
    """Both are in a fit's identity."""
    loose = parse("views( 2,'hflip(0.5)|resize( 8,8 )', augment='noise((0,10.0))')", "geometry")
    plain = parse('views(2, "hflip | resize(8,8)", augment="noise")', "geometry")
    assert loose == plain
    assert loose.canonical == 'views(2,"hflip | resize(8,8)", augment="noise")'
    assert set(loose.versions) == {
        "geometry.views",
        "geometry.hflip",
        "geometry.resize",
        "augmentation.noise",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('views(0, "hflip")', "count 0 is out of range"),
        ('views(2, "hflp")', "Did you mean hflip"),
        ('views(2, "hflip", augment="mixup")', "acts on batches"),
    ],
)
def test_what_makes_no_view_is_refused(text: str, message: str) -> None:
    with pytest.raises(PipelineError, match=message):
        parse(text, "geometry")


def test_an_experiments_augmentation_acts_on_the_whole_image() -> None:
    """Across a strip a blur would mix the views."""
    geometry = parse('resize(64) | views(2, "random_crop(16)")', "geometry")
    steps = training_pipeline(geometry, parse("blur", "augmentation")).operations
    assert [step.name for step in steps] == ["resize", "blur", "views"]


@given(st.integers(8, 40), st.integers(8, 40), st.floats(-180, 180))
def test_a_turn_that_is_cropped_shows_no_border(height: int, width: int, angle: float) -> None:
    white = np.full((height, width, 3), 255, np.uint8)
    turned = rotated(white, angle, "crop", "bilinear")
    assert turned.shape == white.shape
    assert turned.min() == 255


def test_the_kept_rectangle_is_the_largest() -> None:
    assert filled_after_turning(100, 100, 0) == (100, 100)
    assert filled_after_turning(100, 100, 45) == pytest.approx((70.71, 70.71), abs=0.01)
    assert filled_after_turning(60, 100, 90) == pytest.approx((60, 60))
    assert filled_after_turning(100, 200, 30) == pytest.approx((57.74, 100), abs=0.01)
