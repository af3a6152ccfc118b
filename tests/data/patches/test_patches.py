"""The choice of a patch, held against the plain sum over neighbours, and when it is drawn."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.decoded.prefix import split
from data.operations import Image, TooSmall, parse
from data.patches import complexity
from data.patches.choice import choose_patch, drawn_corners
from data.patches.complexity import Directions, complexities
from data.randomness import stream
from data.view import View, view_of
from detectors.training_pipeline import training_pipeline

DIRECTIONS = st.sampled_from(["all", "no_diagonals"])


def picture(seed: int, height: int, width: int, levels: int = 256) -> Image:
    return stream("picture", seed).integers(0, levels, (height, width, 3), np.uint8)


def plain_complexity(patch_HWC: Image, directions: Directions) -> int:
    """Pixel by pixel, as one would write it down."""
    height, width = patch_HWC.shape[:2]
    ways = [(0, 1), (1, 0), *([(1, 1), (1, -1)] if directions == "all" else [])]
    return sum(
        abs(
            int(patch_HWC[row, column, channel])
            - int(patch_HWC[row + down, column + right, channel])
        )
        for down, right in ways
        for row in range(height - down)
        for column in range(max(0, -right), width - max(0, right))
        for channel in range(3)
    )


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 9), st.integers(1, 9), st.integers(0, 7), DIRECTIONS, st.integers(1, 5))
def test_complexity_is_the_sum_over_neighbours(
    seed: int, size_px: int, more: int, directions: Directions, of: int
) -> None:
    image_HWC = picture(seed, size_px + more, size_px + 2 * more)
    corners_N2 = drawn_corners(*image_HWC.shape[:2], size_px, of, stream(seed))
    expected = [
        plain_complexity(image_HWC[row : row + size_px, column : column + size_px], directions)
        for row, column in corners_N2
    ]
    assert complexities(image_HWC, corners_N2, size_px, directions).tolist() == expected


def test_large_patches_do_not_overflow(monkeypatch: pytest.MonkeyPatch) -> None:
    size_px = complexity.LINES_IN_16_BITS + 3
    image_HWC = np.zeros((size_px + 1, size_px, 3), np.uint8)
    image_HWC[::2] = 255
    corners_N2 = np.array([[0, 0], [1, 0], [0, 0]])
    expected = [255 * 3 * size_px * (size_px - 1)] * 3
    assert complexities(image_HWC, corners_N2, size_px, "no_diagonals").tolist() == expected
    monkeypatch.setattr(complexity, "PIXELS_AT_ONCE", 1)
    assert complexities(image_HWC, corners_N2, size_px, "no_diagonals").tolist() == expected


def test_of_equal_patches_the_first_is_taken() -> None:
    image_HWC = np.zeros((8, 8, 3), np.uint8)
    image_HWC[0, 0] = image_HWC[0, 4] = 9  # two corners of equal complexity, the others are flat
    corners_N2 = np.array([[0, 4], [4, 4], [0, 0], [4, 0]])
    assert choose_patch(image_HWC, corners_N2, 4, "simplest").chosen == 1
    richest = choose_patch(image_HWC, corners_N2, 4, "richest")
    assert (richest.chosen, richest.corner) == (0, (0, 4))
    assert np.array_equal(richest.cut(image_HWC), image_HWC[0:4, 4:8])
    first = choose_patch(image_HWC, corners_N2, 4, "random")
    assert (first.chosen, first.complexity_N) == (0, None)


def test_diagonals_can_decide() -> None:
    checks_HWC = np.zeros((4, 8, 3), np.uint8)
    checks_HWC[::2, ::2] = checks_HWC[1::2, 1::2] = 20  # the diagonals are equal here
    checks_HWC[:, 4:] = 0
    checks_HWC[::2, 4:] = 30  # rows: the diagonals differ
    corners_N2 = np.array([[0, 0], [0, 4]])
    assert choose_patch(checks_HWC, corners_N2, 4, "simplest", "all").chosen == 0
    assert choose_patch(checks_HWC, corners_N2, 4, "simplest", "no_diagonals").chosen == 1


def test_every_corner_can_be_drawn_and_none_outside() -> None:
    corners_N2 = drawn_corners(6, 4, 3, 2000, stream("corners"))
    found, counts = np.unique(corners_N2, axis=0, return_counts=True)
    assert found.tolist() == [[row, column] for row in range(4) for column in range(2)]
    assert counts.min() > 200
    assert drawn_corners(3, 3, 3, 5, stream("corners")).max() == 0


def test_training_draws_by_its_generator() -> None:
    image_HWC = picture(0, 60, 50)
    view = view_of(geometry="patch(8, of=4)")
    first = view(image_HWC, "a" * 32, 0, stream(0, "image", 1, "a" * 32))
    assert np.array_equal(first, view(image_HWC, "b" * 32, 1, stream(0, "image", 1, "a" * 32)))
    assert not np.array_equal(first, view(image_HWC, "a" * 32, 0, stream(0, "image", 2, "a" * 32)))


@pytest.mark.parametrize("degradation", ["none", "noise(5)", "input | noise(5)"])
def test_a_test_draws_by_the_image(degradation: str) -> None:
    image_HWC = picture(1, 60, 50)
    view = view_of(degradation=degradation, geometry="squash(16) | patch(8, of=4)")
    once = view(image_HWC, "a" * 32, 0)
    assert once.shape == (8, 8, 3)
    assert np.array_equal(once, view(image_HWC, "a" * 32, 1))
    assert not np.array_equal(once, view(image_HWC, "b" * 32, 0))


def test_the_patch_does_not_depend_on_what_a_degradation_draws() -> None:
    """Equal corners, so a row of strengths compares one place of the image."""
    image_HWC = np.full((64, 64, 3), 128, np.uint8)
    image_HWC += np.arange(64, dtype=np.uint8)[:, None, None]
    geometry = 'patch(8, of=1, choose="random")'
    plain = view_of(geometry=geometry)(image_HWC, "a" * 32, 0)
    noisy = view_of(degradation="noise(1)", geometry=geometry)(image_HWC, "a" * 32, 0)
    assert np.abs(plain.astype(int).mean((1, 2)) - noisy.astype(int).mean((1, 2))).max() < 2


def test_other_chance_stays_refused_in_tests() -> None:
    assert view_of(geometry="patch(8)").geometry.is_testable
    assert not view_of(geometry="hflip | patch(8)").geometry.is_testable
    with pytest.raises(ValueError, match="given no generator"):
        view_of(geometry="hflip | patch(8)")(picture(0, 9, 9), "a" * 32, 0)


@pytest.mark.parametrize("degradation", ["none", "noise(5)", "noise(5) | input | noise(5)"])
def test_a_tests_patch_is_kept_whole_and_a_trainings_is_not(degradation: str) -> None:
    view = view_of(degradation=degradation, geometry="resize(40,40) | patch(8, of=3)")
    kept, rest = split(view, is_test=True)
    assert (kept, rest) == (view, View())
    kept, rest = split(view)
    assert not kept.geometry.is_random
    image_HWC, image_id = picture(2, 50, 60), "c" * 32
    whole = view(image_HWC, image_id, 0)
    assert np.array_equal(rest(kept(image_HWC, image_id, 0), image_id, 0), whole)


@pytest.mark.parametrize(
    ("text", "size", "becomes"),
    [
        ("squash(16)", (15, 40), (16, 16)),
        ("squash(16)", (16, 40), (16, 40)),
        ("squash(16, below=8)", (8, 40), (8, 40)),
        ("squash(16, below=8)", (7, 40), (16, 16)),
        ("zero_pad(9)", (4, 12), (9, 12)),
        ("zero_pad(9)", (9, 9), (9, 9)),
        ("patch(4)", (4, 9), (4, 4)),
    ],
)
def test_sizes_of_small_images(text: str, size: tuple[int, int], becomes: tuple[int, int]) -> None:
    assert parse(text, "geometry").result_size(*size) == becomes


def test_a_patch_larger_than_the_image_is_refused() -> None:
    with pytest.raises(TooSmall, match=r"patch\(16\) does not fit into an image of 12 x 40"):
        parse("patch(16)", "geometry").result_size(12, 40)


def test_zeros_go_around_the_image_the_odd_line_below_and_to_the_right() -> None:
    padded = parse("zero_pad(8)", "geometry")(np.full((5, 7, 3), 9, np.uint8))
    expected = np.zeros((8, 8, 3), np.uint8)
    expected[1:6, 0:7] = 9
    assert np.array_equal(padded, expected)


@pytest.mark.slow  # importing torchvision
@pytest.mark.parametrize("size", [(3, 3), (4, 11), (11, 4), (5, 20), (8, 8), (13, 10)])
def test_padding_and_the_middle_are_torchvisions(size: tuple[int, int]) -> None:
    functional: Any = pytest.importorskip("torchvision.transforms.functional")
    import PIL.Image

    image_HWC = picture(3, *size)
    expected = np.asarray(functional.center_crop(PIL.Image.fromarray(image_HWC), 8))
    ours = parse("zero_pad(8) | center_crop(8)", "geometry")(image_HWC)
    assert np.array_equal(ours, expected)


def test_an_augmentation_acts_before_the_patch_is_chosen() -> None:
    geometry = parse("squash(256, below=32) | patch(32)", "geometry")
    trained = training_pipeline(geometry, parse("jpeg", "augmentation"))
    assert trained.canonical == "squash(256, below=32) | jpeg | patch(32)"
