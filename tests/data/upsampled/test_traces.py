"""A fake of a photograph: its size, its picture, its traces, and nothing else that tells it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.pipelines import Image
from data.randomness import stream
from data.toy.images import toy_images
from data.upsampled.traces import UPSAMPLERS, upsampled

NAMES = tuple(UPSAMPLERS)


@pytest.fixture(scope="module")
def photographs() -> list[Image]:
    return list(toy_images("gan_nearest", 24, seed=5).reals_BHWC)


@pytest.fixture(scope="module")
def fakes(photographs: list[Image]) -> dict[str, list[Image]]:
    return {
        name: [upsampled(image, name, f"{n}", 0) for n, image in enumerate(photographs)]
        for name in NAMES
    }


def high_frequencies(image_HWC: Image) -> np.ndarray:
    """Green less the mean of its four neighbours, shape (H - 2, W - 2)."""
    green = image_HWC[..., 1].astype(float)
    around = green[:-2, 1:-1] + green[2:, 1:-1] + green[1:-1, :-2] + green[1:-1, 2:]
    return green[1:-1, 1:-1] - around / 4


def phase_contrast(images: list[Image], period: int) -> float:
    """How much the strength of high frequencies differs between the phases of a grid, less 1."""
    energy = np.zeros((period, period))
    for image in images:
        squared = high_frequencies(image) ** 2
        squared /= squared.mean()
        energy += [
            [squared[a::period, b::period].mean() for b in range(period)] for a in range(period)
        ]
    return float(energy.max() / energy.min() - 1)


def autocorrelation(images: list[Image]) -> float:
    """Of neighbours in the high frequencies: a kernel's trace, whatever its phase."""
    each = []
    for image in images:
        high = high_frequencies(image)
        each.append((high[:, 1:] * high[:, :-1]).mean() / (high**2).mean())
    return float(np.mean(each))


@pytest.mark.parametrize("name", ["tconv", "nearest", "bilinear", "shuffle"])
def test_doubling_leaves_a_grid_of_two_pixels(
    name: str, photographs: list[Image], fakes: dict[str, list[Image]]
) -> None:
    assert phase_contrast(photographs, 2) < 0.1
    assert phase_contrast(fakes[name], 2) > 0.3


@pytest.mark.parametrize("name", ["latent4", "latent8"])
def test_decoders_leave_correlated_grain(
    name: str, photographs: list[Image], fakes: dict[str, list[Image]]
) -> None:
    differences = [
        autocorrelation([fake]) - autocorrelation([photograph])
        for fake, photograph in zip(fakes[name], photographs, strict=True)
    ]
    shift = abs(np.mean(differences)) / (np.std(differences) / len(differences) ** 0.5)
    assert shift > 5, "standard errors"


@pytest.mark.parametrize("name", NAMES)
def test_the_picture_and_its_sharpness_stay(
    name: str, photographs: list[Image], fakes: dict[str, list[Image]]
) -> None:
    real = np.stack(photographs).astype(float)
    fake = np.stack(fakes[name]).astype(float)
    assert 10 * np.log10(255**2 / np.mean((real - fake) ** 2)) > 28, "decibels"
    assert abs(np.mean(fake - real)) < 0.5, "grey levels"
    strength = [
        np.std(high_frequencies(f)) / np.std(high_frequencies(r))
        for f, r in zip(fakes[name], photographs, strict=True)
    ]
    assert 0.9 < np.mean(strength) < 1.1


@settings(max_examples=40)
@given(
    height=st.integers(1, 21),
    width=st.integers(1, 21),
    name=st.sampled_from(NAMES),
    value=st.sampled_from([None, 0, 255]),
)
def test_every_size_gives_an_image_of_its_size(
    height: int, width: int, name: str, value: int | None
) -> None:
    image = stream(height, width).integers(0, 256, (height, width, 3), np.uint8)
    if value is not None:
        image[:] = value
    fake = upsampled(image, name, "x", 0)
    assert fake.shape == image.shape
    assert fake.dtype == np.uint8
    if value is not None:  # an even picture has no detail to lose; a checkerboard is faint
        assert np.abs(fake.astype(int) - value).max() <= 10


def test_it_is_a_function_of_its_arguments(photographs: list[Image]) -> None:
    image = photographs[0]
    first = upsampled(image, "nearest", "a", 0)
    assert np.array_equal(first, upsampled(image, "nearest", "a", 0))
    for other in (
        upsampled(image, "nearest", "b", 0),
        upsampled(image, "nearest", "a", 1),
        upsampled(image, "bilinear", "a", 0),
    ):
        assert not np.array_equal(first, other)


@pytest.mark.parametrize("name", NAMES)
def test_a_grey_photograph_has_a_grey_fake(name: str, photographs: list[Image]) -> None:
    grey = np.repeat(photographs[0][..., :1], 3, axis=2)
    fake = upsampled(grey, name, "a", 0)
    assert (fake == fake[..., :1]).all()
    coloured = upsampled(photographs[0], name, "a", 0)
    assert not (coloured == coloured[..., :1]).all()
