"""`match` and `recompress`, on pixels: what they do to reals, what to fakes, and to what size."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.jpeg import jpeg_coded
from data.matching.coding import LOSSLESS, Coding, coded_as
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
    st.integers(16, 90),
    st.integers(16, 90),
    st.sampled_from([16, 20, 32, 48]),
    st.integers(0, 10**6),
)
def test_reals_are_cropped_on_the_grid_of_blocks_and_fakes_as_if_coded_whole(h, w, side, number):
    image, image_id = picture(h, w), f"{number:032x}"
    view = bound(side)
    real, fake = (view(image, image_id, label) for label in (0, 1))
    assert real.shape == fake.shape == (side, side, 3) == (*view.result_size(h, w), 3)
    if min(h, w) < side:
        return
    at = [(top, left) for top, left in places(real, image) if top % 16 == left % 16 == 0]
    assert at, "the real is no part of its image, or off the grid"
    top, left = at[0]
    wholes = [coded_as(image, coding) for coding, _ in CODINGS]
    parts = [whole[top : top + side, left : left + side] for whole in wholes]
    assert any(np.array_equal(part, fake) for part in parts)


def test_every_place_of_the_grid_is_drawn():
    rows, columns = np.indices((70, 53), dtype=np.uint8)
    image = np.stack([rows, columns, rows], axis=2)  # a pixel says where it is from
    found = {tuple(bound(20)(image, image_id, 0)[0, 0, :2].tolist()) for image_id in ids(200)}
    assert found == {(top, left) for top in (0, 16, 32, 48) for left in (0, 16, 32)}


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
    assert np.array_equal(real[24:], real[15:23][::-1])


def test_what_is_drawn_is_as_pinned():
    """Other draws demand another version of `match`: fits and scores were of these."""
    view, image = bound(32), picture(80, 96)
    assert view.versions == {"equalise.match": 1}
    wholes = [coded_as(image, coding) for coding, _ in CODINGS]
    drawn = []
    for image_id in ids(6):
        [place] = places(view(image, image_id, 0), image)
        fake = view(image, image_id, 1)
        drawn.append((*place, next(n for n, w in enumerate(wholes) if place in places(fake, w))))
    assert drawn == [
        (0, 48, 0),
        (0, 16, 0),
        (16, 64, 1),
        (32, 48, 1),
        (32, 16, 0),
        (16, 48, 1),
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
