"""What augmentations of single images do to pixels, and with which probability."""

import numpy as np
import PIL.Image
import PIL.ImageEnhance
import pytest

from data.augmentations.pillow_effects import with_hue_turned
from data.augmentations.placement import rotated, shifted
from data.augmentations.rand_augment import (
    TIMM_EFFECTS,
    TORCHVISION_EFFECTS,
    torchvision_effect,
)
from data.operations import Image, PipelineError, known, parse
from data.pipelines import registered
from data.randomness import stream

ALWAYS = [
    "vflip(1)",
    "rotate(30)",
    "translate(0.3)",
    "blur((1, 2), p=1)",
    "jpeg((30, 60), p=1)",
    "noise((5, 10), p=1)",
    "colour_jitter(0.4, 0.4, 0.4, 0.1)",
    "rand_augment(magnitude=20, num_ops=4)",
    "rand_augment_timm(num_ops=6)",
]


@pytest.fixture
def image_HWC() -> Image:
    """Smooth colours, so that what moves can be told."""
    rows, columns = np.mgrid[:40, :50]
    image_HWC = np.stack([rows * 6, columns * 5, 255 - rows * 3 - columns * 2], axis=2)
    return image_HWC.astype(np.uint8)


@pytest.mark.parametrize("text", ALWAYS)
def test_each_changes_pixels_and_repeats_itself(text: str, image_HWC: Image) -> None:
    pipeline = parse(text, "augmentation")
    image_HWC.setflags(write=False)
    results = [pipeline(image_HWC, stream(n)) for n in range(8)]
    assert all(result.shape == image_HWC.shape for result in results)
    assert all(result.dtype == np.uint8 for result in results)
    assert sum(not np.array_equal(result, image_HWC) for result in results) >= 6
    assert np.array_equal(results[3], pipeline(image_HWC, stream(3)))
    if text != "vflip(1)":
        assert len({result.tobytes() for result in results}) > 4


@pytest.mark.parametrize("name", ["vflip", "rotate", "translate", "blur", "jpeg", "noise"])
def test_p_is_a_probability(name: str, image_HWC: Image) -> None:
    own = {"rotate": "30, ", "translate": "0.3, ", "blur": "(1, 2), ", "noise": "(5, 9), "}
    pipeline = parse(f"{name}({own.get(name, '')}p=0.3)", "augmentation")
    small = image_HWC[:12, :12]
    changed = [not np.array_equal(pipeline(small, stream(n)), small) for n in range(300)]
    assert 0.2 < np.mean(changed) < 0.4


def test_vflip_mirrors_above_and_below(image_HWC: Image) -> None:
    assert np.array_equal(parse("vflip(1)", "geometry")(image_HWC, stream(0)), image_HWC[::-1])


def test_a_turn_keeps_the_centre_and_reflects_what_comes_in(image_HWC: Image) -> None:
    assert np.array_equal(rotated(image_HWC, 0.0, "reflect", "bilinear"), image_HWC)
    square = image_HWC[:40, :40]
    assert np.array_equal(rotated(square, 90.0, "reflect", "nearest"), np.rot90(square))
    black = rotated(image_HWC, 30.0, "black", "nearest")
    reflected = rotated(image_HWC, 30.0, "reflect", "nearest")
    assert (black == 0).all(axis=2).sum() > 100
    assert not (reflected == 0).all(axis=2).any()
    assert np.array_equal(black[15:25, 20:30], reflected[15:25, 20:30])
    for angle in (45.0, 90.0, -137.0, 180.0):
        tall = rotated(np.full((80, 10, 3), 7, np.uint8), angle, "reflect", "bilinear")
        assert (tall == 7).all()


def test_a_shift_moves_whole_pixels(image_HWC: Image) -> None:
    moved = shifted(image_HWC, 5, -7, "reflect")
    assert np.array_equal(moved[5:, :-7], image_HWC[:-5, 7:])
    assert np.array_equal(moved[:5, :-7], image_HWC[4::-1, 7:])
    black = shifted(image_HWC, 5, -7, "black")
    assert not black[:5].any()
    assert not black[:, -7:].any()
    assert np.array_equal(shifted(image_HWC, 0, 0, "reflect"), image_HWC)
    pipeline = parse("translate(0.5, step=2, outside='black')", "augmentation")
    marked = np.zeros((40, 50, 3), np.uint8)
    marked[20, 26] = 255
    places = [np.argwhere(pipeline(marked, stream(n))[:, :, 0]) for n in range(60)]
    assert all((place % 2 == 0).all() for place in places)
    assert min(p[0, 0] for p in places if len(p)) < 6
    assert max(p[0, 1] for p in places if len(p)) > 44


