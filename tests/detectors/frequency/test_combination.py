"""An image and its transform together, each way against its formula."""

import pytest
import torch
from frequency_batches import a_batch, after

from data.operations import PipelineError, parse
from detectors.frequency.combination import combined

WAYS = ["magnitude_phase", "blend", "add", "subtract", "overlay"]
X = torch.rand(2, 3, 6, 7, generator=torch.Generator().manual_seed(0))
T = torch.rand(2, 3, 6, 7, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("how", WAYS)
def test_weight_zero_gives_the_image_back(how: str) -> None:
    result = combined(X, T, how, 0.0)
    exact = how != "magnitude_phase"
    assert torch.equal(result, X) if exact else torch.allclose(result, X, atol=1e-6)


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("replace", T),
        ("magnitude_phase", T),
        ("blend", T),
        ("add", X + T),
        ("subtract", X - T),
        ("overlay", torch.where(X < 0.5, 2 * X * T, 1 - 2 * (1 - X) * (1 - T))),
    ],
)
def test_weight_one_is_the_formula_itself(how: str, expected: torch.Tensor) -> None:
    assert torch.allclose(combined(X, T, how, 1.0), expected, atol=1e-5)


def test_half_weights_are_half_way() -> None:
    assert torch.allclose(combined(X, T, "blend", 0.25), 0.75 * X + 0.25 * T, atol=1e-6)
    both = combined(X, T, "magnitude_phase", 0.25)
    amplitude = [torch.fft.fft2(each).abs() for each in (X, T, both)]
    assert torch.allclose(amplitude[2], 0.75 * amplitude[0] + 0.25 * amplitude[1], atol=1e-4)


def test_phases_are_averaged_as_directions() -> None:
    """An image and itself shifted by pi at one frequency and a bit: no jump to phase 0."""
    across = torch.arange(8) * 2 * torch.pi / 8
    waves = [torch.cos(across + phase).expand(1, 1, 8, 8) for phase in (3.0, -3.0, torch.pi)]
    assert torch.allclose(combined(waves[0], waves[1], "magnitude_phase", 0.5), waves[2], atol=1e-5)


def test_an_augmentation_combines_and_cuts_off() -> None:
    batch = a_batch()
    blended = after("band_stop((0.5, 0.5), p=1, combine='blend', weight=0.5)", batch).images_BCHW
    whole = after("band_stop((0.5, 0.5), p=1)", batch).images_BCHW
    assert torch.allclose(blended, (batch.images_BCHW + whole) / 2, atol=1e-6)
    doubled = after("band_stop((0, 0), p=1, combine='add', weight=1)", batch).images_BCHW
    assert float(doubled.max()) == 1
    assert torch.allclose(doubled, (2 * batch.images_BCHW).clamp(max=1), atol=1e-6)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("band_pass(weight=0.5)", "weight would change nothing"),
        ("band_pass(combine='blend')", "needs a weight"),
        ("band_pass(combine='blend', weight=1.5)", "out of range"),
        ("band_pass(combine='multiply', weight=1)", "not a choice"),
        ("band_pass((0.5, 0.2))", "out of range"),
        ("band_pass(p=2)", "p 2.0 is out of range"),
        ("phase_jitter()", "missing a required argument: 'sigma'"),
        ("spectrum_mix(0.5, partner='any')", "say what the result is"),
        ("spectrum_mix(0.5, label='keep')", "label would change nothing"),
        ("spectrum_mix(1.5)", "out of range"),
        ("amplitude_scale((0, 1))", "out of range"),
        ("phase_jitter(0.1) | hflip", "write hflip before phase_jitter"),
    ],
)
def test_mistakes_are_refused_when_the_text_is_read(text: str, says: str) -> None:
    with pytest.raises(PipelineError, match=says):
        parse(text, "augmentation")
