"""NPR's options: colour spaces, reference pixels, the full ResNet-50, several factors at once."""

import numpy as np
import pytest
import torch
from PIL import Image

from detectors.contract import BadOption, build, load_card, options_that_differ, parse_options
from detectors.lasting_errors import WeightsMismatch
from detectors.networks.colour_spaces import lab, ycbcr
from detectors.networks.npr import NPR
from detectors.networks.npr_residual import npr_residual
from detectors.recipes import resolve_recipe


def noise(*shape: int, seed: int = 1) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def count(network: torch.nn.Module) -> int:
    return sum(value.numel() for value in network.parameters())


def colour(red: float, green: float, blue: float) -> torch.Tensor:
    return torch.tensor([float(red), float(green), float(blue)]).view(1, 3, 1, 1)


@pytest.mark.parametrize(
    ("rgb", "expected"),
    [
        ((1, 1, 1), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((1, 0, 0), (53.2408, 80.0925, 67.2032)),  # published values of the sRGB primaries, D65
        ((0, 1, 0), (87.7347, -86.1827, 83.1793)),
        ((0, 0, 1), (32.2970, 79.1875, -107.8602)),
    ],
)
def test_lab_of_known_colours(rgb: tuple[int, ...], expected: tuple[float, ...]) -> None:
    assert (lab(colour(*rgb)) * 100).flatten().tolist() == pytest.approx(expected, abs=0.02)


def test_ycbcr_is_that_of_jpeg_files() -> None:
    pixels_HWC = np.random.default_rng(0).integers(0, 256, (16, 24, 3), dtype=np.uint8)
    theirs_HWC = np.asarray(Image.fromarray(pixels_HWC).convert("YCbCr"), dtype=np.float32)
    ours = ycbcr(torch.from_numpy(pixels_HWC).permute(2, 0, 1)[None] / 255)[0].permute(1, 2, 0)
    assert np.abs(ours.numpy() * 255 - theirs_HWC).max() < 1.5  # Pillow rounds twice


@pytest.mark.parametrize("space", [ycbcr, lab])
def test_colour_spaces_have_finite_gradients_where_it_is_dark(space) -> None:
    images_BCHW = torch.tensor([0.0, 1e-4, 0.04045, 1.0]).view(1, 1, 1, 4).repeat(1, 3, 1, 1)
    images_BCHW.requires_grad_()
    space(images_BCHW).sum().backward()
    assert images_BCHW.grad is not None
    assert bool(torch.isfinite(images_BCHW.grad).all())


def reference_by_hand(plane_HW: np.ndarray, side: int, reference: str) -> np.ndarray:
    """The plain rule: for each block, one number of the pixels that it has."""
    height, width = plane_HW.shape
    out = np.empty_like(plane_HW)
    for top in range(0, height, side):
        for left in range(0, width, side):
            block = plane_HW[top : top + side, left : left + side]
            if reference == "avg":
                value = block.mean()
            elif reference == "max":
                value = block.max()
            else:
                down, right = divmod(int(reference[1:]) - 1, side)
                value = plane_HW[min(top + down, height - 1), min(left + right, width - 1)]
            out[top : top + side, left : left + side] = value
    return out


@pytest.mark.parametrize("reference", ["w2", "w3", "w4", "avg", "max"])
@pytest.mark.parametrize(
    ("side", "height", "width"), [(2, 8, 12), (2, 9, 7), (3, 9, 10), (4, 5, 8)]
)
def test_reference_of_a_block(side: int, height: int, width: int, reference: str) -> None:
    images_BCHW = noise(1, 2, height, width)
    residual = npr_residual(images_BCHW, 1 / side, reference=reference)
    for channel in range(2):
        plane_HW = images_BCHW[0, channel].numpy()
        expected_HW = plane_HW - reference_by_hand(plane_HW, side, reference)
        assert np.allclose(residual[0, channel].numpy(), expected_HW, atol=1e-6)


def test_the_first_pixel_as_a_block_reference_is_the_closed_form() -> None:
    from detectors.networks.npr_residual import block_reference

    images_BCHW = noise(2, 3, 24, 36)
    for side in (2, 3, 4):
        expected = images_BCHW - block_reference(images_BCHW, side, "w1")
        assert torch.equal(npr_residual(images_BCHW, 1 / side), expected)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"reference": "avg", "factor": 0.75}, "0.75"),
        ({"reference": "w2", "factor": 0.4}, "0.4"),
        ({"reference": "max", "mode": "bilinear"}, "bilinear"),
        ({"reference": "w5"}, "w5"),
        ({"factor": "2/3"}, "2/3"),
        ({"factor": "1/1"}, "1/1"),
        ({"factor": "1/0"}, "1/0"),
        ({"colour": "hsv"}, "hsv"),
    ],
)
def test_options_that_make_no_map_are_refused(values: dict, said: str) -> None:
    with pytest.raises(BadOption, match=said):
        parse_options(load_card("npr"), values)


def test_a_factor_may_be_written_as_a_fraction() -> None:
    card = load_card("npr")
    assert parse_options(card, {"factor": "1/3"}) == parse_options(card, {"factor": 1 / 3})
    assert options_that_differ(card, parse_options(card, {"factor": "1/2"})) == {}


