"""The pixels of the toy generators: filters that are what they say, fakes that hide their class."""

import numpy as np
import pytest
import scipy.ndimage

from data.generators import generator
from data.randomness import stream
from data.toy import filters, upsamplers
from data.toy.camera import noise_levels, photograph, through_lens
from data.toy.decoders import Decoder, sharpened_like
from data.toy.filters import Floats
from data.toy.generators import TOY_GENERATORS
from data.toy.images import toy_images
from data.toy.scenes import scenes

GENERATORS = tuple(TOY_GENERATORS)


def noise(*shape: int) -> Floats:
    return stream("toy test", *shape).standard_normal(shape, dtype=np.float32)


def energy(images: np.ndarray) -> float:
    return float(np.mean(np.square(images, dtype=np.float64)))


def test_filters_are_the_reference_ones() -> None:
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    images, kernel = noise(2, 3, 16, 20), noise(5, 3, 3, 3)
    padded = functional.pad(torch.from_numpy(images), (1, 1, 1, 1), mode="reflect")
    expected = functional.conv2d(padded, torch.from_numpy(kernel)).numpy()
    np.testing.assert_allclose(filters.convolve(images, kernel), expected, atol=1e-4)

    expected = functional.interpolate(torch.from_numpy(images), scale_factor=2, mode="bilinear")
    np.testing.assert_allclose(filters.doubled(images), expected.numpy(), atol=1e-5)

    blurred = scipy.ndimage.gaussian_filter(images, (0, 0, 1.2, 1.2), truncate=3, mode="mirror")
    np.testing.assert_allclose(filters.blur(images, 1.2), blurred, atol=1e-5)

    taps = np.outer([1, 3, 3, 1], [1, 3, 3, 1]).astype(np.float32)[None, None] / 64
    expected = functional.conv2d(
        padded, torch.from_numpy(taps).repeat(3, 1, 1, 1), None, 2, 0, 1, 3
    )
    np.testing.assert_allclose(filters.halved(images), expected.numpy(), atol=1e-5)


def test_the_transposed_convolution_is_one() -> None:
    torch = pytest.importorskip("torch")
    images, kernel = noise(2, 3, 8, 8), noise(3, 3, 4, 4).astype(np.float64)
    padded = torch.nn.functional.pad(torch.from_numpy(images), (1, 1, 1, 1), mode="reflect")
    weights = torch.from_numpy(kernel.swapaxes(0, 1).astype(np.float32))
    expected = torch.nn.functional.conv_transpose2d(padded, weights, stride=2, padding=1)
    ours = upsamplers._per_phase(upsamplers._polyphase(kernel))(images)
    np.testing.assert_allclose(ours, expected[..., 2:-2, 2:-2].numpy(), atol=1e-4)


@pytest.mark.parametrize("kind", ["tconv", "nearest", "nearest2", "bilinear", "shuffle"])
def test_upsamplers_double_and_keep_the_gain(kind: upsamplers.Kind) -> None:
    flat = np.full((1, 3, 8, 10), 0.5, np.float32)
    up = upsamplers.upsampler(kind, 0.05, 0.0, stream("weights"))
    assert up(flat).shape == (1, 3, 16, 20)
    np.testing.assert_allclose(up(flat), 0.5, atol=1e-6)
    other = upsamplers.upsampler(kind, 0.05, 0.0, stream("other weights"))
    assert np.abs(up(noise(1, 3, 8, 8)) - other(noise(1, 3, 8, 8))).max() > 0.01


def test_only_the_transposed_convolution_makes_a_checkerboard() -> None:
    flat = np.full((1, 3, 8, 8), 0.5, np.float32)
    made = upsamplers.upsampler("tconv", 0.0, 0.02, stream("weights"))(flat)
    np.testing.assert_allclose(made, np.tile(made[..., :2, :2], (8, 8)), atol=1e-7)
    assert np.ptp(made[0, 0]) > 1e-3
    assert made.mean() == pytest.approx(0.5, abs=1e-6)


