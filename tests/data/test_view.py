"""The view of an image: one value, and what it draws is a function of the image."""

import hashlib
import pickle
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.operation_registry import _registry
from data.operations import Image, Pipeline, PipelineError, TooSmall, operation, parse
from data.randomness import stream
from data.view import OtherVersion, View, view_of

texts = st.tuples(
    st.sampled_from(
        [
            *("none", "blur(1)", "noise(3)", "resize(20) | noise(9)", "resize(factor=0.5)"),
            *("input | noise(3)", "crop(0.5) | input | resize(9)"),
        ]
    ),
    st.sampled_from(["none", "center_crop(16)", "tile(24) | trim(8)", "resize(12,14)"]),
)
sizes = st.integers(1, 40)
ids = st.text("0123456789abcdef", min_size=32, max_size=32)


def grey(side: int = 64, level: int = 128) -> Image:
    return np.full((side, side, 3), level, np.uint8)


def image_of(seed: int, height: int, width: int) -> Image:
    return stream("picture", seed).integers(0, 256, (height, width, 3), np.uint8)


@given(texts, sizes, sizes)
def test_a_view_ends_at_the_size_that_it_says(text: Any, height: int, width: int) -> None:
    view = view_of(degradation=text[0], geometry=text[1])
    image_HWC = image_of(0, height, width)
    try:
        expected = view.result_size(height, width)
    except TooSmall:
        with pytest.raises(TooSmall):
            view(image_HWC, "a" * 32, 0)
        return
    assert view(image_HWC, "a" * 32, 0).shape == (*expected, 3)


@given(texts)
def test_a_view_is_a_value(text: Any) -> None:
    view = view_of(degradation=text[0], geometry=text[1])
    again = pickle.loads(pickle.dumps(view))
    assert again == view
    assert hash(again) == hash(view)
    equalise, degradation, geometry = view.canonical.split(" / ")
    assert view_of(equalise, degradation, geometry) == view


def test_a_view_has_the_versions_of_all_its_operations() -> None:
    view = view_of(degradation="noise(2) | resize(20)", geometry="resize(16)")
    assert view.versions == {
        "degradation.noise": 1,
        "degradation.resize": 1,
        "geometry.resize": 1,
    }
    assert view.canonical == "none / noise(2.0) | resize(20) / resize(16)"
    assert view_of().versions == {}


@pytest.mark.parametrize(
    "wrong",
    [
        {"degradation": parse("resize(16)", "geometry")},
        {"geometry": parse("resize(16)", "degradation")},
        {"degradation": parse("hflip", "augmentation")},
    ],
)
def test_an_operation_in_another_ones_place_is_refused(wrong: dict[str, Pipeline]) -> None:
    with pytest.raises(TypeError, match=r"was given as a view's (degradation|geometry); parse it"):
        View(**wrong)


def test_another_version_than_was_written_down_is_refused() -> None:
    view = view_of(degradation="jpeg(75)")
    view.require_versions({"degradation.jpeg": 1})
    with pytest.raises(OtherVersion, match=r"degradation.jpeg is of version 1 here and of 2 where"):
        view.require_versions({"degradation.jpeg": 2})
    with pytest.raises(OtherVersion, match=r"of version 1 here and of none where"):
        view.require_versions({})


def test_behind_input_the_detectors_input_is_degraded() -> None:
    image_HWC = image_of(3, 40, 50)
    crop, code = parse("center_crop(16)", "geometry"), parse("jpeg(50)", "degradation")
    before = view_of(degradation="jpeg(50)", geometry="center_crop(16)")
    behind = view_of(degradation="input | jpeg(50)", geometry="center_crop(16)")
    assert np.array_equal(before(image_HWC, "a" * 32, 0), crop(code(image_HWC)))
    assert np.array_equal(behind(image_HWC, "a" * 32, 0), code(crop(image_HWC)))
    assert before.canonical != behind.canonical
    assert before.versions != behind.versions
    both = view_of(degradation="noise(5) | input | noise(5)", geometry="center_crop(16)")
    once = view_of(degradation="noise(5)", geometry="center_crop(16)")
    clean = crop(image_HWC).astype(int)
    first, second = (v(image_HWC, "a" * 32, 0).astype(int) for v in (once, both))
    # It draws anew behind, and not what was drawn before.
    assert not np.array_equal(second - first, first - clean)
    assert not np.array_equal(first, second)


@pytest.mark.parametrize(
    "text", ["input", "jpeg(75) | input", "input | jpeg(75) | input | blur(1)"]
)
def test_an_input_mark_without_a_meaning_is_refused(text: str) -> None:
    with pytest.raises(PipelineError, match=r"written once and something stands behind it"):
        view_of(degradation=text)


def test_a_random_geometry_wants_a_generator() -> None:
    view = view_of(geometry="random_crop(8)")
    with pytest.raises(ValueError, match="given no generator"):
        view(grey(), "a" * 32, 0)
    assert view(grey(), "a" * 32, 0, stream(1)).shape == (8, 8, 3)


@given(st.lists(ids, min_size=2, max_size=5, unique=True), st.randoms(use_true_random=False))
@settings(max_examples=30)
def test_noise_is_a_function_of_the_image(image_ids: list[str], shuffle: Any) -> None:
    view = view_of(degradation="noise(10)")
    first = {image_id: view(grey(16), image_id, 0) for image_id in image_ids}
    order = list(image_ids)
    shuffle.shuffle(order)
    for image_id in order:  # in any order, and whatever the label
        for label in (0, 1):
            assert np.array_equal(view(grey(16), image_id, label), first[image_id])
    assert len({image.tobytes() for image in first.values()}) == len(image_ids)


