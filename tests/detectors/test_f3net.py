"""F3-Net against the official numbers, its transforms against plain formulations, its options."""

import math
from functools import cache

import pytest
import torch
from official_figures import figures_of
from torch.nn import functional

from detectors.contract import BadOption, build, load_card, parse_options
from detectors.lasting_errors import WeightsMismatch
from detectors.networks.f3net.band_images import BandImages
from detectors.networks.f3net.cosine_transform import cosine_matrix
from detectors.networks.f3net.f3net_network import F3Net
from detectors.networks.f3net.local_statistics import LocalStatistics, window_transform
from detectors.networks.f3net.mix_block import MixBlock
from detectors.networks.xception import Xception
from detectors.parity.checking import largest_deviation
from detectors.parity.f3net import compared
from detectors.recipes import resolve_recipe
from detectors.zoo.f3net import F3NetOptions, mixed_sides, official_weights

TINY_CHANNELS = (16, 16, 16, 16, 32, 32, 48, 64)


@cache
def tiny(**options: object) -> F3Net:
    return build("f3net", {"size": "tiny", **options}, seed=0).eval()


@pytest.fixture
def images_BCSS() -> torch.Tensor:
    return torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))


@pytest.mark.slow  # three networks of 42 million weights
def test_it_gives_the_official_numbers() -> None:
    file = figures_of("F3Net", ["224x224_0", "224x224_2"])
    with torch.no_grad():
        numbers = list(compared(file))
    worst = largest_deviation(numbers, tuple(file.images))
    assert worst is not None
    assert worst.relative < 1e-4, worst
    # Only the image of flat cells has a logit that rounding leaves open.
    logits = {each.what: each for each in numbers if each.what.endswith("logit")}
    assert logits["224x224_0: logit"].scale < abs(float(logits["224x224_0: logit"].given))
    assert logits["224x224_2: logit"].scale > abs(float(logits["224x224_2: logit"].given))


def test_the_masks_are_the_official_ones() -> None:
    ones = [int(mask.sum()) for mask in BandImages(299).filters.masks]
    assert ones == [5_778, 5_654, 78_226, 89_401]
    assert LocalStatistics().counts.tolist() == [10, 18, 36, 30, 12, 3]


def test_the_cosine_transform_is_orthonormal_and_its_first_row_the_mean() -> None:
    matrix = cosine_matrix(17).double()
    assert torch.allclose(matrix @ matrix.mT, torch.eye(17, dtype=torch.float64), atol=1e-6)
    assert torch.allclose(matrix[0], torch.full((17,), 17**-0.5, dtype=torch.float64))
    assert float(matrix[3, 5]) == pytest.approx(
        math.sqrt(2 / 17) * math.cos(5.5 * math.pi * 3 / 17)
    )


def test_band_images_are_the_plain_products(images_BCSS: torch.Tensor) -> None:
    bands = BandImages(64)
    matrix, filters = bands.matrix, bands.filters()
    frequencies = matrix @ images_BCSS @ matrix.mT
    plain = [matrix.mT @ (frequencies * one) @ matrix for one in filters]
    assert torch.allclose(bands(images_BCSS), torch.cat(plain, dim=1), atol=1e-5)


def test_without_what_is_learned_the_last_band_is_the_image(images_BCSS: torch.Tensor) -> None:
    bands = BandImages(64)
    with torch.no_grad():
        for weights in bands.filters.learned:
            weights.zero_()  # 2 sigmoid(0) - 1 = 0
    named = bands.by_band(images_BCSS)
    assert torch.allclose(named["all"], images_BCSS, atol=1e-5)
    assert float(named["low"].detach().var()) < float(images_BCSS.var())


def test_the_window_transform_is_that_of_each_window() -> None:
    grey_BSS = 255 * torch.rand(2, 32, 32, generator=torch.Generator().manual_seed(0))
    windows = functional.unfold(grey_BSS[:, None], 10, stride=2, padding=4)
    windows = windows.mT.reshape(2, -1, 10, 10)
    matrix = cosine_matrix(10)
    plain = (matrix @ windows @ matrix.mT).flatten(2).mT
    assert torch.allclose(window_transform(grey_BSS).flatten(2), plain, rtol=1e-5, atol=1e-3)


