"""Sem-SPAI: its fusions, what is frozen, what each part is given, its keys."""

from typing import Any, get_args

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from detectors.contract import BadOption, build, load_card, parse_options
from detectors.lasting_errors import WeightsMismatch
from detectors.networks.backbones import frozen_backbone
from detectors.networks.resized import squashed
from detectors.networks.sem_spai.cross_attention import SpectralSemanticAttention
from detectors.networks.sem_spai.fusions import LateFusion
from detectors.networks.sem_spai.network import FusionName, SemSPAI
from detectors.networks.sem_spai.semantic_features import (
    PARTS,
    MiddleFeatures,
    features_of_parts,
)
from detectors.networks.spai.network import SPAISizes, SpectralEncoder
from detectors.zoo.sem_spai import CLIP_VIT_B_32, CONVNEXT_XXLARGE, SemSPAIOptions, official_weights
from detectors.zoo.spai import SPAIOptions
from detectors.zoo.spai import official_weights as official_spai

FUSIONS = get_args(FusionName)


def tiny(**options: Any) -> SemSPAI:
    network = build("sem_spai", {"size": "tiny", **options}, seed=1)
    assert isinstance(network, SemSPAI)
    return network


def images(batch: int, height: int, width: int) -> Tensor:
    return torch.rand(batch, 3, height, width, generator=torch.Generator().manual_seed(2))


def trained(network: nn.Module) -> int:
    return sum(value.numel() for value in network.parameters() if value.requires_grad)


class OfWidth(nn.Module):
    """What the network asks a backbone, of the widths of the official one."""

    input_px, num_features = None, 3072


def test_the_official_head_has_the_official_number_of_weights() -> None:
    narrow = SpectralEncoder(SPAISizes(width=8, heads=1, attention_head_width=2))
    assert narrow.num_features == 1096
    network = SemSPAI(narrow, OfWidth(), "late")  # type: ignore[arg-type]
    assert trained(network) == 2_309_889
    assert network.classifier[0].in_features == 1608


@pytest.mark.parametrize("fusion", FUSIONS)
def test_every_fusion_trains_its_head_alone(fusion: str) -> None:
    network = tiny(fusion=fusion)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    parameters = [value for value in network.parameters() if value.requires_grad]
    for _ in range(2):  # what begins at zero lets a gradient through from the second step on
        network.zero_grad()
        network.train()(images(4, 64, 64)).sum().backward()
        for value in parameters:
            value.data -= value.grad
    changed = {key for key, value in network.state_dict().items() if (value != before[key]).any()}
    assert changed == {key for key in before if key.startswith(("fusion.", "classifier."))}


@pytest.mark.parametrize("fusion", ["cross_before_sca", "midlevel_clip"])
def test_a_fusion_before_the_attention_begins_as_spai_itself(fusion: str) -> None:
    network = tiny(fusion=fusion).eval()
    image = images(2, 64, 96)
    seen: list[Tensor] = []
    network.classifier.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    with torch.inference_mode():
        network.classifier(network.spectral.image_vectors(image))
        fused = network.fusion(
            network._spectral_vectors(image),
            network._semantic_vectors(image),
            network.spectral.attended,
        )
    assert torch.allclose(fused, seen[0], atol=1e-6)


def test_late_fusion_is_the_seeds() -> None:
    fusion = LateFusion(5, 7, 3, 4, 0.5).eval()
    spectral, semantic = torch.rand(2, 6, 5), torch.rand(2, 1, 7)
    vector = spectral.mean(1)
    given = fusion(spectral, semantic, lambda vectors: vectors.mean(1))
    compact = fusion.semantic_projection(semantic[:, 0])
    mixed = fusion.fusion_layer(torch.cat([vector, compact], 1))
    assert torch.equal(given, torch.cat([vector, mixed], 1))
    alone = LateFusion(5, 7, 3, 4, 0.5, residual=False).eval()
    alone.load_state_dict(fusion.state_dict())
    assert torch.equal(alone(spectral, semantic, lambda vectors: vectors.mean(1)), mixed)


def test_frozen_parts_stay_in_eval_mode_unless_the_official_way_is_asked_for() -> None:
    network = tiny().train()
    assert not any(module.training for module in network.spectral.modules())
    assert not any(module.training for module in network.semantic.modules())
    assert network.fusion.training
    official = tiny(frozen_dropout=True).train()
    assert official.spectral.vit.training
    assert official.spectral.attention.dropout.training
    official.eval()
    assert not any(module.training for module in official.modules())
    with torch.inference_mode():
        assert torch.equal(official(images(2, 64, 64)), network.eval()(images(2, 64, 64)))


def test_sizes_of_both_parts_are_set_apart_for_training_and_tests() -> None:
    network = tiny(spectral_px_train=32, spectral_px_test=96, semantic_px_test=40)
    given: dict[str, tuple[int, ...]] = {}
    network.semantic.extractor.register_forward_pre_hook(
        lambda _, args: given.update(semantic=args[0].shape)
    )
    network.spectral.split.register_forward_pre_hook(
        lambda _, args: given.update(squares=args[0].shape)
    )
    image = images(2, 64, 128)
    network.train()(image)
    assert given["semantic"][2:] == (64, 128)
    assert given["squares"][0] == 2
    network.eval()(image)
    assert given["semantic"][2:] == (40, 40)
    assert given["squares"][0] == 2 * 9
    defaults = SemSPAIOptions()
    assert defaults.spectral_sides() == (None, 1024)
    assert SemSPAIOptions(spectral_px_test="native").spectral_sides() == (None, None)