@given(st.floats(0.5, 25), ids)
@settings(max_examples=30)
def test_noise_has_its_standard_deviation_in_grey_levels(sigma: float, image_id: str) -> None:
    noise = view_of(degradation=f"noise({sigma!r})")(grey(128), image_id, 0).astype(float) - 128
    # 49,152 values: the deviation's own standard error is .3 %; rounding adds a variance of 1/12.
    assert noise.std() == pytest.approx(np.sqrt(sigma**2 + 1 / 12), rel=0.02)
    assert abs(noise.mean()) < 0.03 * sigma


def test_noise_differs_between_pixels_and_channels() -> None:
    noise = view_of(degradation="noise(20)")(grey(128), "b" * 32, 0).astype(float) - 128
    pairs = [
        (noise[:, :, 0], noise[:, :, 1]),
        (noise[1:], noise[:-1]),
        (noise[:, 1:], noise[:, :-1]),
    ]
    for one, other in pairs:
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.05


def test_noise_is_cut_off_and_never_wraps() -> None:
    view = view_of(degradation="noise(30)")
    assert view(grey(64, 0), "c" * 32, 0).max() < 200
    assert view(grey(64, 255), "c" * 32, 0).min() > 55
    assert (view(grey(64, 0), "c" * 32, 0) == 0).mean() == pytest.approx(0.5, abs=0.03)
    assert np.array_equal(view_of(degradation="noise(0)")(grey(), "c" * 32, 0), grey())
    with pytest.raises(PipelineError, match="from 0 to 255"):
        view_of(degradation="noise(256)")


def test_strengths_share_their_draws_and_repetitions_do_not() -> None:
    def noise(text: str) -> Any:
        return view_of(degradation=text)(grey(), "d" * 32, 0).astype(float) - 128

    assert np.abs(noise("noise(16)") - 2 * noise("noise(8)")).max() <= 1.5  # rounding
    assert noise("noise(8) | noise(8)").std() == pytest.approx(8 * np.sqrt(2), rel=0.03)
    assert np.array_equal(noise("resize(64) | noise(8)"), noise("noise(8)"))


def test_noise_is_as_pinned() -> None:
    """Another value demands another version of `noise`: old scores were of other pixels."""
    noisy = view_of(degradation="noise(10)")(grey(8), "e" * 32, 0)
    assert hashlib.sha256(noisy.tobytes()).hexdigest()[:16] == "5dd2f7a92d6bed25"


@pytest.fixture
def equalise_for_this_test() -> Iterator[None]:
    """Shifts fakes by an amount that is drawn for each image; reals stay."""

    @operation("shift_for_this_test", kind="equalise", is_random=True, keeps_size=True, version=2)
    def shift(most: int) -> Any:
        def apply(image_HWC: Image, rng: np.random.Generator, label: int) -> Image:
            return image_HWC + np.uint8(label * rng.integers(1, most + 1))

        return apply

    yield
    del _registry["equalise", "shift_for_this_test"]


@pytest.mark.usefixtures("equalise_for_this_test")
def test_equalise_is_told_the_label_and_acts_first() -> None:
    view = view_of.__wrapped__("shift_for_this_test(100)", "resize(8)", "none")
    assert view.versions == {"equalise.shift_for_this_test": 2, "degradation.resize": 1}
    assert view.result_size(64, 64) == (8, 8)
    assert np.array_equal(view(grey(), "a" * 32, 0), grey(8))
    fakes = [int(view(grey(), 32 * digit, 1)[0, 0, 0]) for digit in "0123456789abcdef"]
    assert min(fakes) > 128
    assert len(set(fakes)) > 8
    assert fakes[3] == int(view(grey(), 32 * "3", 1)[0, 0, 0])
    with pytest.raises(ValueError, match=r"given no label; call it through data\.view\.View"):
        view.equalise(grey(), stream(0))
    assert replace(view, equalise=Pipeline(())) != view


def test_an_unknown_equalise_is_refused() -> None:
    with pytest.raises(PipelineError, match=r"Unknown equalise 'mtch'\. Did you mean match"):
        view_of("mtch")


def test_what_was_written_by_another_decoding_is_refused(monkeypatch):
    view = view_of(degradation="jpeg(75)")
    view.require_versions(view.versions)
    with pytest.raises(OtherVersion, match="operation decode is of version 1 here and of 2"):
        view.require_versions({**view.versions, "decode": 2})
    then = view.versions
    monkeypatch.setattr("data.decode_version.DECODE_VERSION", 2)
    assert view.versions == {**then, "decode": 2}
    with pytest.raises(OtherVersion, match="operation decode is of version 2 here and of 1"):
        view.require_versions(then)


def test_a_view_is_found_by_an_equal_one_in_another_process() -> None:
    """Texts hash otherwise there, so a hash that was asked for here must not travel."""
    view = view_of("none", "jpeg(75)", "random_crop(8) | hflip")
    hash(view)
    arrived = pickle.loads(pickle.dumps(view))
    assert "_hash" not in vars(arrived)
    assert arrived == view
    assert {view: "found"}[arrived] == "found"


def test_strided_is_the_call_without_its_copy() -> None:
    image_HWC = np.arange(12 * 12 * 3, dtype=np.uint8).reshape(12, 12, 3)
    view = view_of(geometry="random_crop(8)")
    own = view.strided(image_HWC, "a" * 32, 0, stream("crop"))
    assert np.shares_memory(own, image_HWC)
    copy = view(image_HWC, "a" * 32, 0, stream("crop"))
    assert np.array_equal(own, copy)
    assert copy.flags.c_contiguous
    assert not np.shares_memory(copy, image_HWC)
