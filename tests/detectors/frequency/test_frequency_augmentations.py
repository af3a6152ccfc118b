"""What every frequency augmentation is: none at strength 0, real, of known energy."""

import pickle
from dataclasses import replace

import pytest
import torch
from frequency_batches import a_batch, after, grey_levels
from hypothesis import given, settings
from hypothesis import strategies as st

from data.operations import known, parse
from data.pipelines import registered

ZERO = [
    "amplitude_noise(0)",
    "amplitude_noise(2, band=(0.3, 0.3))",
    "amplitude_scale((1, 1))",
    "phase_jitter(0)",
    "band_pass((1, 1))",
    "band_stop((0, 0))",
    "band_drop(0)",
    "frequency_mask(0)",
    "spectrum_mix(0)",
    "spectrum_mix(0, partner='self')",
    "spectrum_mix(0, partner='any', label='mixed')",
]
STRONG = [
    "amplitude_noise(0.5)",
    "amplitude_scale((0.3, 0.5))",
    "phase_jitter(0.5)",
    "band_pass((0.2, 0.4))",
    "band_stop((0.2, 0.6))",
    "band_drop(0.5)",
    "frequency_mask(0.5)",
    "spectrum_mix(1)",
    "spectrum_mix(1, partner='self')",
    "spectrum_mix(1, partner='any', label='keep')",
]
sides = st.integers(1, 13)


def named(text: str, **more: object) -> str:
    """An operation with more parameters by name."""
    own = "".join(f", {name}={value!r}" for name, value in {"p": 1.0, **more}.items())
    return text[:-1] + own + ")"


def spectra(images_BCHW: torch.Tensor) -> torch.Tensor:
    return torch.fft.fft2(images_BCHW.double())


def energy(images_BCHW: torch.Tensor) -> torch.Tensor:
    """Of each image and channel, without the mean."""
    centred = images_BCHW.double() - images_BCHW.double().mean(dim=(2, 3), keepdim=True)
    return centred.square().sum(dim=(2, 3))


@pytest.mark.parametrize("text", ZERO)
@given(height=sides, width=sides, channels=st.sampled_from(["rgb", "luma"]))
@settings(max_examples=6, deadline=None)
def test_strength_zero_changes_no_bit(text: str, height: int, width: int, channels: str) -> None:
    batch = a_batch(3, height, width, contrast=1.0)
    result = after(named(text, channels=channels), batch)
    assert torch.equal(result.images_BCHW, batch.images_BCHW)
    assert torch.equal(result.target_B, batch.target_B)


@pytest.mark.parametrize("text", STRONG)
@given(height=sides, width=sides)
@settings(max_examples=6, deadline=None)
def test_results_are_finite_pixels_of_every_size(text: str, height: int, width: int) -> None:
    result = after(named(text), a_batch(3, height, width, contrast=1.0)).images_BCHW
    assert result.shape == (3, 3, height, width)
    assert result.dtype == torch.float32
    assert bool(((result >= 0) & (result <= 1)).all())


@pytest.mark.parametrize("text", [t for t in STRONG if "mix" not in t])
def test_the_mean_brightness_stays(text: str) -> None:
    batch = a_batch()
    result = after(named(text), batch)
    means = [each.images_BCHW.mean(dim=(2, 3)) for each in (batch, result)]
    assert torch.allclose(*means, atol=1e-6)
    assert float((result.images_BCHW - batch.images_BCHW).abs().amax(dim=(1, 2, 3)).min()) > 1e-3


@given(height=st.integers(2, 13), width=st.integers(2, 13), sigma=st.floats(0.1, 3))
@settings(max_examples=12, deadline=None)
def test_turned_phases_keep_every_amplitude(height: int, width: int, sigma: float) -> None:
    """True only of odd noise: else the real part of another image would come back."""
    batch = a_batch(2, height, width)
    result = after(f"phase_jitter({sigma}, p=1)", batch)
    before, now = spectra(batch.images_BCHW).abs(), spectra(result.images_BCHW).abs()
    assert torch.allclose(before, now, atol=1e-4)


@given(height=st.integers(2, 13), width=st.integers(2, 13), gain=st.floats(0.1, 1.5))
@settings(max_examples=12, deadline=None)
def test_a_gain_scales_the_energy_by_its_square(height: int, width: int, gain: float) -> None:
    batch = a_batch(2, height, width)
    result = after(f"amplitude_scale(({gain}, {gain}), p=1)", batch)
    expected = gain**2 * energy(batch.images_BCHW)
    assert torch.allclose(energy(result.images_BCHW), expected, rtol=1e-3, atol=1e-7)


