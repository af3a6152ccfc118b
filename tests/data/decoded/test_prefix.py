"""What is kept of a view, and that the rest of it makes the same pixels as the whole."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.decoded.prefix import split
from data.image_ids import image_id_of
from data.operations import TooSmall, parse
from data.randomness import stream
from data.view import View, view_of

GEOMETRY = st.lists(
    st.sampled_from(
        ["resize(20,24)", "random_crop(16)", "hflip", "center_crop(18)", "trim(2)", "tile(20)"]
    ),
    max_size=4,
).map(" | ".join)
DEGRADATION = st.sampled_from(
    [
        *("none", "noise(9)", "blur(1)", "jpeg(70) | noise(3)"),
        *("input | noise(4)", "noise(9) | input | noise(9)"),
    ]
)


@settings(max_examples=60, deadline=None)
@given(geometry=GEOMETRY, degradation=DEGRADATION, epoch=st.integers(0, 3))
def test_rest_of_kept_is_the_whole(geometry: str, degradation: str, epoch: int) -> None:
    view = view_of("none", degradation, geometry)
    image_HWC = stream("split").integers(0, 256, (22, 26, 3), np.uint8)
    image_id = image_id_of(image_HWC.tobytes())
    kept, rest = split(view)
    try:
        whole = view(image_HWC, image_id, 1, stream("train", epoch))
    except TooSmall:
        with pytest.raises(TooSmall):
            rest(kept(image_HWC, image_id, 1), image_id, 1, stream("train", epoch))
        return
    once = kept(image_HWC, image_id, 1)
    assert np.array_equal(rest(once, image_id, 1, stream("train", epoch)), whole)
    assert not kept.geometry.is_random
    assert rest == View() or view.geometry.is_random


@pytest.mark.parametrize(
    ("geometry", "kept", "rest"),
    [
        (
            "resize(256,256) | random_crop(224) | hflip",
            "resize(256,256)",
            "random_crop(224) | hflip",
        ),
        ("resize(256,256) | center_crop(224)", "resize(256,256) | center_crop(224)", "none"),
        ("hflip | resize(64,64)", "none", "hflip | resize(64,64)"),
    ],
)
def test_as_much_is_kept_as_does_not_change(geometry: str, kept: str, rest: str) -> None:
    found = split(view_of("none", "jpeg(75)", geometry))
    assert found.kept == view_of("none", "jpeg(75)", kept)
    assert found.rest == view_of("none", "none", rest)


def test_an_augmentation_is_not_kept() -> None:
    geometry = parse("resize(64,64)", "geometry").operations
    augmented = View(
        geometry=type(parse("none", "geometry"))(
            geometry + parse("blur_jpeg(p=0.5)", "augmentation").operations
        )
    )
    assert split(augmented).kept == view_of(geometry="resize(64,64)")