def test_a_squash_is_pillows_bilinear() -> None:
    pixels = (images(1, 50, 90)[0].permute(1, 2, 0) * 255).byte().numpy()
    theirs = Image.fromarray(pixels).resize((40, 40), Image.Resampling.BILINEAR)
    ours = squashed(torch.from_numpy(pixels).permute(2, 0, 1)[None].float(), 40)
    rounded = ours[0].round().byte().permute(1, 2, 0).int()
    assert int((rounded - torch.from_numpy(np.array(theirs)).int()).abs().max()) <= 1


def test_parts_are_the_image_and_its_quarters() -> None:
    backbone = frozen_backbone("tiny")
    image = torch.zeros(1, 3, 64, 64)
    image[:, :, :32, 32:] = 1  # the upper right
    features = features_of_parts(backbone, image, 32)
    assert features.shape == (1, len(PARTS), backbone.num_features)
    black, white = backbone.features(torch.zeros(1, 3, 32, 32)), torch.ones(1, 3, 32, 32)
    place = PARTS.index("upper right")
    assert torch.allclose(features[:, place], backbone.features(white), atol=1e-6)
    for other in ("upper left", "lower left", "lower right"):
        assert torch.allclose(features[:, PARTS.index(other)], black, atol=1e-6)


def test_middle_features_are_those_of_the_middle_block() -> None:
    backbone = frozen_backbone("tiny")
    middle = MiddleFeatures(backbone)
    image = images(3, 32, 32)
    layers = list(backbone.extractor.children())[:-1]  # without the flattening at its end
    half = nn.Sequential(*layers[: (len(layers) - 1) // 2 + 1])
    wanted = half(backbone.normalise(image)).mean((2, 3))
    assert torch.allclose(middle(image), wanted, atol=1e-5)
    assert middle.num_features == wanted.shape[1]


def test_cross_attention_weights_sum_to_one_and_choose_what_is_alike() -> None:
    cross = SpectralSemanticAttention(6, 4, dropout=0.5).eval()
    asking, asked = torch.rand(2, 3, 6), torch.rand(2, 5, 4)
    weights = cross.weights(asking, asked)
    assert weights.shape == (2, 3, 5)
    assert torch.allclose(weights.sum(2), torch.ones(2, 3))
    assert torch.equal(cross(asking, asked), torch.zeros(2, 3, 6))
    assert torch.allclose(cross.weights(asking, asked[:, :1].expand(-1, 5, -1)), weights * 0 + 0.2)


def test_what_it_sees_has_the_cross_attention() -> None:
    maps = tiny(fusion="bidirectional").eval().what_it_sees(images(2, 70, 100))
    assert maps["attention"].shape == (2, 1, 2, 3)
    assert maps["squares_to_parts"].shape == (2, 5, 2, 3)
    assert torch.allclose(maps["squares_to_parts"].sum(1), torch.ones(2, 2, 3))
    assert torch.allclose(maps["parts_to_squares"].sum((2, 3)), torch.ones(2, 5))
    after = tiny(fusion="cross_after_sca").eval().what_it_sees(images(2, 70, 100))
    assert after["image_to_parts"].shape == (2, 5, 1, 1)


def test_both_parts_take_weights_of_their_own() -> None:
    network = tiny()
    spai = build("spai", {"size": "tiny"}, seed=7)
    network.load_backbone(spai.state_dict(), "spectral")
    assert torch.equal(network.spectral.norm.bias, spai.norm.bias)
    official = official_spai(SPAIOptions()).to_official(
        build("spai", {"size": "tiny"}).state_dict()
    )
    unused = {"mfvit.frequencies_mask": torch.ones(1), "mfvit.vit.cls_blocks.0.x": torch.ones(1)}
    network.load_backbone({**official, **unused}, "spectral")
    assert torch.equal(network.spectral.vit.pos_embed, official["mfvit.vit.pos_embed"])
    other = frozen_backbone("tiny").extractor.state_dict()
    network.load_backbone(other, "semantic")
    assert torch.equal(network.semantic.extractor[0].weight, other["0.weight"])
    with pytest.raises(WeightsMismatch, match="missing"):
        network.load_backbone({}, "spectral")
    with pytest.raises(WeightsMismatch, match="no part 'both'"):
        network.load_backbone({}, "both")
    assert SemSPAIOptions().weight_parts() == ("spectral", "semantic")


def test_official_keys_are_the_names_in_the_seeds_text() -> None:
    keys = official_weights(SemSPAIOptions())
    state = tiny().state_dict()
    official = keys.to_official(state)
    for key in ("semantic_projection.1.weight", "fusion_layer.0.weight", "classifier.3.bias"):
        assert key in official
    assert "spai_model.mfvit.vit.cls_token" in official
    assert "spai_model.norm.weight" in official
    theirs = {**official, "spai_model.cls_head.head.0.weight": torch.ones(1)}
    assert keys.from_official(theirs).keys() == state.keys()
    assert "semantic.network.trunk.stem.0.weight" in keys.from_official(
        {"semantic_backbone.stem.0.weight": torch.ones(1)}
    )


def test_the_backbone_follows_fusion_and_size() -> None:
    assert SemSPAIOptions().semantic_name() == CONVNEXT_XXLARGE
    assert SemSPAIOptions(fusion="midlevel_clip").semantic_name() == CLIP_VIT_B_32
    assert SemSPAIOptions(size="tiny").semantic_name() == "tiny"
    assert SemSPAIOptions(semantic="timm/resnet18.a1_in1k").semantic_name() == (
        "timm/resnet18.a1_in1k"
    )
    with pytest.raises(BadOption, match="open_clip/MODEL"):
        parse_options(load_card("sem_spai"), {"semantic": "ConvNeXt"})
