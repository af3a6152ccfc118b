"""SPAI: its squares, its frequencies, what is frozen, its chunks, its official keys."""

import json

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from repository import FIXTURES
from torch import Tensor
from torchvision.transforms.functional import five_crop

from detectors import forward_memory
from detectors.contract import BadOption, build, load_card, parse_options
from detectors.lasting_errors import WeightsMismatch
from detectors.networks.spai import network as spai_network
from detectors.networks.spai.frequency_split import FrequencySplit, official_mask
from detectors.networks.spai.network import SPAI
from detectors.networks.spai.patches import cut_into_patches, reflected_up_to
from detectors.weights import load_strictly
from detectors.zoo.spai import SPAIOptions, official_weights

GIVEN = json.loads((FIXTURES / "parity" / "SPAI.json").read_text())


def tiny(**options: object) -> SPAI:
    network = build("spai", {"size": "tiny", **options}, seed=1)
    assert isinstance(network, SPAI)
    return network


def images(batch: int, height: int, width: int) -> Tensor:
    return torch.rand(batch, 3, height, width, generator=torch.Generator().manual_seed(2))


@given(st.integers(8, 40), st.integers(8, 40), st.integers(1, 6))
def test_squares_lie_row_by_row_and_the_rest_is_dropped(h: int, w: int, stride: int) -> None:
    image = images(2, h, w)
    patches = cut_into_patches(image, 8, stride, fewest=1)
    assert (patches.rows, patches.columns) == ((h - 8) // stride + 1, (w - 8) // stride + 1)
    for row in range(patches.rows):
        for column in range(patches.columns):
            square = patches.squares_BNCSS[:, row * patches.columns + column]
            y, x = row * stride, column * stride
            assert torch.equal(square, image[:, :, y : y + 8, x : x + 8])
    if stride == 8:
        whole = image[:, :, : patches.rows * 8, : patches.columns * 8]
        assert torch.equal(patches.laid_out(patches.squares_BNCSS), whole)


@pytest.mark.parametrize("size", [(8, 9), (15, 15), (16, 9), (31, 8)])
def test_few_squares_are_replaced_by_five_crops(size: tuple[int, int]) -> None:
    image = images(2, *size)
    patches = cut_into_patches(image, 8, 8, fewest=4)
    theirs = torch.stack(five_crop(image, [8, 8]), dim=1)
    assert torch.equal(patches.squares_BNCSS, theirs)
    assert (patches.rows, patches.columns) == (1, 5)


def test_five_equal_crops_are_one_square() -> None:
    network = tiny().eval()
    image = images(2, 32, 32)
    assert network.patches(image).squares_BNCSS.shape[1] == 1
    five = torch.stack(five_crop(image, [32, 32]), dim=1)
    with torch.inference_mode():
        logit_B = network.logits(network.attended(network.square_vectors(five)))
        assert torch.allclose(network(image), logit_B, atol=1e-6)


def test_a_small_image_is_reflected_on_both_sides() -> None:
    line = torch.arange(4.0).view(1, 1, 1, 4).expand(1, 3, 9, 4)
    row = reflected_up_to(line, 9)[0, 0, 0].tolist()
    assert row == [2, 1, 0, 1, 2, 3, 2, 1, 0]
    assert reflected_up_to(images(1, 1, 3), 8).shape == (1, 3, 8, 8)
    assert tiny().eval()(images(2, 5, 70)).shape == (2,)


@pytest.mark.parametrize("side", [32, 48, 224])
def test_frequencies_are_those_of_a_masked_complex_transform(side: int) -> None:
    image = images(1, side, side)
    spectrum = torch.fft.fftshift(torch.fft.fft2(image.double()), dim=(-2, -1))
    masks = official_mask(side), 1 - official_mask(side)
    for ours, mask in zip(FrequencySplit(side)(image), masks, strict=True):
        shifted = torch.fft.ifftshift(spectrum * mask, dim=(-2, -1))
        assert torch.allclose(ours.double(), torch.fft.ifft2(shifted).real, atol=1e-6)


def test_the_mask_is_half_a_frequency_off_the_middle() -> None:
    mask = official_mask(224)
    assert int(mask.sum()) == GIVEN["mask"]["ones"]
    assert mask[96].any()
    assert mask[127].any()
    assert not mask[95].any()
    assert not mask[128].any()


@settings(deadline=None, max_examples=10)
@given(st.integers(1, 7))
def test_how_many_squares_go_together_changes_no_logit(at_once: int) -> None:
    network, image = tiny().eval(), images(3, 70, 100)
    with torch.inference_mode(), pytest.MonkeyPatch.context() as patch:
        together = network(image)
        patch.setattr(spai_network, "SQUARES_AT_ONCE", at_once)
        assert torch.allclose(network(image), together, rtol=1e-5, atol=1e-6)


def test_a_pretrained_vit_is_frozen_and_stays_in_eval_mode() -> None:
    network, other = tiny(), tiny()
    assert all(value.requires_grad for value in network.vit.parameters())
    network.load_backbone({f"encoder.{k}": v for k, v in other.vit.state_dict().items()})
    network.train()
    assert network.training
    assert network.restoration.training
    assert not any(module.training for module in network.vit.modules())
    network(images(2, 64, 64)).sum().backward()
    assert all(value.grad is None for value in network.vit.parameters())
    assert all(value.grad is not None for value in network.restoration.parameters())


def test_official_drop_path_acts_in_the_frozen_vit_in_training_alone() -> None:
    still, dropping = (tiny(frozen_vit="always", drop_path=rate) for rate in (0.0, 0.9))
    image = images(4, 32, 32)
    for network, same in ((still, True), (dropping, False)):
        network.train()
        drawn = [torch.stack(list(network.vit.tokens(image))) for _ in range(4)]
        assert all(torch.equal(drawn[0], each) for each in drawn) == same
    dropping.eval()
    with torch.inference_mode():
        assert torch.equal(dropping(image), still.eval()(image))


def test_a_vit_that_is_never_frozen_trains_from_given_weights() -> None:
    network = tiny(frozen_vit="never")
    network.load_backbone(tiny().vit.state_dict())
    network.train()(images(2, 32, 32)).sum().backward()
    assert all(value.grad is not None for value in network.vit.parameters())


def test_other_weights_than_the_vits_are_refused() -> None:
    network, state = tiny(), tiny().vit.state_dict()
    head = {"norm.weight": torch.ones(1), "head.bias": torch.ones(1)}
    network.load_backbone({**state, **head})
    missing = {key: value for key, value in state.items() if key != "pos_embed"}
    with pytest.raises(WeightsMismatch, match=r"1 missing.*pos_embed"):
        network.load_backbone(missing)
    with pytest.raises(WeightsMismatch, match=r"1 unknown.*blocks\.9"):
        network.load_backbone({**state, "blocks.9.norm1.bias": torch.ones(1)})
    table = {"blocks.0.attn.relative_position_bias_table": torch.ones(1)}
    with pytest.raises(WeightsMismatch, match="absolute"):
        network.load_backbone({**state, **table})


def test_ablations_leave_parts_out() -> None:
    assert tiny().num_features == 6 * 3 + 32
    assert tiny(similarities=False).num_features == 32
    mean = tiny(attention=False)
    assert not [key for key in mean.state_dict() if key.startswith("attention.")]
    weights = mean.attention.weights(torch.rand(2, 5, 7))
    assert torch.allclose(weights, torch.full((2, 5), 0.2))


def test_what_it_sees_is_the_image_in_parts() -> None:
    network, image = tiny().eval(), images(2, 70, 100)
    maps = network.what_it_sees(image)
    whole = maps["low_frequencies"] + maps["high_frequencies"]
    assert torch.allclose(whole, image[:, :, :64, :96], atol=1e-6)
    assert maps["attention"].shape == (2, 1, 2, 3)
    assert torch.allclose(maps["attention"].sum(dim=(1, 2, 3)), torch.ones(2))
    assert maps["token_similarities"].shape == (2, 3, 2 * 4, 3 * 4)
    assert maps["similarities"].shape == (2, 1, 6, 3)
    means = maps["token_similarities"].mean(dim=(2, 3))
    assert torch.allclose(means, maps["similarities"][:, 0, 0::2].mean(2), atol=1e-5)
    assert all(each.dtype == torch.float32 for each in maps.values())


def test_official_keys_map_both_ways_and_the_counts_are_the_official_ones() -> None:
    keys = official_weights(SPAIOptions())
    with torch.device("meta"):
        network = SPAI()
    state = network.state_dict()
    official = keys.to_official(state)
    given = {key: tuple(shape) for key, shape in GIVEN["state_dict_shapes"].items()}
    # The file lists one of the twelve equal blocks.
    first = {k: v for k, v in official.items() if ".blocks." not in k or ".blocks.0." in k}
    assert {key: tuple(value.shape) for key, value in first.items()}.items() <= given.items()
    assert all(key.startswith(keys.unused) for key in given.keys() - first.keys())
    assert keys.from_official(official).keys() == state.keys()
    filled = {**official, **{key: torch.zeros(()) for key in given.keys() - first.keys()}}
    assert keys.from_official(filled).keys() == state.keys()
    ours = sum(value.numel() for value in network.parameters())
    unused = GIVEN["param_counts"]["vit_all"] - sum(v.numel() for v in network.vit.parameters())
    assert ours == 132_617_497
    assert ours + unused + 224**2 == GIVEN["weights"]["n_params"] == 139_945_243


def test_a_checkpoint_of_other_sizes_is_refused() -> None:
    with pytest.raises(WeightsMismatch, match="of another shape"):
        load_strictly(tiny(), tiny(patch_px=64).state_dict())
    with pytest.raises(BadOption, match="no multiple of 8"):
        parse_options(load_card("spai"), {"size": "tiny", "patch_px": 36})


def test_bfloat16_keeps_the_frequencies_and_the_logit_exact() -> None:
    network, image = tiny().eval(), images(2, 64, 64)
    with torch.inference_mode():
        plain = network(image)
        with torch.autocast("cpu", torch.bfloat16):
            logit_B = network(image)
            split = network.normalised_versions(network.patches(image).squares_BNCSS[0])
    assert logit_B.dtype == split.dtype == torch.float32
    assert torch.allclose(logit_B, plain, atol=0.05)


@pytest.mark.parametrize("size", [(32, 32), (20, 40), (100, 70), (300, 200), (512, 512)])
def test_its_memory_is_known_before_an_image_is_scored(size: tuple[int, int]) -> None:
    network, device = tiny().eval(), torch.device("cpu")
    with torch.inference_mode():
        stated = forward_memory.forward_memory(network, *size, device).of(size[0] * size[1])
        taken = forward_memory._peak(network, *size, device)
    assert taken <= stated < 3 * taken


def test_a_large_photograph_takes_little_more_than_its_pixels() -> None:
    network, device = tiny().eval(), torch.device("cpu")
    with torch.inference_mode():
        per_pixel = forward_memory.forward_memory(network, 4096, 4096, device).of(4096**2) / 4096**2
        of_one_square = forward_memory.forward_memory(network, 32, 32, device).of(32**2) / 32**2
    assert per_pixel < 60  # bytes of the image, its squares, their stack
    assert of_one_square > 4 * per_pixel