def test_products_are_rounded_before_they_are_added() -> None:
    """In a flat window only rounding is left: it must be the same on every device."""
    grey_BSS = torch.full((1, 32, 32), 255 * 0.7)
    middle = window_transform(grey_BSS)[0, :, 8, 8].view(10, 10)
    row = [torch.tensor(value) for value in cosine_matrix(10)[2].tolist()]
    total = grey_BSS[0, 0, 0] * row[0]
    for value in row[1:]:
        total = total + grey_BSS[0, 0, 0] * value
    across = total * cosine_matrix(10)[0, 0]
    for value in cosine_matrix(10)[0, 1:]:
        across = across + total * value
    assert float(middle[2, 0]) == float(across)


def test_local_statistics_are_weighted_means_of_logarithms() -> None:
    statistics = LocalStatistics()
    images_BCSS = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    grey = 0.299 * images_BCSS[:, 0] + 0.587 * images_BCSS[:, 1] + 0.114 * images_BCSS[:, 2]
    amplitude = window_transform((grey + 1) * 122.5).abs()
    filters = (statistics.filters() / statistics.counts[:, None, None]).flatten(1)
    logs = (amplitude + 1e-15).log10()
    expected = torch.stack([(one[:, None, None] * logs).sum(1) for one in filters], dim=1)
    assert torch.allclose(statistics(images_BCSS), expected, atol=1e-4)
    paper = LocalStatistics(log_first=False)
    paper.load_state_dict(statistics.state_dict())
    sums = torch.stack([(one.abs()[:, None, None] * amplitude).sum(1) for one in filters], dim=1)
    assert torch.allclose(paper(images_BCSS), sums.log10(), atol=1e-4)


def test_mixing_does_nothing_before_training(images_BCSS: torch.Tensor) -> None:
    mixed, plain = tiny(mix=True), tiny()
    missing, unexpected = mixed.load_state_dict(plain.state_dict(), strict=False)
    assert {key.split(".")[0] for key in missing} == {"mix_middle", "mix_last"}
    assert not unexpected
    with torch.no_grad():
        assert torch.equal(mixed(images_BCSS), plain(images_BCSS))
        mixed.mix_middle.weight["lfs"].fill_(1.0)
        assert not torch.equal(mixed(images_BCSS), plain(images_BCSS))
        mixed.mix_middle.weight["lfs"].zero_()


def test_cross_attention_is_within_channels_and_goes_across() -> None:
    torch.manual_seed(0)
    mix = MixBlock(3).eval()
    with torch.no_grad():
        mix.weight["lfs"].fill_(2.0)
    fad, lfs = torch.rand(2, 3, 4, 4), torch.rand(2, 3, 4, 4)
    with torch.no_grad():
        mixed_fad, mixed_lfs = mix(fad, lfs)
        query = torch.cat([mix.query["fad"](fad), mix.query["lfs"](lfs)], dim=3)
        key = torch.cat([mix.key["fad"](fad), mix.key["lfs"](lfs)], dim=3)
        attention = torch.empty(2, 3, 4, 4)
        for image in range(2):
            for channel in range(3):
                energy = query[image, channel] @ key[image, channel].T
                attention[image, channel] = torch.softmax(energy, dim=1)
        strength = 2 * torch.sigmoid(torch.tensor(2.0)) - 1
        expected = fad + mix.into["fad"](lfs * attention * strength)
    assert torch.allclose(mixed_fad, expected, atol=1e-6)
    assert torch.equal(mixed_lfs, lfs), "its own direction has weight zero"


@pytest.mark.parametrize("input_px", [32, 48, 64, 100, 224, 256, 299, 512])
def test_the_sides_at_which_branches_meet(input_px: int) -> None:
    fad, lfs = (Xception(3, stride, TINY_CHANNELS, 2) for stride in (2, 1))
    window = (input_px - 2) // 2 + 1
    sides = []
    with torch.no_grad():
        for xception, side in ((fad, input_px), (lfs, window)):
            sides.append(
                xception.blocks(xception.stem(torch.zeros(1, 3, side, side)), 1, 3).shape[2]
            )
    assert tuple(sides) == mixed_sides(input_px)