def test_colour_jitter_is_pillows_enhancement_within_its_range(image_HWC: Image) -> None:
    picture = PIL.Image.fromarray(image_HWC)
    pipeline = parse("colour_jitter(brightness=0.5)", "augmentation")
    factors = []
    for n in range(40):
        result = pipeline(image_HWC, stream(n))
        candidates = np.arange(0.5, 1.5001, 0.01)
        errors = [
            np.abs(np.asarray(PIL.ImageEnhance.Brightness(picture).enhance(f)).astype(int) - result)
            .mean()
            .item()
            for f in candidates
        ]
        assert min(errors) < 1.2
        factors.append(candidates[int(np.argmin(errors))])
    assert min(factors) < 0.6
    assert max(factors) > 1.4


def test_hues_run_round_the_circle() -> None:
    red = PIL.Image.new("RGB", (2, 2), (255, 0, 0))
    assert with_hue_turned(red, 0.0).getpixel((0, 0)) == (255, 0, 0)
    green = np.asarray(with_hue_turned(red, 1 / 3))[0, 0].astype(int)
    blue = np.asarray(with_hue_turned(red, -1 / 3))[0, 0].astype(int)
    assert np.abs(green - [0, 255, 0]).max() < 8
    assert np.abs(blue - [0, 0, 255]).max() < 8


def test_magnitude_zero_of_rand_augment_moves_nothing(image_HWC: Image) -> None:
    picture = PIL.Image.fromarray(image_HWC)
    same = {
        name
        for name in TORCHVISION_EFFECTS
        if np.array_equal(np.asarray(torchvision_effect(picture, name, 0, 1)), image_HWC)
    }
    assert set(TORCHVISION_EFFECTS) - same <= {"auto_contrast", "equalize", "solarize"}
    assert len(TORCHVISION_EFFECTS) == 14
    assert len(TIMM_EFFECTS) == 15


def test_every_effect_is_drawn(image_HWC: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[str] = []
    monkeypatch.setattr(
        "data.augmentations.rand_augment.torchvision_effect",
        lambda picture, name, *_: names.append(name) or picture,
    )
    for n in range(100):
        parse("rand_augment", "augmentation")(image_HWC[:4, :4], stream(n))
    assert len(names) == 200
    assert set(names) == set(TORCHVISION_EFFECTS)
    monkeypatch.setattr(
        "data.augmentations.rand_augment.timm_effect",
        lambda picture, name, *_: names.append(name) or picture,
    )
    names.clear()
    for n in range(200):
        parse("rand_augment_timm", "augmentation")(image_HWC[:4, :4], stream(n))
    assert 150 < len(names) < 250, "each acts with probability 0.5"
    assert set(names) == set(TIMM_EFFECTS)


def test_a_random_resized_crop_is_a_squashed_part(image_HWC: Image) -> None:
    rows, columns = np.mgrid[:200, :160]
    where_HWC = np.stack([rows, columns, rows], axis=2).astype(np.uint8)
    text = "random_resized_crop(16, scale=(0.1, 0.5), ratio=(0.5, 2.0), filter='nearest')"
    crop = parse(text, "geometry")
    shares, shapes = [], []
    for n in range(200):
        result = crop(where_HWC, stream(n)).astype(float)
        assert result.shape == (16, 16, 3)
        down = (result[-1, 0, 0] - result[0, 0, 0]) / 15 * 16
        across = (result[0, -1, 1] - result[0, 0, 1]) / 15 * 16
        shares.append(down * across / (200 * 160))
        shapes.append(across / down)
    assert 0.08 < min(shares) < 0.15
    assert 0.4 < max(shares) < 0.55
    assert np.mean(shares) == pytest.approx(0.3, abs=0.03)
    assert 0.45 < min(shapes) < 0.6
    assert 1.7 < max(shapes) < 2.2
    assert np.mean(np.log(shapes)) == pytest.approx(0, abs=0.1)
    whole = parse("random_resized_crop(16, scale=(1, 1), ratio=(1, 1))", "geometry")
    picture = PIL.Image.fromarray(image_HWC[:, 5:45])  # nothing fits: the largest in the middle
    expected = np.asarray(picture.resize((16, 16), PIL.Image.Resampling.BILINEAR))
    assert np.array_equal(whole(image_HWC, stream(0)), expected)
    assert crop.result_size(3, 1000) == (16, 16)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rotate(200)", "out of range"),
        ("translate(0.6)", "out of range"),
        ("colour_jitter", "nothing is changed"),
        ("colour_jitter(hue=0.6)", "hue 0.6 is out of range"),
        ("rand_augment(magnitude=31)", "out of range"),
        ("noise((5, 1))", "out of range"),
    ],
)
def test_strengths_out_of_range_are_refused(text: str, says: str) -> None:
    with pytest.raises(PipelineError, match=says):
        parse(text, "augmentation")


def test_sources_and_ranges_are_stated() -> None:
    for name in known("augmentation"):
        if not name.endswith("_for_this_test"):
            assert registered(name, "augmentation").factory.__doc__, name
