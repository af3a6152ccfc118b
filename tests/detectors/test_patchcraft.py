"""PatchCraft: its official numbers, what its options ask of the geometry, and its two halves."""

from typing import Any

import numpy as np
import pytest
import torch
from official_figures import figures_of
from repository import FIXTURES

from data.operations import parse
from detectors.contract import BadOption, build, load_card, parse_options
from detectors.input_geometry import input_pipelines
from detectors.lasting_errors import WeightsMismatch
from detectors.parity.checking import largest_deviation
from detectors.parity.file import ParityFile
from detectors.parity.patchcraft import compared
from detectors.weights import load_strictly
from detectors.zoo.patchcraft import PatchCraftOptions, official_weights

CARD = load_card("patchcraft")


def network_of(**options: Any) -> Any:
    return build("patchcraft", {"size": "tiny", **options}, seed=0).eval()


def pairs(count: int = 2, side: int = 32) -> torch.Tensor:
    return torch.rand(count, 3, side, 2 * side, generator=torch.Generator().manual_seed(1))


def test_the_official_numbers_are_ours() -> None:
    file = ParityFile.read(FIXTURES / "parity" / "PatchCraft.json")
    numbers = list(compared(file))
    assert len(numbers) == 5 + 80
    worst = largest_deviation(numbers, tuple(file.images))
    assert worst is not None
    assert worst.relative < 1e-4, worst


def test_other_draws_of_the_same_form_are_read() -> None:
    given = figures_of("PatchCraft", [])
    about = given.content["about"].replace("RandomState(0).rand(2,2,", "RandomState(3).rand(1,2,")
    other = type(given)(given.name, {**given.content, "about": about}, given.folder)
    [logits] = [each.ours for each in compared(other) if each.what == "logits"]
    assert np.shape(logits) == (1,)
    assert float(np.asarray(logits)[0]) != given.content["logits"][0]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, "squash(32) | poor_and_rich(256, 32, of=192)"),
        ({"patch_size": 64}, "squash(64) | poor_and_rich(256, 64, of=48)"),
        ({"patches": 128}, "squash(32) | poor_and_rich(256, 32, of=128)"),
        ({"size": "tiny"}, "squash(16) | poor_and_rich(64, 16, of=48)"),
    ],
)
def test_options_determine_the_textures(options: dict[str, Any], text: str) -> None:
    pipelines = input_pipelines(CARD, parse_options(CARD, options))
    for pipeline in (pipelines.train, pipelines.test):
        assert parse(pipeline, "geometry").canonical == parse(text, "geometry").canonical
    common = input_pipelines(CARD, parse_options(CARD, options), "common")
    assert common.test.endswith(text)
    assert parse(common.test, "geometry").is_testable


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"patch_size": 48}, "does not divide the textures' 256 px"),
        ({"patches": 63}, "do not fill the 64 places"),
        ({"size": "tiny", "patch_size": 4}, None),
    ],
)
def test_patches_must_fill_a_texture(options: dict[str, Any], says: str | None) -> None:
    if says is None:
        assert parse_options(CARD, options).last_geometry().endswith("(64, 4, of=768)")  # type: ignore[union-attr]
        return
    with pytest.raises(BadOption, match=says):
        parse_options(CARD, options)


@pytest.mark.parametrize(
    ("size", "parameters", "trained"), [("full", 119_919, 119_169), ("tiny", 8_463, 7_713)]
)
def test_parameter_counts(size: str, parameters: int, trained: int) -> None:
    found = list(build("patchcraft", {"size": size}).parameters())
    assert sum(each.numel() for each in found) == parameters
    assert sum(each.numel() for each in found if each.requires_grad) == trained


def test_two_equal_textures_have_no_contrast() -> None:
    network, images_BCHW = network_of(), pairs()
    images_BCHW[..., 32:] = images_BCHW[..., :32]
    assert not bool(network.contrast(images_BCHW).any())
    seen = network.what_it_sees(images_BCHW)
    assert torch.equal(seen["poor texture"], seen["rich texture"])


def test_the_left_half_is_counted_plus_and_the_right_minus() -> None:
    network, images_BCHW = network_of(), pairs()
    turned_BCHW = torch.cat([images_BCHW[..., 32:], images_BCHW[..., :32]], dim=3)
    assert torch.equal(network.contrast(turned_BCHW), -network.contrast(images_BCHW))
    poor_BCHW, _ = network.textures(images_BCHW)
    assert torch.equal(poor_BCHW, images_BCHW[..., :32])


def test_in_training_each_texture_has_statistics_of_its_own() -> None:
    """A brighter contrast in one of them must not shift the other."""
    network, images_BCHW = network_of().train(), pairs(4)
    norm = network.fingerprint[1]
    network.contrast(images_BCHW)
    assert int(norm.num_batches_tracked) == 2


def test_an_odd_width_is_refused() -> None:
    with pytest.raises(ValueError, match=r"two textures .* 33 px wide"):
        network_of()(torch.rand(1, 3, 16, 33))


def test_the_noise_stays_exact_under_autocast() -> None:
    network = network_of()
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        assert network(pairs()).dtype == torch.float32
        noise = network.what_it_sees(pairs())["SRM noise, poor texture"]
    assert torch.equal(noise, network.what_it_sees(pairs())["SRM noise, poor texture"])


def test_official_keys_map_both_ways_and_loading_is_strict() -> None:
    options = PatchCraftOptions()
    network, keys = build("patchcraft", options, seed=0), official_weights(options)
    own = network.state_dict()
    official = keys.to_official(own)
    given = figures_of("PatchCraft", []).content["state_dict_shapes"]
    assert {key: list(value.shape) for key, value in official.items()} == given
    again = keys.from_official({f"module.{key}": value for key, value in official.items()})
    assert set(again) == set(own)
    assert all(torch.equal(again[key], own[key]) for key in own)
    official.pop("group4.3.bias")
    with pytest.raises(WeightsMismatch, match=r"stages\.2\.3\.bias"):
        load_strictly(network, keys.from_official(official))
