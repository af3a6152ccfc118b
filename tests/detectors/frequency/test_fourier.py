"""Half spectra of real images stay spectra of real images."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.frequency.fourier import even, in_band, odd, radius, spectrum, unit

sides = st.integers(1, 14)


def whole(half_NCHV: torch.Tensor, width: int) -> torch.Tensor:
    """The whole spectrum that a half one stands for: F(u, v) = conj F(-u, -v) for the rest."""
    mirror = half_NCHV.conj().flip(-2).roll(1, dims=-2)  # at u what stands at -u
    columns = range(half_NCHV.shape[-1], width)
    rest = [mirror[..., width - column] for column in columns]
    return torch.cat([half_NCHV, torch.stack(rest, -1)], -1) if rest else half_NCHV


def noise(height: int, width: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(2, 3, height, width // 2 + 1, generator=generator)


def planes(height: int, width: int) -> torch.Tensor:
    return torch.rand(2, 3, height, width, generator=torch.Generator().manual_seed(1))


@given(sides, sides)
@settings(max_examples=25, deadline=None)
def test_even_gains_and_odd_phases_give_no_imaginary_part(height: int, width: int) -> None:
    own = spectrum(planes(height, width))
    phases = odd(noise(height, width), width)
    for changed in (
        own * even(noise(height, width), width),
        own * torch.polar(torch.ones_like(phases), phases),
    ):
        back = torch.fft.ifft2(whole(changed, width))
        assert float(back.imag.abs().max()) < 1e-6
        assert torch.allclose(back.real, torch.fft.irfft2(changed, s=(height, width)), atol=1e-5)


def test_noise_that_is_not_mirrored_has_an_imaginary_part() -> None:
    """That the test above can fail."""
    own = spectrum(planes(8, 8))
    back = torch.fft.ifft2(whole(own * noise(8, 8), 8))
    assert float(back.imag.abs().max()) > 1e-3


def test_mirrored_noise_keeps_its_variance_and_dc_has_no_phase() -> None:
    field = odd(noise(64, 64), 64)
    assert float(field[..., 0].std()) == pytest.approx(1, abs=0.15)
    assert float(even(noise(64, 64), 64)[..., 0].std()) == pytest.approx(1, abs=0.15)
    assert float(field[..., 0, 0].abs().max()) == 0
    assert float(field[..., 32, 32].abs().max()) == 0
    assert torch.equal(field[..., 1:32], noise(64, 64)[..., 1:32])


@given(sides, sides)
@settings(max_examples=30, deadline=None)
def test_all_radii_lie_in_the_whole_band(height: int, width: int) -> None:
    radius_HV = radius(torch.zeros(1, 1, height, width))
    assert bool(in_band(radius_HV, 0.0, 1.0).all())
    assert float(radius_HV[0, 0]) == 0
    middle = 0.37
    below, above = in_band(radius_HV, 0.0, middle), in_band(radius_HV, middle, 1.0)
    assert bool((below ^ above).all())


def test_the_corner_has_radius_one() -> None:
    assert float(radius(torch.zeros(1, 1, 8, 8))[4, 4]) == pytest.approx(1)


def test_a_frequency_that_is_absent_has_direction_one() -> None:
    values = torch.tensor([0j, 3j, -2 + 0j])
    assert torch.equal(unit(values), torch.tensor([1 + 0j, 1j, -1 + 0j]))
