"""AIDE: official numbers, what learns and what does not, its four windows, its keys."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from repository import FIXTURES
from torch import Tensor, nn

from data.operations import parse
from detectors import forward_memory
from detectors.contract import BadOption, build, load_card, parse_options
from detectors.input_geometry import input_pipelines
from detectors.lasting_errors import WeightsMismatch
from detectors.networks.aide import AIDE
from detectors.networks.dct_windows import DCTWindows
from detectors.networks.resnet import RESNET50_BLOCKS, RESNET50_WIDTH, ResNet
from detectors.parity.aide import compared
from detectors.parity.checking import largest_deviation
from detectors.parity.file import ParityFile
from detectors.recipes import resolve_recipe
from detectors.weights import load_strictly
from detectors.zoo.aide import AIDEOptions, official_weights

CARD = load_card("aide")
FULL = ParityFile.read(FIXTURES / "parity" / "AIDE_patches.json")


def tiny(**options: Any) -> Any:
    return build("aide", {"size": "tiny", **options}, seed=0)


def images(count: int = 2, height: int = 32, width: int = 40) -> Tensor:
    return torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(1))


def trained(network: nn.Module) -> int:
    return sum(value.numel() for value in network.parameters() if value.requires_grad)


def test_official_numbers_are_ours() -> None:
    windows = {name: FULL.content["windows"][name] for name in ("224x224_0", "300x225_2")}
    file = replace(FULL, content={**FULL.content, "windows": windows})
    numbers = list(compared(file))
    assert len(numbers) == 5 * 2 + 1 + 4
    worst = largest_deviation(numbers, tuple(file.images))
    assert worst is not None
    assert worst.relative < 1e-4, worst


@pytest.mark.slow  # windows of large images
def test_all_official_numbers_are_ours() -> None:
    numbers = list(compared(FULL))
    assert len(numbers) == 5 * len(FULL.content["windows"]) + 1 + 4
    worst = largest_deviation(numbers, tuple(FULL.images))
    assert worst is not None
    assert worst.relative < 1e-4, worst


class OfWidth(nn.Module):
    """What the network asks a backbone, of the width of the official one."""

    input_px, num_features = None, 3072


def test_the_full_network_has_the_official_number_of_weights() -> None:
    """54.43 million in the paper's count, with two unused classifiers and the projection."""
    resnet, backbone = ResNet(RESNET50_BLOCKS, RESNET50_WIDTH, 30), OfWidth()
    for trains_projection, projection in ((False, 0), (True, 786_688)):
        network = AIDE(
            DCTWindows(),
            resnet,
            resnet,
            backbone,  # type: ignore[arg-type]
            trains_projection=trains_projection,
        )
        # One object stands for both ResNets here, so it is counted once.
        assert trained(network) + trained(resnet) == 49_547_778 + projection
    unused = 2 * 2_049_000
    assert round((49_547_778 + 786_688 + unused) / 1e6, 2) == 54.43


@pytest.mark.parametrize("projection", ["random", "trained"])
def test_the_projection_learns_only_where_it_is_asked_to(projection: str) -> None:
    network = tiny(projection=projection).train()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    for _ in range(2):  # a block's last normalisation begins at zero
        network.zero_grad()
        network(images(2)).sum().backward()
        for value in network.parameters():
            if value.requires_grad:
                value.data -= 0.5 * value.grad
    changed = {key for key, value in network.state_dict().items() if (value != before[key]).any()}
    assert ("projection.weight" in changed) == (projection == "trained")
    assert not any(key.startswith(("semantic.", "srm.")) for key in changed)
    assert {"hidden.weight", "lowest.conv1.weight", "highest.conv1.weight"} <= changed


def test_the_lowest_go_through_one_network_and_the_highest_through_the_other() -> None:
    network, seen = tiny().eval(), []
    for part in ("lowest", "highest"):
        hook = lambda _, given, part=part: seen.append((part, given[0]))  # noqa: E731
        getattr(network, part).register_forward_pre_hook(hook)
    with torch.inference_mode():
        noise_BF = network.noise(images())
        maps = network.filtered(network.windows(images()))
        expected = [
            network.get_submodule(part)(maps[:, place])
            for place, part in enumerate(["lowest", "highest"] * 2)
        ]
    assert [part for part, _ in seen[:4]] == ["lowest", "highest"] * 2
    for place, (_, given) in enumerate(seen[:4]):
        assert torch.equal(given, maps[:, place])
    assert torch.allclose(noise_BF, sum(expected) / 4)  # type: ignore[arg-type]


def test_the_logit_is_fake_minus_real_and_exact_under_autocast() -> None:
    network = tiny().eval()
    with torch.no_grad():
        real_B, fake_B = network.outputs(images()).unbind(1)
        assert torch.equal(network(images()), fake_B - real_B)
        plain = network.filtered(network.windows(images()))
        with torch.autocast("cpu", torch.bfloat16):
            assert torch.equal(network.filtered(network.windows(images())), plain)


