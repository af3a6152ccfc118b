"""PatchCraft's two textures: which patches, in which order, and when they are drawn."""

import numpy as np
import pytest

from data.operations import Image, TooSmall, parse
from data.patches.choice import drawn_corners
from data.patches.complexity import complexities
from data.patches.texture import order_by_texture
from data.pipelines import PipelineError
from data.randomness import stream
from data.view import view_of
from detectors.training_pipeline import training_pipeline


def steps_of_contrast() -> Image:
    """32 x 32 px of squares of 8 px; the stripes of each are stronger than those before."""
    image_HWC = np.zeros((32, 32, 3), np.uint8)
    for place in range(16):
        row, column = (8 * step for step in divmod(place, 4))
        image_HWC[row : row + 8 : 2, column : column + 8] = 15 * place
    return image_HWC


def tiles(laid_out_HWC: Image, patch_px: int) -> list[Image]:
    """Its patches, line by line."""
    side_px = laid_out_HWC.shape[0]
    return [
        laid_out_HWC[row : row + patch_px, column : column + patch_px]
        for row in range(0, side_px, patch_px)
        for column in range(0, laid_out_HWC.shape[1], patch_px)
    ]


def test_left_are_the_plainest_and_right_the_most_textured() -> None:
    image_HWC = steps_of_contrast()
    grid = [(8 * row, 8 * column) for row in range(4) for column in range(4)]
    corners_N2 = np.array([grid[place] for place in stream("order").permutation(16)])
    found_HWC = order_by_texture(image_HWC, corners_N2, 8).poor_and_rich(image_HWC, 16)
    assert found_HWC.shape == (16, 32, 3)
    poor, rich = tiles(found_HWC[:, :16], 8), tiles(found_HWC[:, 16:], 8)
    expected = tiles(image_HWC, 8)
    assert all(np.array_equal(ours, square) for ours, square in zip(poor, expected, strict=False))
    assert all(
        np.array_equal(ours, square) for ours, square in zip(rich, expected[::-1], strict=False)
    )


def test_equal_patches_keep_the_order_in_which_they_were_drawn() -> None:
    image_HWC = np.zeros((8, 8, 3), np.uint8)
    corners_N2 = drawn_corners(8, 8, 4, 9, stream("corners"))
    order = order_by_texture(image_HWC, corners_N2, 4)
    assert order.ascending_N.tolist() == list(range(9))
    assert order.complexity_N.tolist() == [0] * 9


def test_the_order_is_that_of_the_complexity_with_diagonals() -> None:
    image_HWC = stream("picture").integers(0, 256, (70, 90, 3), np.uint8)
    corners_N2 = drawn_corners(70, 90, 16, 48, stream("corners"))
    order = order_by_texture(image_HWC, corners_N2, 16)
    measured_N = complexities(image_HWC, corners_N2, 16, "all")
    assert order.complexity_N.tolist() == measured_N.tolist()
    assert (np.diff(measured_N[order.ascending_N]) >= 0).all()


def test_tests_draw_by_the_image_and_training_by_its_generator() -> None:
    image_HWC = stream("picture").integers(0, 256, (60, 50, 3), np.uint8)
    view = view_of(geometry="poor_and_rich(32, 8, of=48)")
    assert view.geometry.is_testable
    once = view(image_HWC, "a" * 32, 0)
    assert once.shape == (32, 64, 3)
    assert np.array_equal(once, view(image_HWC, "a" * 32, 1))
    assert not np.array_equal(once, view(image_HWC, "b" * 32, 0))
    first = view(image_HWC, "a" * 32, 0, stream(0, "image", 1, "a" * 32))
    assert np.array_equal(first, view(image_HWC, "b" * 32, 0, stream(0, "image", 1, "a" * 32)))
    assert not np.array_equal(first, view(image_HWC, "a" * 32, 0, stream(0, "image", 2, "a" * 32)))


@pytest.mark.parametrize("size", [(8, 200), (64, 64), (33, 9)])
def test_the_size_is_one_for_all_images(size: tuple[int, int]) -> None:
    assert parse("poor_and_rich(64, 8)", "geometry").result_size(*size) == (64, 128)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("poor_and_rich(256, 30)", "do not fill a side of 256 px"),
        ("poor_and_rich(256, 32, of=63)", "from 64 to 4096"),
    ],
)
def test_patches_that_do_not_fill_a_square_are_refused(text: str, says: str) -> None:
    with pytest.raises(PipelineError, match=says):
        parse(text, "geometry")


def test_an_image_smaller_than_a_patch_is_refused() -> None:
    with pytest.raises(
        TooSmall, match=r"poor_and_rich\(32\) does not fit into an image of 12 x 40"
    ):
        parse("poor_and_rich", "geometry").result_size(12, 40)


def test_an_augmentation_acts_before_the_patches_are_chosen() -> None:
    geometry = parse("squash(32) | poor_and_rich(256)", "geometry")
    trained = training_pipeline(geometry, parse("jpeg", "augmentation"))
    assert trained.canonical.startswith("squash(32) | jpeg | poor_and_rich")
