"""GramNet against the official numbers, its Gram matrices, its key map, its backbone."""

from functools import cache

import numpy as np
import pytest
import torch
from official_figures import figures_of

from data.operations import parse
from detectors.contract import build, find_preset, load_card
from detectors.lasting_errors import WeightsMismatch
from detectors.networks.basic_resnet import BasicResNet
from detectors.networks.gramnet import GramNet, gram_matrix
from detectors.parity.checking import largest_deviation
from detectors.parity.gramnet import compared
from detectors.recipes import resolve_recipe
from detectors.zoo.gramnet import GramNetOptions, official_weights

KEYS = official_weights(GramNetOptions())


@cache
def tiny(variant: str = "official") -> GramNet:
    return build("gramnet", {"size": "tiny", "variant": variant}, seed=0).eval()


@pytest.fixture
def images_BCHW() -> torch.Tensor:
    return torch.rand(2, 3, 40, 48, generator=torch.Generator().manual_seed(0))


def test_both_variants_give_the_official_numbers() -> None:
    file = figures_of("GramNet", ["224x224_3"])
    with torch.no_grad():
        numbers = list(compared(file))
    assert {"official: n_params", "Gram matrix", "224x224_3: logit, benchmark"} <= {
        each.what for each in numbers
    }
    worst = largest_deviation(numbers, tuple(file.images))
    assert worst is not None
    assert worst.relative < 1e-4, worst


def test_a_gram_matrix_is_the_mean_of_products() -> None:
    map_BCHW = torch.randn(2, 5, 7, 3, generator=torch.Generator().manual_seed(1))
    gram_B1CC = gram_matrix(map_BCHW)
    for image, map_CHW in enumerate(map_BCHW):
        for one in range(5):
            for other in range(5):
                expected = (map_CHW[one] * map_CHW[other]).sum() / (5 * 7 * 3)
                assert torch.isclose(gram_B1CC[image, 0, one, other], expected, atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_a_gram_matrix_survives_half_precision(dtype: torch.dtype) -> None:
    # 512 x 512 positions of 3: their sum of products, 2.4 million, is beyond float16's 65,504.
    map_BCHW = torch.full((1, 2, 512, 512), 3.0, dtype=dtype)
    gram = gram_matrix(map_BCHW)
    assert gram.dtype == torch.float32
    assert torch.allclose(gram, torch.full((1, 1, 2, 2), 9.0 / 2), rtol=1e-3)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_training_in_half_precision_is_finite(dtype: torch.dtype) -> None:
    network = build("gramnet", {"size": "tiny"}, seed=0)
    with torch.autocast("cpu", dtype):
        logit_B = network(torch.ones(2, 3, 96, 96))
    assert logit_B.dtype == torch.float32
    logit_B.sum().backward()
    assert all(bool(p.grad.isfinite().all()) for p in network.parameters() if p.grad is not None)


def test_the_official_input_is_blue_first_and_not_normalised(images_BCHW: torch.Tensor) -> None:
    seen = {}
    handle = tiny().backbone.conv1.register_forward_pre_hook(
        lambda _, inputs: seen.update(pixels=inputs[0])
    )
    with torch.no_grad():
        tiny()(images_BCHW)
    handle.remove()
    assert torch.equal(seen["pixels"], images_BCHW[:, [2, 1, 0]] * 255)


def test_the_official_logit_is_larger_for_fake(images_BCHW: torch.Tensor) -> None:
    with torch.no_grad():
        fake_B, real_B = tiny().outputs(images_BCHW).unbind(1)
        assert torch.equal(tiny()(images_BCHW), fake_B - real_B)
        assert torch.equal(
            tiny("benchmark")(images_BCHW)[:, None], tiny("benchmark").outputs(images_BCHW)
        )


def test_the_key_map_goes_both_ways() -> None:
    state = tiny().state_dict()
    official = KEYS.to_official(state)
    assert {"scale.scale", "g_fc1r.0.weight", "conv_interi_0.1.bias", "fcnewr.3.bias"} <= set(
        official
    )
    back = KEYS.from_official({f"module.{key}": value for key, value in official.items()})
    assert list(back) == list(state)
    assert all(torch.equal(back[key], state[key]) for key in state)


def test_a_backbone_is_loaded_strictly_and_without_its_classifier() -> None:
    network = build("gramnet", {"size": "tiny"}, seed=0)
    state = BasicResNet((1, 1, 1, 1), 16).state_dict()
    network.load_backbone({**state, "fc.weight": torch.zeros(1), "fc.bias": torch.zeros(1)})
    assert torch.equal(network.backbone.conv1.weight, state["conv1.weight"])
    with pytest.raises(WeightsMismatch, match=r"missing.*bn1\.bias.*unknown.*bn9"):
        network.load_backbone({"bn9" if k == "bn1.bias" else k: v for k, v in state.items()})


def test_what_it_sees_are_six_symmetric_matrices(images_BCHW: torch.Tensor) -> None:
    with torch.no_grad():
        seen = tiny().what_it_sees(images_BCHW)
    assert len(seen) == 6
    for matrix_B1CC in seen.values():
        assert matrix_B1CC.shape == (2, 1, 32, 32)
        assert torch.allclose(matrix_B1CC, matrix_B1CC.mT)


def test_presets_and_recipes() -> None:
    official = find_preset(load_card("gramnet"), "official")
    assert parse(official.test, "geometry").result_size(300, 225) == (300, 225)
    assert parse(official.train, "geometry").result_size(300, 225) == (512, 512)
    benchmark = find_preset(load_card("gramnet"), "benchmark")
    assert parse(benchmark.test, "geometry").result_size(300, 225) == (224, 224)
    assert resolve_recipe(load_card("gramnet"), "paper").lr == 1e-5
    assert resolve_recipe(load_card("gramnet"), "official").validate_on == "test_sets"
    assert resolve_recipe(load_card("gramnet"), "benchmark").augment == "blur_jpeg(p=0.1)"


@pytest.mark.slow  # importing torchvision
@pytest.mark.parametrize(
    ("name", "blocks"), [("resnet18", (2, 2, 2, 2)), ("resnet34", (3, 4, 6, 3))]
)
def test_the_backbone_is_torchvisions(name: str, blocks: tuple[int, ...]) -> None:
    import torchvision

    theirs, ours = torchvision.models.get_model(name, weights=None), BasicResNet(blocks)
    ours.load_pretrained(theirs.state_dict())
    theirs.fc = torch.nn.Identity()
    images_BCHW = torch.rand(2, 3, 75, 64)
    for training in (False, True):
        theirs.train(training)
        ours.train(training)
        with torch.no_grad():
            assert np.allclose(ours(images_BCHW), theirs(images_BCHW), rtol=1e-4, atol=1e-5)
