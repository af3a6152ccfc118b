"""UnivFD: what is trained, what is frozen, and which weights it begins with."""

from pathlib import Path

import numpy as np
import pytest
import torch
from repository import ROOT

from data.operations import parse
from detectors.contract import BadOption, build, find_preset, load_card, parse_options
from detectors.lasting_errors import WeightsMismatch
from detectors.networks.backbones import frozen_backbone
from detectors.networks.linear_probe import LinearProbe
from detectors.parity.checking import check_parity
from detectors.recipes import resolve_recipe
from detectors.zoo.univfd import UnivFDOptions, official_weights

PARITY = ROOT / "tests" / "fixtures" / "parity"
TINY = {"size": "tiny"}


def tiny(seed: int = 1) -> LinearProbe:
    network = build("univfd", TINY, seed=seed)
    assert isinstance(network, LinearProbe)
    return network


def test_only_the_head_is_trained() -> None:
    network = tiny().train()
    trained = {name for name, value in network.named_parameters() if value.requires_grad}
    assert trained == {"head.weight", "head.bias"}
    assert not any(module.training for module in network.backbone.modules())
    assert sum(value.numel() for value in network.head.parameters()) == 33


def test_the_head_is_drawn_from_a_normal_of_a_fiftieth() -> None:
    weights = torch.cat([tiny(seed).head.weight.detach().flatten() for seed in range(40)])
    assert float(weights.std()) == pytest.approx(0.02, rel=0.1)
    assert abs(float(weights.mean())) < 0.002


def test_the_logit_is_linear_in_features_that_are_not_normalised() -> None:
    network = tiny()
    images_BCHW = torch.rand(3, 3, 32, 40, generator=torch.Generator().manual_seed(2))
    features_BF = network.backbone.features(images_BCHW)
    expected_B = features_BF @ network.head.weight[0] + network.head.bias
    torch.testing.assert_close(network(images_BCHW), expected_B)
    assert not torch.allclose(features_BF.norm(dim=1), torch.ones(3), atol=0.1)


def test_the_released_head_gives_the_official_logits() -> None:
    [check] = check_parity(PARITY / "UnivFD_head.json")
    assert check.detector == "univfd"
    assert (check.values, check.failed) == (41, "")
    assert check.largest is not None
    assert check.largest.relative < 1e-5


def test_a_released_head_and_a_backbone_are_given_apart() -> None:
    network, backbone = tiny(), frozen_backbone("tiny")
    head = {"weight": torch.randn(1, 32), "bias": torch.randn(1)}
    network.load_backbone(backbone.extractor.state_dict())
    network.load_backbone({f"fc.{key}": value for key, value in head.items()}, "head")
    assert torch.equal(network.head.weight, head["weight"])
    assert network.backbone.checksum() == backbone.checksum()
    network.load_backbone(head, "head")
    with pytest.raises(WeightsMismatch, match="strange"):
        network.load_backbone({**head, "strange": torch.zeros(1)}, "head")


def test_the_released_file_loads_by_its_own_keys() -> None:
    probe = LinearProbe(_with_features(768))
    state = torch.load(PARITY / "univfd_fc_weights.pth", map_location="cpu", weights_only=True)
    probe.load_backbone(state, "head")
    assert probe.head.weight.numel() + probe.head.bias.numel() == 769


def _with_features(count: int) -> torch.nn.Module:
    backbone = frozen_backbone("tiny")
    backbone.num_features = count
    return backbone


def test_official_keys_of_a_whole_checkpoint_map_both_ways() -> None:
    keys = official_weights(UnivFDOptions())
    ours = {"head.weight": torch.ones(1), "backbone.network.conv1.weight": torch.zeros(1)}
    official = keys.to_official(ours)
    assert set(official) == {"fc.weight", "model.visual.conv1.weight"}
    text = {"model.transformer.resblocks.0.ln_1.bias": torch.zeros(1)}
    text["model.logit_scale"] = torch.zeros(())
    assert set(keys.from_official({**official, **text})) == set(ours)


def test_presets_follow_the_official_code() -> None:
    card = load_card("univfd")
    official = find_preset(card, "univfd/official")
    image_HWC = np.zeros((300, 400, 3), np.uint8)
    assert parse(official.test, "geometry")(image_HWC).shape == (224, 224, 3)
    assert official.train == "resize(256) | random_crop(224) | hflip"
    assert "resize" not in official.test, "the official test crops the image as it is"
    assert find_preset(card, "univfd/resized").test.startswith("resize(256)")


def test_the_published_recipe() -> None:
    recipe = resolve_recipe(load_card("univfd"), "paper")
    stated = (recipe.optimizer, recipe.lr, recipe.weight_decay, recipe.batch_size, recipe.epochs)
    assert stated == ("adamw", 1e-4, 0.0, 256, 100)
    assert (recipe.schedule, recipe.plateau_patience, recipe.plateau_min_lr) == ("plateau", 5, 1e-6)
    assert recipe.augment == "blur_jpeg(p=0.5)"


def test_options_say_what_is_frozen_without_building_it() -> None:
    card = load_card("univfd")
    assert UnivFDOptions().frozen_backbone() == card.initial_weights
    assert UnivFDOptions().fixed_input_px() == 224
    assert parse_options(card, TINY).fixed_input_px() is None
    assert UnivFDOptions().weight_parts() == ("backbone", "head")
    with pytest.raises(BadOption, match="no name of a backbone"):
        parse_options(card, {"backbone": "resnet"})


def test_an_input_size_that_the_backbone_does_not_take_is_refused() -> None:
    network = build("univfd", {"backbone": "timm/test_vit", "input_px": 64}, seed=1)
    assert network(torch.rand(1, 3, 64, 64)).shape == (1,)
    with pytest.raises(ValueError, match="timm/test_vit takes images of 160 px"):
        build("univfd", {"backbone": "timm/test_vit", "input_px": None}, seed=1)


@pytest.mark.slow
def test_the_published_network_has_769_trained_weights() -> None:
    network = build("univfd", seed=1)
    counts = {True: 0, False: 0}
    for value in network.parameters():
        counts[value.requires_grad] += value.numel()
    assert counts == {True: 769, False: 303_966_208}


def test_the_fixture_is_the_released_file(tmp_path: Path) -> None:
    for name in ("UnivFD_head.json", "univfd_fc_weights.pth"):
        (tmp_path / name).write_bytes((PARITY / name).read_bytes())
    damaged = tmp_path / "univfd_fc_weights.pth"
    damaged.write_bytes(damaged.read_bytes()[:-1])
    [check] = check_parity(tmp_path / "UnivFD_head.json")
    assert "no .pth beside it has the checksum" in check.not_checked
