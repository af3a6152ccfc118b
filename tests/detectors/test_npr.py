"""NPR against the official network's logits, its closed form, its key map."""

import hashlib
import json
import zlib
from functools import cache
from math import ceil, prod
from typing import Any

import numpy as np
import pytest
import torch
from repository import FIXTURES
from torch.nn import functional

from data.operations import parse
from detectors.contract import build
from detectors.networks.npr import NPR
from detectors.networks.npr_residual import npr_residual
from detectors.zoo.npr import NPROptions, official_weights

KEYS = official_weights(NPROptions())
OFFICIAL = json.loads((FIXTURES / "npr_official.json").read_text())


@cache
def official_images() -> dict[str, np.ndarray]:
    """The 16 images of `image_recipe`, HWC uint8."""
    rng = np.random.RandomState(0)
    images = {}
    for height, width in [(224, 224), (256, 256), (300, 225), (513, 511)]:
        for index in range(4):
            if index < 2:
                image_HWC = rng.randint(0, 256, size=(height, width, 3), dtype=np.uint8)
            else:
                cell = 8 if index == 2 else 5
                shape = (ceil(height / cell), ceil(width / cell), 3)
                grid = rng.randint(0, 256, size=shape, dtype=np.uint8)
                image_HWC = grid.repeat(cell, 0).repeat(cell, 1)[:height, :width]
            images[f"{height}x{width}_{index}"] = np.ascontiguousarray(image_HWC)
    return images


def official_state() -> dict[str, torch.Tensor]:
    """The weights of `weight_recipe` under the official keys."""
    state = {}
    for key, shape in OFFICIAL["state_dict_shapes"].items():
        rng = np.random.RandomState(zlib.crc32(key.encode()) & 0x7FFFFFFF)
        is_norm = ".bn" in f".{key}" or ".downsample.1." in key
        if key.endswith("num_batches_tracked"):
            state[key] = torch.tensor(0)
            continue
        if key.endswith("running_var"):
            values = rng.uniform(0.5, 1.5, shape)
        elif key.endswith("running_mean"):
            values = 0.1 * rng.standard_normal(shape)
        elif is_norm and key.endswith("weight"):
            values = rng.uniform(0.4, 0.9, shape)
        elif len(shape) <= 1:
            values = 0.1 * rng.standard_normal(shape)
        else:
            values = rng.standard_normal(shape) * np.sqrt(2 / prod(shape[1:]))
        state[key] = torch.from_numpy(values.astype(np.float32))
    return state


@cache
def official_network(factor: float = 0.5) -> NPR:
    network = build("npr", {"factor": factor})
    assert isinstance(network, NPR)
    network.load_state_dict(KEYS.from_official(official_state()), strict=True)
    return network.eval()


@pytest.mark.parametrize("factor", [0.5, 0.75, 0.3])
def test_a_gradient_reaches_the_pixels_after_a_prediction(factor: float) -> None:
    """What a prediction leaves in a cache must be no inference tensor."""
    size_px = 2 * 5 * 7 + round(100 * factor)  # a size of its own: nothing is cached yet
    images_BCHW = torch.rand(1, 3, size_px, size_px)
    with torch.inference_mode():
        npr_residual(images_BCHW, factor)
    images_BCHW.requires_grad_()
    npr_residual(images_BCHW, factor).square().sum().backward()
    assert images_BCHW.grad is not None
    assert images_BCHW.grad.abs().sum() > 0


def logit(network: NPR, image_HWC: np.ndarray, geometry: str) -> float:
    pixels_HWC = parse(geometry, "geometry")(image_HWC)
    images_BCHW = torch.from_numpy(pixels_HWC.copy()).permute(2, 0, 1)[None].float() / 255
    with torch.inference_mode():
        return float(network(images_BCHW))


def test_images_are_those_of_the_recipe() -> None:
    digests = {
        key: hashlib.sha256(image_HWC.tobytes()).hexdigest()
        for key, image_HWC in official_images().items()
    }
    assert digests == OFFICIAL["image_sha256"]


def test_parameter_count_and_official_keys_both_ways() -> None:
    official, ours = official_state(), build("npr").state_dict()
    assert (
        sum(value.numel() for value in build("npr").parameters())
        == OFFICIAL["n_params"]
        == 1_437_761
    )
    total = sum(float(value.double().abs().sum()) for value in official.values())
    assert total == pytest.approx(OFFICIAL["weights_sum_abs"], rel=1e-6)
    mapped = KEYS.from_official(official)
    assert {key: value.shape for key, value in mapped.items()} == {
        key: value.shape for key, value in ours.items()
    }
    back = KEYS.to_official(mapped)
    assert list(back) == list(official)
    assert all(torch.equal(back[key], official[key]) for key in official)
    parallel = {f"module.{key}": value for key, value in official.items()}
    assert list(KEYS.from_official(parallel)) == list(mapped)


