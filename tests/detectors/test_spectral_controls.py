"""The linear models on spectra: their transforms, exact standardisation, that they learn."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.fft import dctn

from detectors.contract import BadOption, build, load_card, names, parse_options
from detectors.networks.linear_on_spectra import (
    FLOOR,
    StandardisedCoefficients,
    log_dct,
    log_fft,
)
from detectors.optimizers import Optimizer
from detectors.recipes import resolve_recipe
from detectors.schedules import learning_rate

CONTROLS = ["log_dct_linear", "log_fft_linear"]


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("height", "width"), [(32, 32), (15, 24)])
def test_log_dct_is_scipys(height: int, width: int) -> None:
    planes = noise(2, 3, height, width)
    expected = np.log(np.abs(dctn(planes.double().numpy(), axes=(2, 3), norm="ortho")) + FLOOR)
    assert np.allclose(log_dct(planes).numpy(), expected, atol=2e-3)


def test_log_fft_is_half_of_numpys_with_the_mean_in_its_middle_row() -> None:
    planes = noise(2, 1, 16, 12)
    whole = np.abs(np.fft.fft2(planes.double().numpy(), norm="ortho"))
    expected = np.log(np.fft.fftshift(whole, axes=2)[..., :7] + FLOOR)
    ours = log_fft(planes).numpy()
    assert np.allclose(ours, expected, atol=2e-3)
    assert ours[0, 0].argmax() == 8 * 7


@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.integers(1, 17), min_size=1, max_size=6), epochs=st.integers(1, 3))
def test_statistics_are_those_of_all_images_however_they_were_batched(cuts, epochs) -> None:
    layer = StandardisedCoefficients(5)
    batches = [noise(count, 5, seed=i) * (i + 1) + 3 * i for i, count in enumerate(cuts)]
    for _ in range(epochs):
        for batch in batches:
            layer(batch)
    together = torch.cat(batches)
    assert torch.allclose(layer.running_mean, together.mean(0), rtol=1e-4, atol=1e-4)
    assert torch.allclose(layer.running_var, together.var(0, correction=0), rtol=1e-3, atol=1e-4)
    before = layer.running_mean.clone()
    layer.eval()
    standardised = layer(together)
    assert torch.equal(layer.running_mean, before)
    if len(together) > 5:
        assert standardised.mean(0).abs().max() < 1e-2


def test_statistics_are_in_the_weights_so_that_a_resume_goes_on_from_them() -> None:
    network = build("log_dct_linear", {"size": "tiny"}, seed=0)
    batches = [noise(8, 3, 32, 32, seed=seed) for seed in range(4)]
    for batch in batches[:2]:
        network(batch)
    again = build("log_dct_linear", {"size": "tiny"}, seed=9)
    again.load_state_dict(network.state_dict())
    for batch in batches[2:]:
        assert torch.equal(network(batch), again(batch))
    states = network.state_dict(), again.state_dict()
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])
    assert float(states[0]["standardise.images_seen"]) == 32


@pytest.mark.parametrize("name", CONTROLS)
def test_it_finds_a_faint_pattern_that_upsampling_leaves(name: str) -> None:
    """By the recipe of its own, on 128 images of noise, a quarter of which is smoother."""
    card = load_card(name)
    recipe = resolve_recipe(card, {"base": "l2", "epochs": 6})
    network = build(name, {"size": "tiny"}, seed=0).train()
    optimizer = Optimizer(network, recipe)
    generator = torch.Generator().manual_seed(1)

    def images(count: int) -> tuple[torch.Tensor, torch.Tensor]:
        plain = torch.rand(count, 3, 32, 32, generator=generator)
        low = torch.nn.functional.avg_pool2d(plain, 2).repeat_interleave(2, 2)
        label = torch.arange(count).remainder(2).float()
        share = 0.15 * label.view(-1, 1, 1, 1)
        return (1 - share) * plain + share * low.repeat_interleave(2, 3), label

    shown, label = images(128)
    steps = 40
    for step in range(steps):
        optimizer.zero_grad()
        part = slice(64 * (step % 2), 64 * (step % 2) + 64)
        torch.nn.functional.binary_cross_entropy_with_logits(
            network(shown[part]), label[part]
        ).backward()
        optimizer.step(learning_rate(recipe, step, steps, 2))
    network.eval()
    new, new_label = images(128)
    with torch.inference_mode():
        logit = network(new)
    fake, real = logit[new_label == 1], logit[new_label == 0]
    assert float((fake[:, None] > real[None]).float().mean()) > 0.95


@pytest.mark.parametrize(
    ("name", "options", "parameters"),
    [
        ("log_dct_linear", {}, 3 * 224 * 224 + 1),
        ("log_dct_linear", {"size": "tiny"}, 3 * 32 * 32 + 1),
        ("log_dct_linear", {"input_px": 64, "channels": "grey"}, 64 * 64 + 1),
        ("log_fft_linear", {"size": "tiny"}, 3 * 32 * 17 + 1),
        ("log_fft_linear", {"input_px": 15, "channels": "grey"}, 15 * 8 + 1),
    ],
)
def test_a_weight_for_each_coefficient(name: str, options: dict, parameters: int) -> None:
    assert sum(value.numel() for value in build(name, options).parameters()) == parameters


@pytest.mark.parametrize("channels", ["rgb", "grey"])
@pytest.mark.parametrize("name", CONTROLS)
def test_terms_of_the_logit_sum_to_it(name: str, channels: str) -> None:
    network = build(name, {"size": "tiny", "channels": channels}, seed=0)
    images_BCHW = noise(4, 3, 32, 32)
    network(images_BCHW)
    network.eval()
    with torch.inference_mode():
        seen = network.what_it_sees(images_BCHW)
        total_B = seen["terms_of_logit"].sum(dim=(1, 2, 3)) + network.classifier.bias
        assert torch.allclose(total_B, network(images_BCHW), atol=1e-5)
    assert seen[name.removesuffix("_linear")].shape == seen["terms_of_logit"].shape
    assert seen["terms_of_logit"].shape[1] == (1 if channels == "grey" else 3)


def test_a_flip_mirrors_rows_of_the_fft_and_changes_no_dct() -> None:
    images_BCHW = noise(2, 3, 15, 15)
    flipped = images_BCHW.flip(3)
    assert torch.allclose(log_dct(images_BCHW), log_dct(flipped), atol=1e-3)
    assert torch.allclose(log_fft(images_BCHW).flip(2), log_fft(flipped), atol=1e-3)


def test_another_size_is_refused() -> None:
    assert parse_options(load_card("log_fft_linear"), {"size": "tiny"}).fixed_input_px() == 32
    with pytest.raises(ValueError, match=r"40 x 32 px.*32 x 32 px.*input_px"):
        build("log_dct_linear", {"size": "tiny"})(noise(1, 3, 40, 32))
    with pytest.raises(BadOption, match="contradicts 64"):
        parse_options(load_card("log_dct_linear"), {"size": "tiny", "input_px": 64})


def test_under_autocast_the_spectrum_stays_exact() -> None:
    network = build("log_dct_linear", {"size": "tiny"}, seed=0).eval()
    images_BCHW = noise(2, 3, 32, 32)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        in_bfloat16 = network(images_BCHW)
    with torch.inference_mode():
        assert torch.equal(network(images_BCHW), in_bfloat16)


def test_the_controls_say_so_on_their_cards() -> None:
    assert [name for name in names() if load_card(name).is_control] == CONTROLS
