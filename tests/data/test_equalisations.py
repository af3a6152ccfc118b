"""`match` and `recompress`, on pixels: what they do to reals, what to fakes, and to what size."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.jpeg import jpeg_coded
from data.matching.coding import LOSSLESS, Coding, coded_as
from data.matching.sizes import inner_px
from data.matching.table_list import TableList, UnknownTables, remember
from data.pipelines import PipelineError
from data.view import View, view_of

CODINGS = (
    (LOSSLESS, 1),
    (Coding("05" * 64 + ":" + "09" * 64, "4:2:0"), 2),
    (Coding("14" * 64, "4:2:2"), 1),
)


def bound(size_px, codings=CODINGS):
    digest = remember(TableList(size_px, codings))
    return view_of(f'match(tables="{digest}")')


def picture(height, width, seed=0):
    rng = np.random.default_rng([height, width, seed])
    ramp = np.add.outer(np.arange(height) * 3, np.arange(width) * 2)[..., None] % 256
    return np.clip(ramp + rng.normal(0, 30, (height, width, 3)), 0, 255).astype(np.uint8)


def ids(count):
    return [f"{i:032x}" for i in range(count)]


def places(part, whole):
    """Where a part lies in an image, as (top, left)."""
    height, width = part.shape[:2]
    return [
        (top, left)
        for top in range(whole.shape[0] - height + 1)
        for left in range(whole.shape[1] - width + 1)
        if np.array_equal(whole[top : top + height, left : left + width], part)
    ]


@settings(max_examples=60, deadline=None)
@given(
    st.integers(32, 120),
    st.integers(32, 120),
    st.sampled_from([16, 24, 30, 32, 48, 64]),
    st.integers(0, 10**6),
)
def test_reals_are_cropped_on_the_grid_of_blocks_and_fakes_as_if_coded_whole(h, w, side, number):
    image, image_id = picture(h, w), f"{number:032x}"
    view = bound(side)
    real, fake = (view(image, image_id, label) for label in (0, 1))
    assert real.shape == fake.shape == (side, side, 3) == (*view.result_size(h, w), 3)
    if inner_px(np.array([h, w])).min() < side:
        return
    at = [(top, left) for top, left in places(real, image) if top % 16 == left % 16 == 8]
    assert at, "the real is no part of its image, or off the grid"
    top, left = at[0]
    assert top + side <= h // 16 * 16 - 8
    assert left + side <= w // 16 * 16 - 8
    wholes = [coded_as(image, coding) for coding, _ in CODINGS]
    parts = [whole[top : top + side, left : left + side] for whole in wholes]
    assert any(np.array_equal(part, fake) for part in parts)


@settings(max_examples=40)
@given(st.integers(1, 200), st.integers(1, 150))
def test_whoever_counts_too_small_images_and_who_crops_agree(length, side):
    """An image that is kept is never continued beyond its own pixels."""
    pixels = np.arange(length, dtype=np.uint8)
    image = np.broadcast_to(pixels[:, None, None], (length, 200, 3))
    column = bound(side)(image, "a" * 32, 0)[:, 0, 0].astype(int)
    is_kept = inner_px(np.array([length]))[0] >= side
    if is_kept and side > 1:
        assert set(np.diff(column)) <= {1, -255}


def test_every_place_of_the_grid_is_drawn():
    rows, columns = np.indices((86, 69), dtype=np.uint8)
    image = np.stack([rows, columns, rows], axis=2)  # a pixel says where it is from
    found = {tuple(bound(20)(image, image_id, 0)[0, 0, :2].tolist()) for image_id in ids(200)}
    assert found == {(top, left) for top in (8, 24, 40) for left in (8, 24)}


def test_fakes_are_coded_as_often_in_each_way_as_the_reals():
    image = picture(16, 16)
    view = bound(None)
    coded = [coded_as(image, coding).tobytes() for coding, _ in CODINGS]
    drawn = [coded.index(view(image, image_id, 1).tobytes()) for image_id in ids(800)]
    shares = np.bincount(drawn, minlength=3) / len(drawn)
    assert shares == pytest.approx([0.25, 0.5, 0.25], abs=0.05)
    for image_id in ids(20):
        assert view(image, image_id, 0) is image


def test_what_is_drawn_is_a_function_of_the_image_and_survives_a_pickle():
    view = bound(32)
    image = picture(80, 80)
    again = pickle.loads(pickle.dumps(view))
    assert isinstance(again, View)
    assert again == view
    for image_id in ids(5):
        for label in (0, 1):
            assert np.array_equal(view(image, image_id, label), again(image, image_id, label))


def test_an_image_below_the_square_is_continued_so_that_its_pool_can_be_scored_whole():
    image = picture(24, 100)
    real = bound(32)(image, "a" * 32, 0)
    assert real.shape == (32, 32, 3)
    assert np.array_equal(real[16:31], real[:15][::-1])
    for label in (0, 1):
        assert bound(32)(picture(1, 1), "a" * 32, label).shape == (32, 32, 3)


def test_what_is_drawn_is_as_pinned():
    """Other draws demand another version of `match`: fits and scores were of these."""
    view, image = bound(32), picture(96, 112)
    assert view.versions == {"equalise.match": 1}
    wholes = [coded_as(image, coding) for coding, _ in CODINGS]
    drawn = []
    for image_id in ids(6):
        [place] = places(view(image, image_id, 0), image)
        fake = view(image, image_id, 1)
        drawn.append((*place, next(n for n, w in enumerate(wholes) if place in places(fake, w))))
    assert drawn == [
        (8, 56, 0),
        (8, 24, 0),
        (24, 72, 1),
        (40, 56, 1),
        (40, 24, 0),
        (24, 56, 1),
    ]


def test_a_list_that_is_not_known_here_is_no_silent_nothing():
    image = picture(32, 32)
    for text in ('match(tables="0123456789abcdef")', "match", "match(px=16)"):
        with pytest.raises(UnknownTables):
            view_of(text)(image, "a" * 32, 1)
        with pytest.raises(UnknownTables):
            view_of(text).result_size(32, 32)


def test_recompress_codes_both_classes_alike_and_keeps_the_size():
    image = picture(30, 41)
    view = view_of("recompress(96)")
    for label in (0, 1):
        assert np.array_equal(view(image, "a" * 32, label), jpeg_coded(image, 96, "4:2:0"))
    assert view.result_size(30, 41) == (30, 41)
    other = view_of('recompress(96, subsampling="4:4:4")')(image, "a" * 32, 0)
    assert np.array_equal(other, jpeg_coded(image, 96, "4:4:4"))


@pytest.mark.parametrize("text", ["recompress(0)", "recompress(101)", "match(px=0)", "recompress"])
def test_parameters_out_of_range_are_refused(text):
    with pytest.raises(PipelineError):
        view_of(text)