def test_amplitude_noise_adds_its_variance_to_the_energy_and_keeps_phases() -> None:
    batch = a_batch(4, 64, 64)
    result = after("amplitude_noise(0.2, p=1)", batch)
    ratio = (energy(result.images_BCHW) / energy(batch.images_BCHW)).mean()
    assert float(ratio) == pytest.approx(1 + 0.2**2, abs=0.01)
    turned = spectra(result.images_BCHW) * spectra(batch.images_BCHW).conj()
    assert float(turned.imag.abs().max()) < 1e-3
    assert float(turned.real.min()) > -1e-3


def test_strong_amplitude_noise_turns_no_phase_round() -> None:
    """An amplitude ends at 0: a negative one would be the opposite phase."""
    batch = a_batch(2, 16, 16, contrast=0.01)
    result = after("amplitude_noise(3, p=1)", batch)
    turned = spectra(result.images_BCHW) * spectra(batch.images_BCHW).conj()
    assert float(turned.real.min()) > -1e-6


def radii(height: int, width: int) -> torch.Tensor:
    """Radius of each frequency of the whole spectrum, the corner 1."""
    down, across = torch.fft.fftfreq(height), torch.fft.fftfreq(width)
    return torch.hypot(down[:, None], across[None, :]) / 0.5**0.5


@pytest.mark.parametrize("text", ["amplitude_noise(1, ", "phase_jitter(1, ", "frequency_mask(1, "])
def test_a_band_is_left_alone_outside(text: str) -> None:
    batch = a_batch(2, 16, 17)
    result = after(f"{text}band=(0.25, 0.5), p=1)", batch)
    change = (spectra(result.images_BCHW) - spectra(batch.images_BCHW)).abs().amax(dim=(0, 1))
    radius = radii(16, 17)
    inside = (radius >= 0.25) & (radius < 0.5)
    assert float(change[~inside].max()) < 1e-5
    assert float(change[inside].min()) > 1e-4


def present(text: str, height: int = 24, width: int = 24) -> tuple[torch.Tensor, torch.Tensor]:
    """Which frequencies of an image are left, and how many of the batch's images have each."""
    batch = a_batch(6, height, width)
    result = after(text, batch)
    before, now = spectra(batch.images_BCHW), spectra(result.images_BCHW)
    kept = (now - before).abs() < 1e-4
    gone = now.abs() < 1e-4
    assert bool((kept | gone).all()), "each frequency stays as it was, or goes"
    return kept.all(dim=1), before


def test_a_band_pass_keeps_one_band_and_a_band_stop_removes_one() -> None:
    radius = radii(24, 24)
    for text, outside in [
        ("band_pass((0.3, 0.3), p=1)", False),
        ("band_stop((0.3, 0.3), p=1)", True),
    ]:
        kept, _ = present(text)
        for mask in kept:
            assert bool(mask[0, 0]), "DC"
            mask = mask.clone()
            mask[0, 0] = outside
            band = mask if not outside else ~mask
            low, high = float(radius[band].min()), float(radius[band].max())
            assert 0.2 < high - low <= 0.3
            assert torch.equal(band, (radius >= low) & (radius <= high))
        assert len({tuple(mask.flatten().tolist()) for mask in kept}) > 1, "places are drawn"


def test_dropped_rings_have_equal_width_and_their_probability() -> None:
    ring = (radii(24, 24) * 4).long().clamp(max=3)
    dropped = []
    for seed in range(10):
        batch = a_batch(6, 24, 24, seed=seed)
        gone = spectra(after("band_drop(0.3, bands=4, p=1)", batch).images_BCHW).abs() < 1e-4
        gone[..., 0, 0] = gone[..., 0, 1]
        for mask in gone.all(dim=1):
            rings = {int(r) for r in ring[mask].unique()}
            assert torch.equal(mask, torch.isin(ring, torch.tensor(sorted(rings))))
            dropped.append(len(rings))
    assert sum(dropped) / len(dropped) / 4 == pytest.approx(0.3, abs=0.07)


def test_masked_frequencies_go_in_pairs_and_in_their_share() -> None:
    kept, _ = present("frequency_mask(0.15, p=1)", 24, 25)
    assert float((~kept).float().mean()) == pytest.approx(0.15, abs=0.03)
    mirrored = kept.flip((1, 2)).roll((1, 1), (1, 2))
    assert torch.equal(kept, mirrored)


