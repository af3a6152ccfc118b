"""CNNSpot: its network, how it is tested, when its rate falls."""

from typing import Any

import numpy as np
import pytest
import torch

from data.operations import parse
from detectors.contract import build, find_preset, load_card
from detectors.networks.resnet import ResNet
from detectors.recipes import resolve_recipe
from detectors.training_pipeline import training_pipeline
from detectors.weights import load_strictly
from detectors.zoo.cnnspot import CNNSpotOptions, official_weights

CARD = load_card("cnnspot")


@pytest.mark.parametrize(("size", "parameters"), [("full", 23_510_081), ("tiny", 127_249)])
def test_parameter_counts(size: str, parameters: int) -> None:
    network: Any = build("cnnspot", {"size": size}, seed=0)
    assert sum(value.numel() for value in network.parameters()) == parameters
    assert isinstance(network.backbone, ResNet)


def test_the_last_layer_begins_small() -> None:
    network: Any = build("cnnspot", seed=0)
    assert network.classifier.weight.std().item() == pytest.approx(0.02, rel=0.1)


@pytest.mark.parametrize(
    ("preset", "size", "becomes"),
    [
        ("official", (128, 128), (224, 224)),
        ("official", (300, 500), (224, 224)),
        ("official", (100, 500), (224, 224)),
        ("tiled", (128, 128), (224, 224)),
        ("no_crop", (128, 300), (128, 300)),
        ("native", (128, 300), (128, 300)),
    ],
)
def test_no_test_resamples(preset: str, size: tuple[int, int], becomes: tuple[int, int]) -> None:
    test = parse(find_preset(CARD, preset).test, "geometry")
    assert "resize" not in test.canonical
    assert test.result_size(*size) == becomes


def test_only_the_official_test_puts_black_around_small_images() -> None:
    grey_HWC = np.full((128, 128, 3), 128, np.uint8)
    official, tiled = (
        parse(find_preset(CARD, preset).test, "geometry")(grey_HWC)
        for preset in ("official", "tiled")
    )
    assert (official == 0).mean() == pytest.approx(1 - (128 / 224) ** 2)
    assert np.array_equal(official[48:176, 48:176], grey_HWC)
    assert tiled.min() == 128
    assert find_preset(CARD, "cnnspot") == CARD.presets["official"]


@pytest.mark.parametrize(("recipe", "p"), [("paper", 0.5), ("paper_p01", 0.1)])
def test_blur_and_jpeg_act_on_the_resized_image_before_the_crop(recipe: str, p: float) -> None:
    resolved = resolve_recipe(CARD, recipe)
    assert (resolved.schedule, resolved.plateau_patience, resolved.lr) == ("plateau", 5, 1e-4)
    augmentation = parse(resolved.augment, "augmentation")
    assert augmentation.operations[0].settings["p"] == p
    assert augmentation.operations[0].settings["quality"] == (30, 100)
    geometry = parse(find_preset(CARD).train, "geometry")
    names = [step.name for step in training_pipeline(geometry, augmentation).operations]
    assert names == ["resize", "blur_jpeg", "random_crop", "hflip"]


def test_official_keys_are_torchvisions_and_map_both_ways() -> None:
    keys = official_weights(CNNSpotOptions())
    network = build("cnnspot", {"size": "tiny"}, seed=0)
    own = network.state_dict()
    official = keys.to_official(own)
    assert {"conv1.weight", "layer3.0.downsample.1.bias", "fc.weight"} <= set(official)
    assert torch.equal(official["fc.weight"], own["classifier.weight"])  # fake is 1 there, too
    load_strictly(network, keys.from_official(official))


@pytest.mark.slow  # importing torchvision
def test_it_is_torchvisions_network() -> None:
    from torchvision.models import resnet50

    torch.manual_seed(0)
    theirs = resnet50(num_classes=1).eval()
    ours = build("cnnspot", seed=0).eval()
    load_strictly(ours, official_weights(CNNSpotOptions()).from_official(theirs.state_dict()))
    images_BCHW = torch.rand(2, 3, 64, 80)
    mean, std = torch.tensor([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]]).view(2, 1, 3, 1, 1)
    with torch.inference_mode():
        expected_B = theirs((images_BCHW - mean) / std).squeeze(1)
        assert torch.allclose(ours(images_BCHW), expected_B, rtol=1e-4, atol=1e-6)