def test_scenes_do_not_repeat_and_fill_the_range() -> None:
    light = scenes(stream("scenes"), 100)  # more than a chunk
    assert light.shape == (100, 3, 64, 64)
    assert (light > 0).all()
    assert 0.2 < np.median(light) < 0.6
    # Hard edges between flat leaves: most neighbours are near, some are far.
    steps = np.abs(np.diff(np.log(light), axis=3))
    assert np.median(steps) < 0.1 < np.quantile(steps, 0.9)
    flattened = light.reshape(100, -1)
    assert np.abs(np.corrcoef(flattened) - np.eye(100)).max() < 0.9


def test_the_camera_leaves_its_mark() -> None:
    picture = np.full((64, 3, 64, 64), 0.5, np.float32)
    level = noise_levels(stream("levels"), 64)
    assert 1.2 / 255 <= level.min() < level.max() <= 5 / 255
    taken = photograph(stream("camera"), picture, level) - picture
    # Demosaicing joins neighbours; noise alone would not.
    together = [
        np.corrcoef(each[:, :, :-1].ravel(), each[:, :, 1:].ravel())[0, 1] for each in taken
    ]
    assert np.mean(together) > 0.03
    assert abs(taken.mean()) < 1e-3
    without_noise = photograph(stream("camera"), picture, np.zeros_like(level))
    np.testing.assert_allclose(without_noise, picture, atol=1e-6)


def test_a_photographs_bayer_phase_is_random_and_a_gans_phases_are_fixed() -> None:
    """Mean strength of the residual at each position mod 2, relative to its mean."""

    def folded(images_BHWC: np.ndarray) -> np.ndarray:
        images = images_BHWC.transpose(0, 3, 1, 2).astype(np.float32)
        residual = np.abs(images - filters.blur(images, 1.0))
        phases = residual.reshape(-1, 3, 32, 2, 32, 2).mean(axis=(0, 1, 2, 4))
        return phases / phases.mean()

    reals, fakes = toy_images("gan_nearest", 96, 0)
    assert np.ptp(folded(fakes)) > 0.2
    assert np.ptp(folded(reals)) < 0.05


@pytest.mark.parametrize("name", GENERATORS)
def test_fakes_are_as_bright_and_as_sharp_as_photographs(name: str) -> None:
    """The short cuts are closed, on the very scenes; the recipe's test looks at whole sets."""
    rng = stream("short cuts", name)
    picture = through_lens(rng, scenes(rng, 24))
    level = noise_levels(rng, 24)
    real = photograph(rng, picture, level)
    fake = sharpened_like(Decoder(TOY_GENERATORS[name]).fake(rng, picture, level), real)
    assert np.abs(fake - picture).mean() < 0.05
    assert abs(fake.mean() - real.mean()) < 0.01
    assert fake.std() == pytest.approx(real.std(), rel=0.04)
    high = [energy(images - filters.blur(images, 1.0)) for images in (real, fake)]
    assert high[1] == pytest.approx(high[0], rel=0.1)


def test_weights_belong_to_the_generator_and_not_to_the_images() -> None:
    picture = through_lens(stream("a"), scenes(stream("a"), 2))
    level = noise_levels(stream("a"), 2)
    made = {
        name: Decoder(TOY_GENERATORS[name]).fake(stream("grain"), picture, level)
        for name in GENERATORS
    }
    again = Decoder(TOY_GENERATORS["gan_shuffle"]).fake(stream("grain"), picture, level)
    assert np.array_equal(made["gan_shuffle"], again)
    for name in GENERATORS[1:]:
        assert np.abs(made[name] - made[GENERATORS[0]]).max() > 0.01


def test_images_are_a_function_of_generator_and_seed() -> None:
    first = toy_images("dm_latent4", 5, 0)
    assert [images.shape for images in first] == [(5, 64, 64, 3)] * 2
    assert first.reals_BHWC.dtype == np.uint8
    for same, again in zip(first, toy_images("dm_latent4", 5, 0), strict=True):
        assert np.array_equal(same, again)
    others = [*toy_images("dm_latent4", 5, 1), *toy_images("dm_latent8", 5, 0), *first]
    digests = {image.tobytes() for images in others for image in images}
    assert len(digests) == 30


def test_the_table_of_generators_knows_their_families() -> None:
    for name in GENERATORS:
        family = {"gan": "gan", "dm": "diffusion"}[name.split("_")[0]]
        assert generator(name) == (name, family, name)
    assert sum(name.startswith("gan_") for name in GENERATORS) == 4 == len(GENERATORS) / 2
