"""Amplitudes mixed with those of partners: whose, how much, and what the label becomes."""

from dataclasses import replace

import pytest
import torch
from frequency_batches import a_batch, after

from detectors.batch_augmentation.batch import BatchDraws


def shares_and_partners(batch, text):
    """Of each image how much was mixed in and whose, found from the amplitudes alone."""
    before = torch.fft.fft2(batch.images_BCHW.double()).abs()
    now = torch.fft.fft2(after(text, batch).images_BCHW.double()).abs()
    found = []
    for row, amplitude in enumerate(now):
        fits = []
        for other, others in enumerate(before):
            difference = (others - before[row]).flatten()
            gained = (amplitude - before[row]).flatten()
            share = 0.0 if other == row else float(gained @ difference / (difference @ difference))
            fits.append((float((gained - share * difference).abs().max()), share, other))
        found.append(min(fits))
    return found


def test_amplitudes_are_averaged_and_phases_kept() -> None:
    batch = a_batch(8, contrast=0.2)
    text = "spectrum_mix(0.9, p=1)"
    found = shares_and_partners(batch, text)
    assert max(error for error, _, _ in found) < 1e-4
    assert all(0 <= share <= 0.9 for _, share, _ in found)
    assert len({share for _, share, _ in found}) > 4
    turned = (
        torch.fft.fft2(after(text, batch).images_BCHW) * torch.fft.fft2(batch.images_BCHW).conj()
    )
    assert float(turned.imag.abs().max()) < 1e-3


def test_a_partner_has_the_same_label_unless_any_is_said() -> None:
    batch = a_batch(12)
    within = shares_and_partners(batch, "spectrum_mix(0.9, p=1)")
    assert all((row - other) % 2 == 0 for row, (_, _, other) in enumerate(within))
    over = shares_and_partners(batch, "spectrum_mix(0.9, p=1, partner='any', label='keep')")
    assert any((row - other) % 2 for row, (_, _, other) in enumerate(over))


def test_partners_are_a_function_of_the_step() -> None:
    batch = a_batch(40, 2, 2)
    first = BatchDraws(batch, 0, 1.0).partners(within_label=False)
    assert sorted(first) == list(range(40))
    again = BatchDraws(replace(batch, images_BCHW=batch.images_BCHW / 2), 0, 1.0)
    assert (first == again.partners(within_label=False)).all()
    others = [
        BatchDraws(replace(batch, step=1), 0, 1.0),
        BatchDraws(replace(batch, epoch=2), 0, 1.0),
        BatchDraws(replace(batch, seed=1), 0, 1.0),
        BatchDraws(batch, 1, 1.0),
    ]
    assert all((first != draws.partners(within_label=False)).any() for draws in others)


def test_self_takes_nothing_of_another_image() -> None:
    batch = a_batch(3)
    changed = replace(batch, images_BCHW=batch.images_BCHW.clone())
    changed.images_BCHW[1:] = 0.5
    text = "spectrum_mix(1, p=1, partner='self')"
    results = [after(text, each).images_BCHW[0] for each in (batch, changed)]
    assert torch.allclose(*results, atol=1e-6)
    assert not torch.allclose(results[0], batch.images_BCHW[0], atol=1e-3)


@pytest.mark.parametrize("rule", ["keep", "fake_if_either", "mixed"])
def test_the_label_follows_its_rule(rule: str) -> None:
    batch = a_batch(30, 3, 3, contrast=0.05)
    text = f"spectrum_mix(0.8, p=0.7, partner='any', label='{rule}')"
    result = after(text, batch)
    draws = BatchDraws(batch, 0, 0.7)
    share = draws.uniform(0, 0.8)
    partners = draws.partners(within_label=False)
    expected = batch.target_B.tolist()
    for row, other, part in zip(draws.rows, partners, share, strict=True):
        mine, theirs = float(batch.target_B[row]), float(batch.target_B[other])
        mixed = (1 - part) * mine + part * theirs
        expected[row] = {"keep": mine, "fake_if_either": max(mine, theirs), "mixed": mixed}[rule]
    assert result.target_B.tolist() == pytest.approx(expected)
    if rule == "mixed":
        assert any(0 < target < 1 for target in expected)


def test_amplitude_outside_the_band_is_the_images_own() -> None:
    batch = a_batch(6, 16, 16)
    result = after("spectrum_mix(1, p=1, band=(0, 0.3))", batch)
    change = (torch.fft.fft2(result.images_BCHW) - torch.fft.fft2(batch.images_BCHW)).abs()
    down, across = torch.fft.fftfreq(16), torch.fft.fftfreq(16)
    inside = torch.hypot(down[:, None], across[None, :]) / 0.5**0.5 < 0.3
    assert float(change[..., ~inside].max()) < 1e-5
    assert float(change[..., inside].max()) > 1e-2