GEOMETRY_OF = {
    "native_trimmed_odd": "trim(2)",
    "resize256_nocrop": "resize(256,256)",
    "resize256_center224": "resize(256,256) | center_crop(224)",
}
# Noise and both block sizes, even and odd sizes: every branch of the geometry once.
SOME = [
    ("224x224_0", "native_trimmed_odd"),
    ("224x224_2", "resize256_center224"),
    ("256x256_3", "native_trimmed_odd"),
    ("300x225_1", "native_trimmed_odd"),
    ("300x225_3", "resize256_nocrop"),
    ("513x511_0", "resize256_nocrop"),
]
ALL = [(image, view) for image in OFFICIAL["logits"] for view in GEOMETRY_OF]


def assert_official(image: str, view: str) -> None:
    ours = logit(official_network(), official_images()[image], GEOMETRY_OF[view])
    assert ours == pytest.approx(OFFICIAL["logits"][image][view], rel=1e-4)


@pytest.mark.parametrize(("image", "view"), SOME)
def test_logits_equal_the_official_network(image: str, view: str) -> None:
    assert_official(image, view)


@pytest.mark.slow
@pytest.mark.parametrize(("image", "view"), [pair for pair in ALL if pair not in SOME])
def test_all_logits_equal_the_official_network(image: str, view: str) -> None:
    assert_official(image, view)


@pytest.mark.parametrize("factor", ["0.25", "0.5", "0.75"])
@pytest.mark.parametrize("image", ["224x224_1", "256x256_3"])
def test_factor_logits_equal_the_official_network(factor: str, image: str) -> None:
    network = official_network(float(factor))
    ours = logit(network, official_images()[image], "none")
    assert ours == pytest.approx(OFFICIAL["factor_logits"][factor][image], rel=1e-4)


def test_map_equals_the_official_map_and_is_zero_for_aligned_blocks() -> None:
    for image in ("224x224_0", "300x225_3"):
        pixels_HWC = parse("trim(2)", "geometry")(official_images()[image])
        images_BCHW = torch.from_numpy(pixels_HWC.copy()).permute(2, 0, 1)[None].float() / 255
        # The fixture holds the difference before the factor 2/3 of the official forward.
        first8 = official_network().residual(images_BCHW)[0, 0, 0, :8] * 1.5
        expected = torch.tensor(OFFICIAL["npr_map_first8"][image])
        assert torch.allclose(first8, expected, rtol=1e-5, atol=1e-5)
    blocks8 = torch.from_numpy(official_images()["224x224_2"]).permute(2, 0, 1)[None].float()
    assert not npr_residual(blocks8, 0.5).any()


FACTORS = [0.5, 0.25, 0.125, 0.75, 0.875, 1 / 3, 2 / 3, 0.2, 0.6]


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("factor", FACTORS)
def test_nearest_equals_interpolation_to_the_original_size(factor: float, layout: Any) -> None:
    generator = torch.Generator().manual_seed(1)
    for height, width in [(32, 32), (31, 64), (225, 224), (299, 513), (300, 240)]:
        images_BCHW = torch.rand(2, 3, height, width, generator=generator)
        small = functional.interpolate(
            images_BCHW, scale_factor=factor, mode="nearest", recompute_scale_factor=True
        )
        expected = images_BCHW - functional.interpolate(small, size=(height, width), mode="nearest")
        ours = npr_residual(images_BCHW.contiguous(memory_format=layout), factor)
        assert torch.equal(ours, expected)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_smooth_modes_subtract_a_smoother_image(mode: str) -> None:
    images_BCHW = torch.rand(1, 3, 33, 47, generator=torch.Generator().manual_seed(2))
    assert npr_residual(images_BCHW, 0.5, mode).shape == images_BCHW.shape
    flat_BCHW = torch.full((1, 3, 32, 32), 0.25)
    assert npr_residual(flat_BCHW, 0.5, mode).abs().max() < 1e-6


def test_source_pixels_are_the_measured_ones() -> None:
    line = torch.arange(24, dtype=torch.float32).view(1, 1, 1, 24).expand(1, 1, 24, 24)
    for factor, source in OFFICIAL["nearest_source_of_24"].items():
        residual = npr_residual(line, float(factor))
        assert (line - residual)[0, 0, 0].tolist() == source


def test_an_image_that_shrinks_to_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match=r"2 x 2 px has no pixel left at NPR factor 0.25.*4 px"):
        npr_residual(torch.zeros(1, 3, 2, 2), 0.25)
