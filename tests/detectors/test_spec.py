"""Spec against the official numbers, its spectrum against plain numpy, its bands."""

import numpy as np
import pytest
import torch
from official_figures import figures_of

from data.operations import parse
from detectors.contract import build, find_preset, load_card, parse_options
from detectors.networks.spec import Spec, band_mask, log_spectrum
from detectors.parity.checking import largest_deviation
from detectors.parity.spec import compared
from detectors.recipes import resolve_recipe
from detectors.zoo.spec import SpecOptions, official_weights


def test_spectra_and_outputs_are_the_official_numbers() -> None:
    file = figures_of("Spec", ["256x256_2"])
    of_image = file.content["outputs"]["256x256_2"]
    del of_image["mode1"], of_image["mode2"]
    with torch.no_grad():
        numbers = list(compared(file))
    assert {"n_params", "256x256_2: logit", "256x256_2: spectrum, mode3, first8"} <= {
        each.what for each in numbers
    }
    worst = largest_deviation(numbers, tuple(file.images))
    assert worst is not None
    assert worst.relative < 1e-4, worst


@pytest.mark.parametrize(("height", "width"), [(16, 16), (15, 18), (20, 13), (7, 9)])
def test_the_spectrum_is_numpys(height: int, width: int) -> None:
    images_BCHW = torch.rand(2, 3, height, width, generator=torch.Generator().manual_seed(2))
    ours_BCUV = log_spectrum(images_BCHW)
    for image_CHW, ours_CUV in zip(images_BCHW.numpy(), ours_BCUV.numpy(), strict=True):
        for plane_HW, ours_UV in zip(image_CHW, ours_CUV, strict=True):
            log_UV = np.log(np.abs(np.fft.fft2(plane_HW.astype(np.float64))) + 1e-3)
            lowest, highest = np.percentile(log_UV, [5, 95])
            expected_UV = np.clip(2 * (log_UV - lowest) / (highest - lowest) - 1, -1, 1)
            assert np.allclose(ours_UV, expected_UV, atol=1e-4)


def test_a_spectrum_forgets_contrast_but_not_what_repeats() -> None:
    image_BCHW = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(log_spectrum(image_BCHW * 0.5), log_spectrum(image_BCHW), atol=0.01)
    doubled_BCHW = image_BCHW[:, :, ::2, ::2].repeat_interleave(2, 2).repeat_interleave(2, 3)
    assert not torch.allclose(log_spectrum(doubled_BCHW), log_spectrum(image_BCHW), atol=0.5)


def test_one_grey_gives_numbers() -> None:
    spectrum_BCUV = log_spectrum(torch.full((1, 3, 16, 16), 0.3))
    assert float(spectrum_BCUV[0, 0, 0, 0]) == 1
    assert float(spectrum_BCUV.sum()) == 3 * (1 - 255)


def test_bands_part_the_frequencies_and_are_the_official_squares() -> None:
    low, mid, high = (band_mask(band, 224, 224) for band in ("low", "mid", "high"))
    assert torch.equal(low.int() + mid.int() + high.int(), torch.ones(224, 224, dtype=torch.int))
    middle = torch.fft.fftshift(low)
    assert bool(middle[57:177, 57:177].all())
    assert int(low.sum()) == 120**2
    assert int(mid.sum()) == 182**2 - 120**2
    small = band_mask("low", 64, 32)
    assert int(small.sum()) == (round(177 * 64 / 224) - round(57 * 64 / 224)) * (
        round(177 * 32 / 224) - round(57 * 32 / 224)
    )


@pytest.mark.parametrize("band", ["low", "mid", "high"])
def test_a_band_leaves_the_rest_at_zero(band: str) -> None:
    images_BCHW = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    whole_BCUV = build("spec", {"size": "tiny"}, seed=0).spectrum(images_BCHW)
    part_BCUV = build("spec", {"size": "tiny", "band": band}, seed=0).spectrum(images_BCHW)
    mask_UV = band_mask(band, 32, 32)
    assert torch.equal(part_BCUV[:, :, mask_UV], whole_BCUV[:, :, mask_UV])
    assert not bool(part_BCUV[:, :, ~mask_UV].any())


def test_channels_are_blue_first_and_the_logit_larger_for_fake() -> None:
    network = build("spec", {"size": "tiny"}, seed=0).eval()
    images_BCHW = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    assert torch.equal(network.spectrum(images_BCHW), log_spectrum(images_BCHW[:, [2, 1, 0]]))
    with torch.no_grad():
        fake_B, real_B = network.outputs(images_BCHW).unbind(1)
        assert torch.equal(network(images_BCHW), fake_B - real_B)
        seen_BCUV = network.what_it_sees(images_BCHW)["spectrum"]
    assert torch.equal(seen_BCUV[:, :, 16, 16], log_spectrum(images_BCHW)[:, :, 0, 0])


def test_the_spectrum_stays_exact_under_autocast() -> None:
    network = build("spec", {"size": "tiny"}, seed=0).eval()
    images_BCHW = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.autocast("cpu", torch.bfloat16), torch.no_grad():
        assert torch.equal(network.spectrum(images_BCHW), log_spectrum(images_BCHW.flip(1)))
        assert network(images_BCHW).dtype == torch.float32


def test_input_recipe_and_keys() -> None:
    card = load_card("spec")
    preset = find_preset(card)
    assert parse(preset.test, "geometry").result_size(300, 200) == (224, 224)
    assert parse(preset.train, "geometry").result_size(300, 200) == (224, 224)
    assert parse_options(card, {}).fixed_input_px() == 224
    recipe = resolve_recipe(card, "paper")
    assert (recipe.optimizer, recipe.momentum, recipe.dampening, recipe.epochs) == (
        "sgd",
        0.9,
        0.9,
        20,
    )
    network, keys = Spec(blocks=(1, 1, 1), width=8), official_weights(SpecOptions())
    official = keys.to_official(network.state_dict())
    assert {"fc.weight", "layer1.0.conv1.weight"} <= set(official)
    assert list(keys.from_official(official)) == list(network.state_dict())
    network.load_backbone(official)
