"""What each operation does to pixels."""

import io

import numpy as np
import PIL.Image
import pytest
from scipy.ndimage import gaussian_filter

from data.operations import Image, Kind, PipelineError, TooLarge, TooSmall, parse
from data.randomness import stream


@pytest.fixture
def image_HWC() -> Image:
    return stream("pixels").integers(0, 256, (40, 50, 3), np.uint8)


def test_resize_squashes_or_keeps_proportions(image_HWC: Image) -> None:
    assert parse("resize(30,20)", "geometry")(image_HWC).shape == (30, 20, 3)
    assert parse("resize(20)", "geometry")(image_HWC).shape == (20, 25, 3)
    assert parse("resize(20)", "geometry")(image_HWC.swapaxes(0, 1)).shape == (25, 20, 3)
    expected = PIL.Image.fromarray(image_HWC).resize((20, 30), PIL.Image.Resampling.BILINEAR)
    assert np.array_equal(parse("resize(30,20)", "geometry")(image_HWC), np.asarray(expected))
    assert parse("resize(40,50)", "geometry")(image_HWC) is image_HWC


def test_resize_refuses_a_result_without_bound() -> None:
    with pytest.raises(PipelineError, match="more than"):
        parse("resize(16000)", "geometry").result_size(1, 16)


def test_resize_refuses_one_pixel_too_many(
    image_HWC: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("data.geometry.LARGEST_RESULT_PIXELS", 600)
    assert parse("resize(20,30)", "geometry")(image_HWC).shape == (20, 30, 3)
    with pytest.raises(PipelineError, match="would become 601 x 1, more than 600"):
        parse("resize(601,1)", "geometry")(image_HWC)


def test_random_crops_start_at_multiples_of_step_and_reach_every_place(image_HWC: Image) -> None:
    rows, columns = np.mgrid[:40, :50]
    where_HWC = np.stack([rows, columns, rows], axis=2).astype(np.uint8)
    crop = parse("random_crop(32, step=2)", "geometry")
    corners = {tuple(crop(where_HWC, stream(n))[0, 0, :2].tolist()) for n in range(600)}
    assert corners == {(top, left) for top in range(0, 9, 2) for left in range(0, 19, 2)}
    free = parse("random_crop(32)", "geometry")
    tops = {int(free(where_HWC, stream(n))[0, 0, 0]) for n in range(300)}
    assert tops == set(range(9))


def test_center_crop_takes_the_middle(image_HWC: Image) -> None:
    crop = parse("center_crop(32)", "geometry")(image_HWC)
    assert np.array_equal(crop, image_HWC[4:36, 9:41])
    even = parse("center_crop(32, step=2)", "geometry")(image_HWC)
    assert np.array_equal(even, image_HWC[4:36, 8:40])
    tied = parse("center_crop(31)", "geometry")(image_HWC)  # half of 9 is 4, half of 19 is 10
    assert np.array_equal(tied, image_HWC[4:35, 10:41])


@pytest.mark.parametrize("text", ["random_crop(41)", "center_crop(41)", "trim(64)"])
def test_a_crop_that_does_not_fit_says_what_to_add(text: str, image_HWC: Image) -> None:
    with pytest.raises(TooSmall, match=r"40 x 50.*tile.*reflect.*upsample"):
        parse(text, "geometry")(image_HWC, stream(0))


def test_hflip_mirrors_with_its_probability(image_HWC: Image) -> None:
    always = parse("hflip(p=1)", "augmentation")(image_HWC, stream(0))
    assert np.array_equal(always, image_HWC[:, ::-1])
    assert parse("hflip(p=0)", "geometry")(image_HWC, stream(0)) is image_HWC
    flips = sum(
        not np.array_equal(parse("hflip(p=0.2)", "geometry")(image_HWC, stream(n)), image_HWC)
        for n in range(500)
    )
    assert 60 < flips < 140


def test_trim_drops_the_last_rows_and_columns(image_HWC: Image) -> None:
    assert np.array_equal(parse("trim(16)", "geometry")(image_HWC), image_HWC[:32, :48])
    assert parse("trim(2)", "geometry")(image_HWC).shape == (40, 50, 3)


def test_small_images_are_tiled_reflected_or_enlarged(image_HWC: Image) -> None:
    tiled = parse("tile(48)", "geometry")(image_HWC)
    assert tiled.shape == (80, 50, 3)
    assert np.array_equal(tiled[40:], image_HWC)
    reflected = parse("reflect(64)", "geometry")(image_HWC)
    assert reflected.shape == (64, 64, 3)
    assert np.array_equal(reflected[:40, :50], image_HWC)
    assert np.array_equal(reflected[40:, :50], image_HWC[-2:-26:-1])
    assert parse("reflect(200)", "geometry")(image_HWC).shape == (200, 200, 3)
    assert parse("reflect(8)", "geometry")(image_HWC[:1, :1]).shape == (8, 8, 3)
    assert parse("upsample(80)", "geometry")(image_HWC).shape == (80, 100, 3)
    assert parse("upsample(44)", "geometry")(image_HWC).shape == (44, 55, 3)
    for text in ("tile(40)", "reflect(40)", "upsample(40)"):
        assert parse(text, "geometry")(image_HWC) is image_HWC


def test_jpeg_is_pillows_at_the_quality_said(image_HWC: Image) -> None:
    encoded = io.BytesIO()
    PIL.Image.fromarray(image_HWC).save(encoded, "JPEG", quality=75, subsampling=2)
    coded = parse("jpeg(75)", "degradation")(image_HWC)
    assert np.array_equal(coded, np.asarray(PIL.Image.open(encoded)))
    full_chroma = parse("jpeg(75, '4:4:4')", "degradation")(image_HWC)
    error = np.abs(coded.astype(int) - image_HWC).mean()
    assert np.abs(full_chroma.astype(int) - image_HWC).mean() < error
    assert np.abs(parse("jpeg(5)", "degradation")(image_HWC).astype(int) - image_HWC).mean() > error


@pytest.mark.parametrize("sigma", [0.2, 0.5, 1.0, 3.0, 12.0])
def test_blur_is_scipys_gaussian(sigma: float, image_HWC: Image) -> None:
    exact = gaussian_filter(image_HWC.astype(np.float64), (sigma, sigma, 0))
    blurred = parse(f"blur({sigma})", "degradation")(image_HWC)
    assert np.abs(blurred - exact).max() <= 0.501


def test_blur_of_nothing_is_nothing(image_HWC: Image) -> None:
    assert parse("blur(0)", "degradation")(image_HWC) is image_HWC
    assert parse("blur(0.01)", "degradation")(image_HWC) is image_HWC


def test_degradation_resize_scales_and_stays_there(image_HWC: Image) -> None:
    assert parse("resize(20)", "degradation")(image_HWC).shape == (20, 25, 3)
    assert parse("resize(80)", "degradation")(image_HWC).shape == (80, 100, 3)
    assert parse("resize(factor=0.5)", "degradation")(image_HWC).shape == (20, 25, 3)
    assert parse("resize(factor=0.75)", "degradation")(image_HWC).shape == (30, 38, 3)
    assert parse("resize(factor=0.01)", "degradation")(image_HWC).shape == (1, 1, 3)


def test_degradation_resize_comes_back_where_that_is_said(image_HWC: Image) -> None:
    there = parse("resize(factor=0.5, filter='bicubic')", "degradation")(image_HWC)
    both = parse("resize(factor=0.5, filter='bicubic', back=True)", "degradation")(image_HWC)
    assert there.shape == (20, 25, 3)
    picture = PIL.Image.fromarray(there).resize((50, 40), PIL.Image.Resampling.BICUBIC)
    assert np.array_equal(both, np.asarray(picture))
    assert parse("resize(7, back=True)", "degradation")(image_HWC).shape == (40, 50, 3)


def test_degradation_crop_keeps_the_middle_share(image_HWC: Image) -> None:
    assert np.array_equal(parse("crop(0.5)", "degradation")(image_HWC), image_HWC[10:30, 12:37])
    assert np.array_equal(parse("crop(1)", "degradation")(image_HWC), image_HWC)
    assert parse("crop(0.01)", "degradation")(image_HWC[:3, :3]).shape == (1, 1, 3)


def test_webp_is_pillows_at_the_quality_said(image_HWC: Image) -> None:
    encoded = io.BytesIO()
    PIL.Image.fromarray(image_HWC).save(encoded, "WEBP", quality=40, lossless=False, method=4)
    coded = parse("webp(40)", "degradation")(image_HWC)
    assert np.array_equal(coded, np.asarray(PIL.Image.open(encoded).convert("RGB")))
    better = parse("webp(95)", "degradation")(image_HWC)
    away, near = (np.abs(each.astype(int) - image_HWC).mean() for each in (coded, better))
    assert near < away


LONGEST = [
    ("webp(40)", "degradation", 16383),
    ("jpeg(40)", "degradation", 65500),
    ("jpeg(p=1)", "augmentation", 65500),
    ("blur_jpeg(p=1, sigma=(0, 0))", "augmentation", 65500),
    ("recompress(96)", "equalise", 65500),
]


@pytest.mark.parametrize(("text", "kind", "longest_px"), LONGEST)
@pytest.mark.parametrize("is_tall", [True, False])
def test_codecs_take_what_they_can_hold_and_refuse_more_before_and_in_the_run(
    text: str, kind: Kind, longest_px: int, is_tall: bool
) -> None:
    [step] = parse(text, kind).operations
    long_HWC = np.zeros((longest_px, 1, 3) if is_tall else (1, longest_px, 3), np.uint8)
    assert step.applied(long_HWC, stream("x"), label=1).shape == long_HWC.shape
    assert parse(text, kind).result_size(*long_HWC.shape[:2]) == long_HWC.shape[:2]
    longer_HWC = np.zeros((longest_px + 1, 1, 3) if is_tall else (1, longest_px + 1, 3), np.uint8)
    said = f"takes sides of up to {longest_px:,} px, .* {longest_px + 1}"
    with pytest.raises(TooLarge, match=said):
        step.applied(longer_HWC, stream("x"), label=1)
    with pytest.raises(TooLarge, match=said):
        parse(text, kind).result_size(*longer_HWC.shape[:2])


def test_what_counts_is_the_size_that_an_operation_is_given() -> None:
    assert parse("resize(factor=0.5) | webp(40)", "degradation").result_size(9, 20_000) == (
        5,
        10_000,
    )
    assert parse("crop(0.5) | webp(40)", "degradation").result_size(9, 20_000) == (5, 10_000)
    with pytest.raises(TooLarge, match="given an image of 100 x 20000"):
        parse("resize(100) | webp(40)", "degradation").result_size(10, 2000)


def test_blur_jpeg_blurs_and_codes_each_with_its_probability(image_HWC: Image) -> None:
    def changed(text: str) -> float:
        pipeline = parse(text, "augmentation")
        return np.mean(
            [not np.array_equal(pipeline(image_HWC, stream(n)), image_HWC) for n in range(300)]
        ).item()

    assert changed("blur_jpeg(p=0)") == 0
    assert changed("blur_jpeg(p=1)") == 1
    # Drawn apart: unchanged only when neither happens.
    assert 0.64 < changed("blur_jpeg(sigma=(0.5, 3))") < 0.86
    only_coded = parse("blur_jpeg(p=1, sigma=(0, 0), quality=(30, 30))", "augmentation")
    assert np.array_equal(
        only_coded(image_HWC, stream(1)), parse("jpeg(30)", "degradation")(image_HWC)
    )
