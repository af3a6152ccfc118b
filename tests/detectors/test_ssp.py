"""SSP: what its options ask of the geometry, its network, its official numbers and keys."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from repository import FIXTURES

from data.operations import parse
from data.patches.choice import choose_patch, drawn_corners
from data.patches.choice_in_test import choice_in_test
from data.randomness import stream
from data.view import view_of
from detectors.contract import BadOption, Pipelines, build, load_card, parse_options
from detectors.input_geometry import input_pipelines, with_last_geometry
from detectors.lasting_errors import WeightsMismatch
from detectors.memory_account import MemoryAccount
from detectors.networks.patch_complexity import batch_complexities, chosen_patches
from detectors.networks.srm import SRMFilter, srm_kernels
from detectors.parity import ssp as parity
from detectors.parity.file import Compared, ParityFile
from detectors.prediction import evaluating
from detectors.recipes import resolve_recipe
from detectors.schedules import learning_rate
from detectors.weights import load_strictly
from detectors.zoo.ssp import SSPOptions, official_weights

CARD = load_card("ssp")
FULL = ParityFile.read(FIXTURES / "parity" / "SSP.json")


def network_of(**options: Any) -> Any:
    return build("ssp", {"size": "tiny", **options}, seed=0).eval()


def patches(count: int, side: int = 32) -> torch.Tensor:
    return torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(1))


def deviation(each: Compared) -> float:
    ours, given = np.asarray(each.ours, float), np.asarray(each.given, float)
    assert ours.shape == given.shape, each.what
    return float((np.abs(ours - given) / np.maximum(np.abs(given), each.scale or 1e-30)).max())


def with_images(names: list[str]) -> ParityFile:
    images = {name: FULL.content["images"][name] for name in names}
    return replace(FULL, content={**FULL.content, "images": images})


def test_official_numbers_of_an_image_are_ours() -> None:
    found = {each.what: deviation(each) for each in parity.compared(with_images(["224x224_3"]))}
    assert len(found) == 7 + 18
    assert max(found.values()) < 1e-4, found


@pytest.mark.slow  # ResNet-50 on 32 patches
def test_all_official_numbers_are_ours() -> None:
    found = {each.what: deviation(each) for each in parity.compared(FULL)}
    assert len(found) == 7 + 18 * 16
    assert max(found.values()) < 1e-4, found


def test_crops_are_those_of_the_seed_that_the_file_states() -> None:
    given = FULL.content["images"]["300x225_1"]["crops_top_left_ij"]
    (seed,) = FULL.stated_numbers(r"torch\.manual_seed\((\d+)\)")
    assert parity.torchvision_corners(300, 225, 32, 64, seed).tolist() == given
    assert parity.torchvision_corners(300, 225, 32, 64, seed + 1).tolist() != given
    assert parity.torchvision_corners(32, 32, 32, 2, seed).tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, "squash(256, below=32) | patch(32)"),
        ({"patch_size": 16}, "squash(256, below=16) | patch(16, of=256)"),
        ({"patch_size": 64}, "squash(256, below=64) | patch(64, of=16)"),
        ({"patches": 5}, "squash(256, below=32) | patch(32, of=5)"),
        ({"select": "random"}, 'squash(256, below=32) | patch(32, of=1, choose="random")'),
        ({"select": "richest"}, 'squash(256, below=32) | patch(32, choose="richest")'),
        ({"variant": "seed"}, 'squash(256) | patch(32, of=30, directions="no_diagonals")'),
        ({"variant": "seed", "patch_size": 16}, None),
    ],
)
def test_options_determine_the_patch(options: dict[str, Any], text: str | None) -> None:
    text = text or 'squash(256) | patch(16, of=30, directions="no_diagonals")'
    pipelines = input_pipelines(CARD, parse_options(CARD, options))
    expected = parse(text.replace("squash(256)", "squash(256, below=256)"), "geometry")
    for pipeline in (pipelines.train, pipelines.test):
        assert parse(pipeline, "geometry").canonical == expected.canonical


def test_the_patch_is_taken_of_what_any_input_gives() -> None:
    options = parse_options(CARD, {"size": "tiny", "patch_size": 16})
    common = input_pipelines(CARD, options, "common(64)")
    assert common.train.startswith("tile(64) | random_crop(64, step=2) | hflip | squash(")
    assert parse(common.test, "geometry").result_size(20, 300) == (16, 16)
    own = with_last_geometry(Pipelines(train="none", test="resize(40)"), options)
    assert own.test == f"resize(40) | {options.last_geometry()}"
    assert parse(own.test, "geometry").is_testable
    npr = load_card("npr")
    assert input_pipelines(npr, npr.options(), "common") == input_pipelines(
        npr, npr.options(), "common(224)"
    )


def test_one_random_patch_is_the_first_of_many() -> None:
    """So that `select` compares choices on the same draws."""
    image_HWC = stream("picture").integers(0, 256, (90, 70, 3), np.uint8)
    many = choice_in_test(image_HWC, "a" * 32, parse("patch(16)", "geometry").operations[0])
    text = 'patch(16, of=1, choose="random")'
    one = choice_in_test(image_HWC, "a" * 32, parse(text, "geometry").operations[0])
    assert one.corner == tuple(many.corners_N2[0])
    assert len(many.corners_N2) == 64


def test_what_a_test_takes_can_be_told() -> None:
    image_HWC = stream("picture").integers(0, 256, (90, 70, 3), np.uint8)
    view = view_of(geometry="patch(16, of=9)")
    told = choice_in_test(image_HWC, "b" * 32, view.geometry.operations[0])
    assert np.array_equal(told.cut(image_HWC), view(image_HWC, "b" * 32, 0))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"srm": "off", "srm_at": "before"}, "srm_at would change nothing"),
        ({"select": "random", "patches": 3}, "patches would change nothing"),
        ({"patch_size": 128, "size": "tiny"}, "smaller than patch_size"),
        ({"patch_size": 257}, "less than or equal to 256"),
    ],
)
def test_options_that_contradict_are_refused(options: dict[str, Any], says: str) -> None:
    with pytest.raises(BadOption, match=says):
        parse_options(CARD, options)


@pytest.mark.parametrize(
    ("options", "parameters", "trained"),
    [
        ({}, 23_510_306, 23_510_081),
        ({"srm": "trained"}, 23_510_306, 23_510_306),
        ({"srm": "off"}, 23_510_081, 23_510_081),
        ({"size": "tiny"}, 127_474, 127_249),
    ],
)
def test_parameter_counts(options: dict[str, Any], parameters: int, trained: int) -> None:
    found = list(build("ssp", options).parameters())
    assert sum(each.numel() for each in found) == parameters
    assert sum(each.numel() for each in found if each.requires_grad) == trained


def test_frozen_kernels_stay_and_trained_ones_move() -> None:
    for srm, moves in (("frozen", False), ("trained", True)):
        network = network_of(srm=srm).train()
        network(patches(4)).sum().backward()
        assert (network.srm.kernel.grad is not None) == moves
        assert torch.equal(network.srm.kernel, srm_kernels())


def test_the_kernels_see_no_flat_colour_and_no_slope() -> None:
    slope_BCHW = torch.arange(16.0).expand(1, 3, 16, 16) / 16
    inner_BCHW = SRMFilter()(slope_BCHW)[..., 2:-2, 2:-2]
    assert float(inner_BCHW.abs().max()) < 1e-5
    spike_BCHW = torch.zeros(1, 3, 7, 7)
    spike_BCHW[..., 3, 3] = 1
    response = SRMFilter(is_cut_off=False)(spike_BCHW)[0, :, 3, 3]
    assert response.tolist() == pytest.approx([-3, -3, -3])  # -4/4, -12/12, -2/2 of three colours
    assert SRMFilter()(2 * spike_BCHW)[0, :, 3, 3].tolist() == [-3, -3, -3]


def test_the_response_stays_exact_under_autocast() -> None:
    network = network_of()
    exact = network.filtered(patches(2))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(network.filtered(patches(2)), exact)
        assert network(patches(2)).dtype == torch.float32


def test_srm_before_enlarging_is_not_after() -> None:
    after, before, without = (
        network_of(**options).what_it_sees(patches(1))
        for options in ({}, {"srm_at": "before"}, {"srm": "off"})
    )
    assert after["patch"].shape == after["SRM response"].shape == (1, 3, 64, 64)
    assert torch.equal(after["patch"], before["patch"])
    strength = [float(seen["SRM response"].std()) for seen in (after, before)]
    assert strength[1] > 2 * strength[0]
    assert list(without) == ["patch"]


def test_the_seeds_response_has_no_limit() -> None:
    assert network_of().srm.is_cut_off
    assert not network_of(variant="seed").srm.is_cut_off


def test_a_whole_image_is_refused() -> None:
    with pytest.raises(ValueError, match=r"one patch of 32 x 32 px .* given 64 x 48 px"):
        network_of()(torch.rand(1, 3, 64, 48))


def test_an_account_of_memory_knows_the_enlarged_patch() -> None:
    cpu = torch.device("cpu")
    network = network_of(patch_size=16)
    assert network.pixels_per_input_pixel == 16
    with evaluating(network, cpu):
        account = MemoryAccount(network, view_of(), cpu, None)
        account._forward = 64 * 16 * 16 * 2048  # enough for 64 images that nothing enlarges
        assert account.most_images(16, 16, 64) < 64


@pytest.mark.parametrize("srm", ["frozen", "off"])
def test_official_keys_map_both_ways_and_the_sign_turns(srm: str) -> None:
    keys = official_weights(SSPOptions(srm=srm))
    network = network_of(srm=srm)
    own = network.state_dict()
    official = keys.to_official(own)
    assert {"disc.conv1.weight", "disc.layer1.0.conv1.weight", "disc.fc.bias"} <= set(official)
    assert ("srm.kernel" in official) == (srm == "frozen")
    assert torch.equal(official["disc.fc.weight"], -own["classifier.weight"])
    official.setdefault("srm.kernel", srm_kernels())
    again = keys.from_official({f"module.{key}": value for key, value in official.items()})
    assert set(again) == set(own)
    assert all(torch.equal(again[key], own[key]) for key in own)
    official.pop("disc.fc.bias")
    with pytest.raises(WeightsMismatch, match=r"classifier\.bias"):
        load_strictly(network, keys.from_official(official))


@pytest.mark.parametrize("detector", ["ssp", "cnnspot"])
def test_a_librarys_backbone_is_read_strictly(detector: str) -> None:
    network: Any = build(detector, {"size": "tiny"}, seed=0)
    state = build(detector, {"size": "tiny"}, seed=5).backbone.state_dict()  # type: ignore[union-attr]
    classifier = {"fc.weight": torch.zeros(1000, 256), "fc.bias": torch.zeros(1000)}
    network.load_backbone({**state, **classifier})
    assert torch.equal(network.backbone.conv1.weight, state["conv1.weight"])
    uncounted = {key: value for key, value in state.items() if "num_batches" not in key}
    network.load_backbone(uncounted)
    other = {**uncounted, "head.weight": uncounted["bn1.weight"]}
    del other["bn1.weight"]
    with pytest.raises(WeightsMismatch, match=r"missing .*bn1\.weight.*unknown .*head\.weight"):
        network.load_backbone(other)


@pytest.mark.parametrize("size_px", [1, 8, 32])
@pytest.mark.parametrize("directions", ["all", "no_diagonals"])
@pytest.mark.parametrize("choose", ["simplest", "richest", "random"])
def test_the_device_chooses_as_numpy_does(size_px: int, directions: Any, choose: Any) -> None:
    images_BHWC = stream("batch").integers(0, 3, (4, 40, 50, 3), np.uint8) * np.uint8(85)
    images_BHWC[0] = 7  # all patches are equal
    corners = [drawn_corners(40, 50, size_px, 12, stream("corners", place)) for place in range(4)]
    images_BCHW = torch.from_numpy(images_BHWC).permute(0, 3, 1, 2)
    corners_BN2 = torch.from_numpy(np.stack(corners))
    patches_BCSS, chosen_B = chosen_patches(images_BCHW, corners_BN2, size_px, choose, directions)
    sums_BN = batch_complexities(images_BCHW, corners_BN2, size_px, directions)
    for place, image_HWC in enumerate(images_BHWC):
        ours = choose_patch(image_HWC, corners[place], size_px, choose, directions)
        assert int(chosen_B[place]) == ours.chosen
        assert np.array_equal(patches_BCSS[place].permute(1, 2, 0).numpy(), ours.cut(image_HWC))
        if ours.complexity_N is not None:
            assert sums_BN[place].tolist() == ours.complexity_N.tolist()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this host")
def test_a_gpu_chooses_as_numpy_does() -> None:
    images_BHWC = stream("batch").integers(0, 4, (8, 300, 200, 3), np.uint8)
    corners = [drawn_corners(300, 200, 32, 64, stream("corners", place)) for place in range(8)]
    images_BCHW = torch.from_numpy(images_BHWC).permute(0, 3, 1, 2).cuda()
    _, chosen_B = chosen_patches(images_BCHW, torch.from_numpy(np.stack(corners)).cuda(), 32)
    expected = [
        choose_patch(image_HWC, its, 32).chosen
        for image_HWC, its in zip(images_BHWC, corners, strict=True)
    ]
    assert chosen_B.tolist() == expected


@pytest.mark.parametrize(
    ("recipe", "first", "last"),
    [
        ("paper", 1e-4, 1e-4 * (1 / 30) ** 0.9),
        ("official", 1e-4 * (29 / 30) ** 0.9, 0.0),
        ("seed", 1e-4 * 29 / 30, 0.0),
    ],
)
def test_rates_of_the_first_and_the_last_epoch(recipe: str, first: float, last: float) -> None:
    resolved = resolve_recipe(CARD, recipe)
    rates = [learning_rate(resolved, step, 300, 10) for step in range(300)]
    assert (rates[0], rates[9], rates[290], rates[-1]) == pytest.approx((first, first, last, last))
    assert resolved.batch_size == (32 if recipe == "seed" else 64)