def test_the_map_is_taken_in_the_named_space() -> None:
    images_BCHW = noise(1, 3, 8, 8)
    for name, space in (("ycbcr", ycbcr), ("lab", lab)):
        network = build("npr", {"colour": name, "size": "tiny"}, seed=0)
        expected = npr_residual(space(images_BCHW), 0.5) * (2 / 3) / np.mean([0.229, 0.224, 0.225])
        assert torch.allclose(network.residual(images_BCHW), expected.float(), atol=1e-5)
        assert network.what_it_sees(images_BCHW)["npr_map"].shape == (1, 3, 8, 8)


@pytest.mark.parametrize(
    ("detector", "options", "parameters"),
    [
        ("npr", {"size": "tiny"}, 7_817),
        ("npr", {"backbone": "resnet50"}, 23_510_081),
        ("npr", {"backbone": "resnet50", "size": "tiny"}, 127_249),
        ("npr_multi", {}, 1_441_217),
        ("npr_multi", {"join": "mean_logit"}, 4_313_283),
        ("npr_multi", {"size": "tiny"}, 8_249),
    ],
)
def test_parameter_counts(detector: str, options: dict, parameters: int) -> None:
    assert count(build(detector, options)) == parameters


def library_state(network: NPR) -> dict[str, torch.Tensor]:
    """What torchvision's resnet50 of this size saves, with other weights and its classifier."""
    state = {
        key: torch.full_like(value, 0.5) if value.is_floating_point() else value
        for key, value in network.trunk.state_dict().items()
    }
    return {**state, "fc.weight": torch.zeros(1000, 2048), "fc.bias": torch.zeros(1000)}


def test_library_weights_fill_the_full_resnet50_and_leave_the_last_layer() -> None:
    network = build("npr", {"backbone": "resnet50", "size": "tiny"}, seed=0)
    before = network.classifier.weight.clone()
    state = library_state(network)
    network.load_backbone({k: v for k, v in state.items() if "num_batches" not in k})
    assert bool((network.trunk.conv1.weight == 0.5).all())
    assert torch.equal(network.classifier.weight, before)
    lacking = {key: value for key, value in state.items() if key != "layer2.0.conv1.weight"}
    with pytest.raises(WeightsMismatch, match=r"layer2\.0\.conv1\.weight"):
        network.load_backbone(lacking)
    with pytest.raises(WeightsMismatch, match=r"unknown.*layer4\.0"):
        network.load_backbone({**state, "layer4.0.conv1.weight": torch.zeros(1)})


def test_the_official_trunk_takes_no_library_weights() -> None:
    with pytest.raises(WeightsMismatch, match="backbone: resnet50"):
        build("npr", {"size": "tiny"}).load_backbone({})


@pytest.mark.slow  # torchvision's import
def test_keys_are_torchvisions() -> None:
    from torchvision.models import resnet50

    network = build("npr", {"backbone": "resnet50"}, seed=0)
    theirs = resnet50(weights=None)
    network.load_backbone(theirs.state_dict())
    assert torch.equal(network.trunk.layer4[2].bn3.weight, theirs.layer4[2].bn3.weight)


def test_maps_of_several_factors_stand_side_by_side_or_are_averaged() -> None:
    images_BCHW = noise(2, 3, 24, 24)
    options = {"factors": [0.5, "1/4"], "size": "tiny"}
    channels = build("npr_multi", options, seed=1).eval()
    seen = {}
    channels.trunk.register_forward_pre_hook(lambda _, inputs: seen.update(maps=inputs[0]))
    channels(images_BCHW)
    scale = (2 / 3) / torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
    maps = [npr_residual(images_BCHW, factor) * scale for factor in (0.25, 0.5)]
    assert torch.allclose(seen["maps"], torch.cat(maps, dim=1), atol=1e-6)
    assert list(channels.what_it_sees(images_BCHW)) == ["npr_map_0.25", "npr_map_0.5"]

    late = build("npr_multi", {**options, "join": "mean_logit"}, seed=1).eval()
    logits = [member(images_BCHW) for member in late.members]
    assert torch.allclose(late(images_BCHW), (logits[0] + logits[1]) / 2, atol=1e-6)
    assert not torch.allclose(logits[0], logits[1])
    for each, factor in zip(late.what_it_sees(images_BCHW).values(), (0.25, 0.5), strict=True):
        assert torch.allclose(each, npr_residual(images_BCHW, factor) * scale, atol=1e-6)


def test_factors_have_one_order_and_no_doubles() -> None:
    card = load_card("npr_multi")
    given = parse_options(card, {"factors": [0.75, 0.25, 0.5]})
    assert options_that_differ(card, given) == {}
    for wrong in ([0.5], [0.5, "1/2"], [0.5, 1.5], 0.5):
        with pytest.raises(BadOption):
            parse_options(card, {"factors": wrong})


def test_official_and_seed_are_the_papers_training() -> None:
    paper = resolve_recipe(load_card("npr"), "paper")
    for name, recipe in (("npr", "official"), ("npr", "seed"), ("npr_multi", "seed")):
        assert resolve_recipe(load_card(name), recipe) == paper