def test_the_windows_are_enlarged_before_they_are_filtered() -> None:
    network = tiny().eval()
    maps = network.filtered(network.windows(images()))
    assert maps.shape == (2, 4, 30, 64, 64)
    seen = network.what_it_sees(images())
    assert seen["score of each window"].shape == (2, 1, 7, 9)
    assert seen["second highest frequency"].shape == (2, 3, 8, 8)


@pytest.mark.parametrize(("options", "side"), [({}, 32), ({"size": "tiny"}, 8)])
def test_only_images_smaller_than_a_window_are_resized(options: dict[str, Any], side: int) -> None:
    pipelines = input_pipelines(CARD, parse_options(CARD, options))
    geometry = parse(pipelines.test, "geometry")
    assert geometry.canonical == parse(f"squash({side})", "geometry").canonical
    assert geometry.result_size(side - 1, 90) == (side, side)
    assert geometry.result_size(side, 91) == (side, 91)
    cropped = input_pipelines(CARD, parse_options(CARD, options), "crops")
    assert parse(cropped.train, "geometry").result_size(100, 300) == (256, 256)


def test_a_name_that_is_no_backbone_is_refused() -> None:
    with pytest.raises(BadOption, match="no name of a backbone"):
        parse_options(CARD, {"semantic": "convnext"})


def test_parts_begin_with_a_librarys_weights() -> None:
    network = tiny()
    first = network.lowest.conv1.weight.detach().clone()
    state = ResNet((1, 1, 1), 8).state_dict()
    network.load_backbone({**state, "fc.weight": torch.zeros(1000, 128)}, "noise")
    for part in (network.lowest, network.highest):
        assert torch.equal(part.layer3[0].conv2.weight, state["layer3.0.conv2.weight"])
    assert torch.equal(network.lowest.conv1.weight, first)
    extra = {**state, "layer4.0.conv1.weight": torch.zeros(1)}
    with pytest.raises(WeightsMismatch, match=r"layer4\.0\.conv1\.weight"):
        network.load_backbone(extra, "noise")
    without = {key: value for key, value in state.items() if key != "conv1.weight"}
    with pytest.raises(WeightsMismatch, match=r"conv1\.weight"):
        network.load_backbone(without, "noise")
    backbone = tiny().semantic.network.state_dict()
    network.load_backbone(backbone, "semantic")
    assert "semantic.sha256" in network.state_dict()
    with pytest.raises(ValueError, match="noise or semantic"):
        network.load_backbone({}, "head")


def test_official_keys_map_both_ways_and_unused_classifiers_are_left_out() -> None:
    keys, network = official_weights(AIDEOptions()), tiny()
    official = keys.to_official(network.state_dict())
    assert {
        "hpf.hpf.weight",
        "model_min.layer1.0.conv1.weight",
        "model_max.bn1.running_var",
        "convnext_proj.0.bias",
        "fc.fc1.weight",
        "fc.fc2.bias",
    } <= set(official)
    assert official["hpf.hpf.weight"].shape == (30, 3, 5, 5)
    official["model_min.fc.weight"] = official["model_max.fc.bias"] = torch.zeros(1)
    load_strictly(tiny(), keys.from_official(official))
    trunk = keys.from_official({"openclip_convnext_xxl.head.norm.bias": torch.zeros(1)})
    assert list(trunk) == ["semantic.network.trunk.head.norm.bias"]
    official.pop("fc.fc2.bias")
    with pytest.raises(WeightsMismatch, match=r"classifier\.bias"):
        load_strictly(tiny(), keys.from_official(official))


def test_an_account_of_memory_grows_with_the_scored_image_alone() -> None:
    network = tiny().eval()
    small, large = (network.forward_bytes(side, side, lambda *_: 1000) for side in (100, 200))
    assert large - small == 3 * 4 * 3 * (200**2 - 100**2)


@pytest.mark.slow  # counting live tensors imports much
def test_an_account_of_memory_is_not_less_than_what_a_pass_takes() -> None:
    network, cpu = tiny().eval(), torch.device("cpu")
    with torch.inference_mode():
        for side in (64, 200):
            measured = forward_memory._peak(network, side, side, cpu)
            stated = forward_memory.forward_memory(network, side, side, cpu).of(side**2)
            assert stated >= measured


def test_the_recipe_ends_at_a_hundredth_of_its_rate() -> None:
    recipe = resolve_recipe(CARD, "paper")
    assert (recipe.lr * recipe.final_lr_fraction, recipe.weight_decay) == (pytest.approx(1e-6), 0)
    assert resolve_recipe(CARD, "genimage").epochs == 5