@pytest.mark.parametrize("text", STRONG)
def test_what_is_drawn_for_an_image_does_not_depend_on_its_neighbours(text: str) -> None:
    if "mix" in text and "self" not in text:
        pytest.skip("a partner is a neighbour")
    batch = a_batch(6)
    whole = after(named(text), batch)
    order = torch.tensor([4, 1, 5])
    part = replace(
        batch,
        images_BCHW=batch.images_BCHW[order],
        target_B=1 - batch.target_B[order],
        image_ids=[batch.image_ids[row] for row in order],
        step=9,
    )
    assert torch.allclose(after(named(text), part).images_BCHW, whole.images_BCHW[order], atol=1e-6)
    for other in (replace(batch, seed=1), replace(batch, epoch=2), batch.of_purpose("other")):
        assert not torch.allclose(after(named(text), other).images_BCHW, whole.images_BCHW)


def test_the_same_operation_twice_draws_twice() -> None:
    batch = a_batch()
    once = after("phase_jitter(0.3, p=1)", batch)
    again = after("phase_jitter(0.3, p=1) | phase_jitter(0.3, p=1)", batch)
    turned = [
        (spectra(now.images_BCHW) / spectra(before.images_BCHW)).angle()
        for now, before in ((once, batch), (again, once))
    ]
    assert not torch.allclose(*turned, atol=0.05)


def test_p_is_the_same_for_both_labels_and_leaves_the_others_alone() -> None:
    batch = a_batch(400, 4, 4)
    result = after("amplitude_scale((0.5, 0.5), p=0.3)", batch)
    touched = (result.images_BCHW != batch.images_BCHW).flatten(1).any(dim=1)
    for label in (0, 1):
        assert float(touched[batch.target_B == label].float().mean()) == pytest.approx(0.3, abs=0.1)
    other_labels = after(
        "amplitude_scale((0.5, 0.5), p=0.3)", replace(batch, target_B=1 - batch.target_B)
    )
    assert torch.equal(result.images_BCHW, other_labels.images_BCHW)


def test_luma_keeps_colour_differences_and_grey_has_none() -> None:
    batch = a_batch()
    luma = after("phase_jitter(0.5, p=1, channels='luma')", batch)
    grey = after("phase_jitter(0.5, p=1, channels='grey')", batch)
    red_less_blue = [each.images_BCHW[:, 0] - each.images_BCHW[:, 2] for each in (batch, luma)]
    assert torch.allclose(*red_less_blue, atol=1e-6)
    assert torch.equal(grey.images_BCHW[:, 0], grey.images_BCHW[:, 2])
    assert torch.allclose(grey_levels(grey), grey_levels(luma), atol=1e-6)
    assert float((grey_levels(luma) - grey_levels(batch)).abs().max()) > 1e-3


def test_requantised_results_are_whole_grey_levels() -> None:
    levels = torch.arange(256).repeat(3, 1).view(1, 3, 16, 16) / 255
    batch = replace(a_batch(1, 16, 16), images_BCHW=levels)
    assert torch.equal(after("phase_jitter(0, p=1, requantise=True)", batch).images_BCHW, levels)
    result = after("phase_jitter(0.5, p=1, requantise=True)", batch).images_BCHW * 255
    assert float((result - result.round()).abs().max()) < 1e-4
    plain = after("phase_jitter(0.5, p=1)", batch).images_BCHW * 255
    assert float((result - plain).abs().max()) <= 0.501
    assert float((plain - plain.round()).abs().max()) > 0.1


def test_each_is_declared_with_the_parameters_that_all_have() -> None:
    on_batch = [
        n for n in known("augmentation") if registered(n, "augmentation").acts_on == "batch"
    ]
    frequency = {text.split("(")[0] for text in STRONG}
    assert frequency <= set(on_batch)
    for name in frequency:
        parameters = registered(name, "augmentation").signature.parameters
        shared = ["p", "channels", "combine", "weight", "requantise"]
        assert list(parameters)[-5:] == shared
        assert parameters["p"].default == 0.5


@pytest.mark.parametrize("text", STRONG)
def test_canonical_texts_of_batches_read_back(text: str) -> None:
    pipeline = parse(named(text, channels="luma", combine="blend", weight=0.5), "augmentation")
    assert parse(pipeline.canonical, "augmentation") == pipeline
    assert pickle.loads(pickle.dumps(pipeline)) == pipeline


def test_a_text_has_one_canonical_form() -> None:
    text = "spectrum_mix(alpha=0.3, partner='same_label', p=0.5, requantise=False)"
    assert parse(text, "augmentation").canonical == "spectrum_mix(0.3)"
