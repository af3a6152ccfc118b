"""Equal strengths give the pixels of torchvision and timm. Slow: importing them takes long."""

import numpy as np
import PIL.Image
import pytest

from data.augmentations.pillow_effects import enhanced, with_hue_turned
from data.augmentations.placement import rotated, shifted
from data.augmentations.rand_augment import (
    BINS,
    TIMM_EFFECTS,
    TORCHVISION_EFFECTS,
    Resampling,
    timm_effect,
    torchvision_effect,
)
from data.randomness import stream

pytestmark = pytest.mark.slow
IMAGE_HWC = stream("published").integers(0, 256, (37, 45, 3), np.uint8)
PICTURE = PIL.Image.fromarray(IMAGE_HWC)
THEIR_WORD = {
    "translate_x": "TranslateX",
    "translate_y": "TranslateY",
    "colour": "Color",
    "auto_contrast": "AutoContrast",
    "solarize_add": "SolarizeAdd",
    "shear_x": "ShearX",
    "shear_y": "ShearY",
}


def their_word(name: str) -> str:
    return THEIR_WORD.get(name, name.capitalize())


@pytest.mark.parametrize("magnitude", [0, 3, 9, 14, 30])
def test_rand_augment_is_torchvisions(magnitude: int) -> None:
    from torchvision.transforms import InterpolationMode, RandAugment, autoaugment

    space = RandAugment()._augmentation_space(BINS, IMAGE_HWC.shape[:2])
    assert set(space) == {their_word(name) for name in TORCHVISION_EFFECTS}
    for name in TORCHVISION_EFFECTS:
        values, has_sign = space[their_word(name)]
        value = float(values[magnitude]) if values.ndim else 0.0
        for sign in (1, -1) if has_sign else (1,):
            theirs = autoaugment._apply_op(
                PICTURE, their_word(name), sign * value, InterpolationMode.NEAREST, None
            )
            ours = torchvision_effect(PICTURE, name, magnitude, sign)
            assert np.array_equal(np.asarray(ours), np.asarray(theirs)), (name, sign)


@pytest.mark.parametrize("level", [0.0, 3.3, 9.0, 10.0])
@pytest.mark.parametrize("sign", [1, -1])
def test_rand_augment_timm_is_timms(
    level: float, sign: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from timm.data import auto_augment

    monkeypatch.setattr(auto_augment.random, "random", lambda: 0.4 if sign > 0 else 0.6)
    names = {
        **{name: their_word(name) for name in TIMM_EFFECTS},
        **{name: f"{their_word(name)}Rel" for name in ("translate_x", "translate_y")},
        **{
            name: f"{their_word(name)}Increasing"
            for name in ("posterize", "solarize", "colour", "contrast", "brightness", "sharpness")
        },
    }
    assert set(names.values()) == set(auto_augment._RAND_INCREASING_TRANSFORMS)
    for name, theirs in names.items():
        hparams = {"img_mean": (124, 116, 104), "interpolation": Resampling.BICUBIC}
        operation = auto_augment.AugmentOp(theirs, 1.0, level, hparams)
        ours = timm_effect(PICTURE, name, level, sign, Resampling.BICUBIC)
        if (name, level) == ("posterize", 10.0):  # refused by Pillow as timm asks for it
            assert not np.asarray(ours).any()
            continue
        assert np.array_equal(np.asarray(ours), np.asarray(operation(PICTURE))), name


def test_colours_and_places_are_torchvisions() -> None:
    from torchvision.transforms import InterpolationMode
    from torchvision.transforms import functional as theirs

    for turn in (-0.5, -0.21, 0.0, 0.1, 0.5):
        ours = with_hue_turned(PICTURE, turn)
        assert np.array_equal(np.asarray(ours), np.asarray(theirs.adjust_hue(PICTURE, turn)))
    for factor in (0.0, 0.6, 1.3):
        ours = enhanced(PICTURE, "colour", factor)
        expected = theirs.adjust_saturation(PICTURE, factor)
        assert np.array_equal(np.asarray(ours), np.asarray(expected))
    for angle in (-170.0, 13.0, 90.0):
        turned = theirs.rotate(PICTURE, angle, InterpolationMode.BILINEAR)
        assert np.array_equal(rotated(IMAGE_HWC, angle, "black", "bilinear"), np.asarray(turned))
    moved = theirs.affine(PICTURE, 0.0, [4, -6], 1.0, [0.0, 0.0])
    assert np.array_equal(shifted(IMAGE_HWC, -6, 4, "black"), np.asarray(moved))


def test_the_rectangles_of_a_resized_crop_are_torchvisions() -> None:
    """In distribution: shares of the area, proportions, and where nothing fits."""
    import torch
    from torchvision.transforms import RandomResizedCrop

    from data.geometry import _random_rectangle

    scale, ratio = (0.08, 1.0), (3 / 4, 4 / 3)
    picture = PIL.Image.new("RGB", (300, 200))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        theirs = np.array(
            [RandomResizedCrop.get_params(picture, scale, ratio) for _ in range(4000)]
        )
    ours = np.array(
        [_random_rectangle((200, 300, 3), scale, ratio, stream(n)) for n in range(4000)]
    )
    for quantile in (0.05, 0.25, 0.5, 0.75, 0.95):
        for column in range(4):
            values = [np.quantile(each[:, column], quantile) for each in (ours, theirs)]
            assert values[0] == pytest.approx(values[1], abs=8)
        shapes = [np.quantile(np.log(e[:, 3] / e[:, 2]), quantile) for e in (ours, theirs)]
        assert shapes[0] == pytest.approx(shapes[1], abs=0.04)
    for size in ((10, 500), (500, 10)):
        expected = RandomResizedCrop.get_params(PIL.Image.new("RGB", size), (1.0, 1.0), (0.9, 1.1))
        found = _random_rectangle((size[1], size[0], 3), (1.0, 1.0), (0.9, 1.1), stream(0))
        assert found == expected
