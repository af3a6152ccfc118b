"""Dual input: where the two inputs meet, which network sees them, what given weights become."""

from typing import Any

import pytest
import torch

from detectors.contract import BadOption, build, load_card, options_that_differ, parse_options
from detectors.lasting_errors import WeightsMismatch
from detectors.networks.library_weights import widened

CARD = load_card("dual_input")
IMAGES = torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
BACKBONES = ["small", "resnet50", "swin_t", "deit_s"]
JOINS = [
    {},
    {"join": "two_streams"},
    {"join": "two_streams", "shared": True},
]
COUNTS = {
    "small": [24_199, 47_527, 23_831],
    "resnet50": [129_607, 254_503, 127_511],
    "swin_t": [78_907, 155_503, 77_803],
    "deit_s": [76_039, 133_639, 66_871],
}


def tiny(backbone: str, **more: Any) -> torch.nn.Module:
    return build("dual_input", {"size": "tiny", "backbone": backbone, **more}, seed=0)


@pytest.mark.parametrize("index", range(len(JOINS)))
@pytest.mark.parametrize("backbone", BACKBONES)
def test_every_network_and_join_reads_both_inputs(backbone: str, index: int) -> None:
    network = tiny(backbone, **JOINS[index])
    assert sum(value.numel() for value in network.parameters()) == COUNTS[backbone][index]
    network.train()
    torch.nn.functional.softplus(network(IMAGES)).sum().backward()
    assert all(value.grad is not None for value in network.parameters())
    network.eval()
    with torch.inference_mode():
        plain = network(IMAGES)
        assert not torch.allclose(plain, network(IMAGES, IMAGES.flip(-1) ** 2))
        assert not torch.allclose(plain, network(IMAGES.flip(0), IMAGES))
        single = torch.cat([network(image[None]) for image in IMAGES])
    assert torch.allclose(plain, single, rtol=1e-4, atol=1e-5)
    assert set(network.what_it_sees(IMAGES)) == {"pixels", "second"}


def test_any_network_of_timm_at_its_size() -> None:
    values = {"backbone": "test_vit", "input_px": 48, "join": "two_streams"}
    assert parse_options(CARD, values).fixed_input_px() == 48
    network = build("dual_input", values, seed=0).eval()
    images_BCHW = torch.rand(2, 3, 48, 48, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        assert network(images_BCHW).unique().numel() == 2


def test_the_backbone_says_which_size_it_takes() -> None:
    sizes = {"small": None, "resnet50": None, "swin_t": 224, "deit_s": 224, "convnext_atto": 224}
    for backbone, side in sizes.items():
        options = parse_options(CARD, {"backbone": backbone})
        assert options.fixed_input_px() == side
        assert options.micro_batch_acts(), "the second view's scale is a batch normalisation"
    assert parse_options(CARD, {"backbone": "swin_t", "size": "tiny"}).fixed_input_px() is None


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"backbone": "swin_tt"}, r"neither one of small, .*did you mean .*swin_t"),
        ({"backbone": "convnext_ato"}, "did you mean convnext_atto"),
        ({"shared": True}, "shared would change nothing with join: channels"),
        ({"input_px": 96}, "input_px would change nothing with backbone: small"),
        ({"backbone": "test_vit", "size": "tiny"}, "test_vit has no tiny relative"),
        ({"size": "large"}, "'full' or 'tiny'"),
    ],
)
def test_options_that_mean_nothing_are_refused(values: dict[str, Any], says: str) -> None:
    with pytest.raises(BadOption, match=says):
        parse_options(CARD, values)


def test_the_earlier_word_for_full_is_the_same_detector() -> None:
    assert parse_options(CARD, {"size": "small"}) == parse_options(CARD, {})
    assert options_that_differ(CARD, parse_options(CARD, {"size": "small"})) == {}


def test_a_widened_convolution_sees_two_equal_inputs_as_one() -> None:
    weight = torch.randn(5, 3, 3, 3, generator=torch.Generator().manual_seed(0))
    six = widened(weight, 6)
    assert six.shape == (5, 6, 3, 3)
    convolved = torch.nn.functional.conv2d
    twice = convolved(torch.cat([IMAGES, IMAGES], dim=1), six)
    assert torch.allclose(twice, convolved(IMAGES, weight), atol=1e-5)
    assert widened(weight, 3) is weight
    assert widened(weight, 4) is weight, "for strict loading to refuse"


@pytest.mark.parametrize("backbone", ["resnet50", "swin_t", "deit_s"])
def test_pretrained_weights_of_joined_channels(backbone: str) -> None:
    given = build(backbone, {"size": "tiny"}, seed=9).backbone
    state = getattr(given, "model", given).state_dict()
    network = tiny(backbone)
    network.load_backbone(state)
    trunk = network.network.features
    mine = getattr(trunk, "model", trunk).state_dict()
    changed = [key for key in state if not torch.equal(mine[key], state[key])]
    first = {"resnet50": "conv1.weight"}.get(backbone, "patch_embed.proj.weight")
    assert changed == [first]
    assert torch.equal(mine[first], widened(state[first], 6))


def test_pretrained_weights_of_two_streams() -> None:
    options = {"join": "two_streams", "size": "tiny", "backbone": "resnet50"}
    assert parse_options(CARD, options).weight_parts() == ("pixels", "second")
    assert parse_options(CARD, {**options, "shared": True}).weight_parts() == ()
    assert parse_options(CARD, {}).weight_parts() == ()
    states = {
        part: build("resnet50", {"size": "tiny"}, seed=seed).backbone.state_dict()
        for seed, part in enumerate(("pixels", "second"), start=5)
    }
    network = tiny("resnet50", join="two_streams")
    for part, state in states.items():
        network.load_backbone(state, part)
    inner = network.network
    assert torch.equal(inner.features.conv1.weight, states["pixels"]["conv1.weight"])
    assert torch.equal(inner.second_features.conv1.weight, states["second"]["conv1.weight"])
    with pytest.raises(ValueError, match=r"no part None.*pixels, second"):
        network.load_backbone(states["pixels"])
    shared = tiny("resnet50", join="two_streams", shared=True)
    shared.load_backbone(states["second"])
    assert torch.equal(shared.network.features.conv1.weight, states["second"]["conv1.weight"])
    with pytest.raises(WeightsMismatch, match="no library has weights for"):
        tiny("small").load_backbone(states["pixels"])
