"""ResNet-50: counts, geometry, what stays in float32, and timm's network as the reference."""

from math import prod

import pytest
import torch

from data.operations import parse
from detectors.contract import build, find_preset, load_card


@pytest.mark.parametrize(("size", "parameters"), [("full", 23_510_081), ("tiny", 127_249)])
def test_parameter_counts(size: str, parameters: int) -> None:
    network = build("resnet50", {"size": size})
    assert sum(value.numel() for value in network.parameters()) == parameters


def test_each_block_begins_as_its_shortcut() -> None:
    network = build("resnet50", {"size": "tiny"}, seed=0)
    last = [module.bn3 for module in network.modules() if hasattr(module, "bn3")]
    assert len(last) == 3
    assert not any(bool(norm.weight.any()) for norm in last)
    assert bool(network.backbone.layer2[0].bn2.weight.all())


def test_evaluation_of_genimage_is_a_scaled_centre() -> None:
    pipelines = find_preset(load_card("resnet50"), "genimage")
    test = parse(pipelines.test, "geometry")
    assert test.canonical == 'resize(235, filter="bicubic") | center_crop(224)'
    for height, width in [(128, 128), (224, 224), (256, 256), (1024, 512), (375, 500)]:
        assert test.result_size(height, width) == (224, 224)
        assert parse(pipelines.train, "geometry").result_size(height, width) == (224, 224)
    native = find_preset(load_card("resnet50"), "native")
    assert "resize" not in native.train + native.test
    assert parse(native.test, "geometry").result_size(375, 500) == (375, 500)


def test_normalisation_and_logit_stay_in_float32_under_autocast() -> None:
    network = build("resnet50", {"size": "tiny"}, seed=0).eval()
    seen = {}
    network.backbone.register_forward_pre_hook(lambda _, inputs: seen.update(images=inputs[0]))
    network.classifier.register_forward_pre_hook(lambda _, inputs: seen.update(features=inputs[0]))
    images_BCHW = torch.rand(2, 3, 32, 48, generator=torch.Generator().manual_seed(0))
    mean, std = torch.tensor([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]]).view(2, 1, 3, 1, 1)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        logit_B = network(images_BCHW)
    assert torch.allclose(seen["images"], (images_BCHW - mean) / std, rtol=1e-5, atol=1e-6)
    assert {seen["images"].dtype, seen["features"].dtype, logit_B.dtype} == {torch.float32}
    expected_B = seen["features"] @ network.classifier.weight[0] + network.classifier.bias
    assert torch.allclose(logit_B, expected_B, rtol=1e-5, atol=1e-6)


@pytest.mark.slow  # importing timm imports torch's compiler
def test_it_is_timms_network() -> None:
    from timm.models.resnet import resnet50

    ours, theirs = build("resnet50", seed=0), resnet50(num_classes=1)
    # As after a training: no block is its shortcut, no running mean is zero.
    generator = torch.Generator().manual_seed(1)
    state = {}
    for key, value in theirs.state_dict().items():
        if key.endswith("num_batches_tracked"):
            state[key] = value
        elif value.ndim > 1:
            scale = (2 / prod(value.shape[1:])) ** 0.5
            state[key] = scale * torch.randn(value.shape, generator=generator)
        else:
            state[key] = 0.5 + 0.5 * torch.rand(value.shape, generator=generator)
    theirs.load_state_dict(state)
    renamed = {
        key.replace("fc.", "classifier.") if key.startswith("fc.") else f"backbone.{key}": value
        for key, value in state.items()
    }
    ours.load_state_dict(renamed, strict=True)
    images_BCHW = torch.rand(3, 3, 75, 64, generator=generator)
    for training in (False, True):
        theirs.train(training)
        ours.train(training)
        with torch.no_grad():
            expected_B = theirs(ours.normalise(images_BCHW)).squeeze(1)
            assert torch.allclose(ours(images_BCHW), expected_B, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_it_begins_as_timms_network() -> None:
    from timm.models.resnet import resnet50

    torch.manual_seed(0)
    theirs = resnet50(num_classes=1).state_dict()
    ours = build("resnet50", seed=0).backbone.state_dict()
    for key, value in ours.items():
        if value.is_floating_point():
            assert float(value.std()) == pytest.approx(float(theirs[key].std()), rel=0.06), key
            of_chance = 6 * float(value.std()) / value.numel() ** 0.5
            assert float(value.mean()) == pytest.approx(float(theirs[key].mean()), abs=of_chance)


def test_dropout_acts_in_training_alone() -> None:
    images_BCHW = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    plain = build("resnet50", {"size": "tiny"}, seed=0)
    dropped = build("resnet50", {"size": "tiny", "dropout": 0.5}, seed=0)
    assert set(plain.state_dict()) == set(dropped.state_dict())
    with torch.no_grad():
        assert torch.equal(plain.eval()(images_BCHW), dropped.eval()(images_BCHW))
        plain.train(), dropped.train()
        assert torch.equal(plain(images_BCHW), plain(images_BCHW))
        assert not torch.equal(dropped(images_BCHW), dropped(images_BCHW))