def test_options_that_cannot_be_built_are_refused() -> None:
    card = load_card("f3net")
    with pytest.raises(BadOption, match="branches: both"):
        parse_options(card, {"mix": True, "branches": "fad"})
    with pytest.raises(BadOption, match="input_px, such as 60"):
        parse_options(card, {"mix": True, "input_px": 56})
    assert parse_options(card, {}).fixed_input_px() == 299
    assert parse_options(card, {"size": "tiny"}).fixed_input_px() == 64
    assert resolve_recipe(card, "official").lr == 2e-4
    assert resolve_recipe(card, "paper").steps == 150_000


@pytest.mark.parametrize("branches", ["both", "fad", "lfs"])
def test_the_key_map_goes_both_ways_and_checks_the_masks(branches: str) -> None:
    network = tiny(branches=branches)
    keys = official_weights(F3NetOptions(size="tiny", branches=branches))
    official = keys.to_official(network.state_dict())
    back = keys.from_official({f"module.{key}": value for key, value in official.items()})
    assert set(back) == set(network.state_dict())
    assert all(torch.equal(back[key], value) for key, value in network.state_dict().items())
    name = "LFS" if branches == "lfs" else "FAD"
    assert f"{name}_xcep.block1.rep.0.conv1.weight" in official
    other = {**official, f"{name}_head.filters.0.base": official[f"{name}_head.filters.0.base"] + 1}
    with pytest.raises(WeightsMismatch, match=rf"1 stored .*{name}_head\.filters\.0\.base"):
        keys.from_official(other)


def test_a_backbone_goes_into_both_branches_with_its_strength_kept() -> None:
    network, plain = tiny(), Xception(3, 2, TINY_CHANNELS, 2)
    state = {**plain.state_dict(), "fc.weight": torch.zeros(1)}
    network.load_backbone(state)
    first = plain.conv1.weight
    assert torch.equal(network.fad_xception.conv1.weight, first.repeat(1, 4, 1, 1) / 4)
    assert torch.equal(network.lfs_xception.conv1.weight, first.repeat(1, 2, 1, 1) / 2)
    assert torch.equal(network.lfs_xception.conv4.pointwise.weight, plain.conv4.pointwise.weight)
    del state["bn4.bias"]
    with pytest.raises(WeightsMismatch, match=r"missing.*bn4\.bias"):
        network.load_backbone(state)
    tiny.cache_clear()


def test_both_front_ends_stay_exact_under_autocast(images_BCSS: torch.Tensor) -> None:
    network = tiny()
    with torch.no_grad():
        plain = network.what_it_sees(images_BCSS)
        with torch.autocast("cpu", torch.bfloat16):
            cast = network.what_it_sees(images_BCSS)
            assert network(images_BCSS).dtype == torch.float32
    assert list(plain) == ["low band", "middle band", "high band", "all band", "local statistics"]
    assert all(torch.equal(plain[name], cast[name]) for name in plain)
    assert plain["local statistics"].shape == (2, 6, 32, 32)


@pytest.mark.slow  # importing timm
def test_xception_is_timms() -> None:
    from timm.models.xception import legacy_xception

    theirs, ours = legacy_xception(pretrained=False, num_classes=1), Xception()
    assert sum(value.numel() for value in ours.parameters()) == 20_806_952
    ours.load_pretrained(theirs.state_dict())
    images_BCHW = torch.rand(3, 3, 75, 90)
    for training in (False, True):
        theirs.train(training)
        ours.train(training)
        with torch.no_grad():
            expected = torch.relu(theirs.forward_features(images_BCHW)).mean(dim=(2, 3))
            assert torch.allclose(ours(images_BCHW), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("branches", "trained"), [("both", 41_983_759), ("fad", 21_171_246), ("lfs", 20_812_514)]
)
def test_parameter_counts(branches: str, trained: int) -> None:
    network = build("f3net", {"branches": branches})
    unused = 2049 * (2 if branches == "both" else 1)  # classifiers of the Xceptions themselves
    assert sum(value.numel() for value in network.parameters()) == trained - unused
