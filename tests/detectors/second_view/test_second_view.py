"""Second views: what they are, how a network gets them, how they are trained and named."""

import math
from typing import Any

import pytest
import torch
from torch import nn

from data.operations import PipelineError, known, parse
from data.view import OtherVersion
from detectors.batch_augmentation.step_inputs import step_inputs
from detectors.contract import BadOption, build, load_card, options_that_differ, parse_options
from detectors.networks.precision import full_precision
from detectors.second_view.text import (
    canonical_view,
    require_view_versions,
    split_view,
    view_versions,
)
from detectors.second_view.views import VIEWS, second_view
from detectors.second_view.with_second_view import WithSecondView

IMAGES = torch.rand(3, 3, 12, 15, generator=torch.Generator().manual_seed(0))
CARD = load_card("dual_input")
AUGMENTED = 'augmented("phase_jitter(0.5, p=1)")'


def viewed(text: str, images_BCHW: torch.Tensor = IMAGES) -> torch.Tensor:
    return second_view(parse(text, "second_view"), images_BCHW)


def test_every_word_but_the_drawn_one_is_computed() -> None:
    words = {name for name in known("second_view") if not name.endswith("_for_this_test")}
    assert words == {*VIEWS, "augmented"}


@pytest.mark.parametrize("text", ["log_spectrum", "phase_only"])
@pytest.mark.parametrize("size", [(12, 15), (1, 1), (8, 8)])
def test_spectral_views_are_standardised(text: str, size: tuple[int, int]) -> None:
    view = viewed(text, IMAGES[:, :, : size[0], : size[1]])
    assert view.shape == (3, 3, *size)
    assert torch.allclose(view.mean(dim=(2, 3)), torch.zeros(3, 3), atol=1e-4)
    deviation = view.std(dim=(2, 3), correction=0)
    assert torch.allclose(deviation, torch.full((3, 3), float(size != (1, 1))), atol=1e-3)
    assert bool(torch.isfinite(viewed(text, torch.zeros(1, 3, *size))).all())


def test_the_log_spectrum_has_its_frequencies_around_the_middle() -> None:
    across = torch.arange(16) * 2 * math.pi / 16
    wave = (0.5 + 0.4 * torch.cos(3 * across)).expand(1, 3, 16, 16)
    spectrum = viewed("log_spectrum", wave)[0, 0]
    brightest = {tuple(divmod(int(i), 16)) for i in spectrum.flatten().topk(3).indices}
    assert brightest == {(8, 8), (8, 5), (8, 11)}


def test_bands_add_up_to_the_image_without_its_mean() -> None:
    parts = viewed("band_pass(0, 0.4)") + viewed("band_pass(0.4, 1)")
    assert torch.allclose(parts, IMAGES - IMAGES.mean(dim=(2, 3), keepdim=True), atol=1e-5)
    assert float(viewed("band_pass(0.4, 1)").abs().max()) > 0.05


def test_phase_only_has_equal_amplitudes_and_the_images_phases() -> None:
    mine, theirs = torch.fft.fft2(viewed("phase_only")), torch.fft.fft2(IMAGES)
    turned = mine * theirs.conj()
    away = torch.ones(12, 15, dtype=torch.bool)
    away[0, 0] = False
    amplitude = mine.abs()[..., away]
    assert float(amplitude.std() / amplitude.mean()) < 0.02
    assert float((turned.imag / turned.abs().clamp(min=1e-6))[..., away].abs().max()) < 1e-3


def test_views_are_float32_under_autocast() -> None:
    with torch.autocast("cpu", torch.bfloat16):
        inside = viewed("log_spectrum | band_pass(0.2, 0.9)")
    with full_precision("cpu"):
        assert torch.equal(inside, viewed("log_spectrum | band_pass(0.2, 0.9)"))
    assert inside.dtype == torch.float32


class Recorded(nn.Module):
    """Keeps what it is called with."""

    def forward(self, images_BCHW: torch.Tensor, second_BCHW: torch.Tensor) -> torch.Tensor:
        self.given = images_BCHW, second_BCHW
        return images_BCHW.mean(dim=(1, 2, 3))


def test_a_network_is_given_pixels_and_view() -> None:
    inner = Recorded()
    network = WithSecondView(inner, "band_pass(0.5, 1)")
    network(IMAGES)
    assert torch.equal(inner.given[0], IMAGES)
    assert torch.equal(inner.given[1], viewed("band_pass(0.5, 1)"))
    drawn = WithSecondView(inner, f"{AUGMENTED} | band_pass(0.5, 1)")
    drawn(IMAGES)
    assert torch.equal(inner.given[1], viewed("band_pass(0.5, 1)")), "nothing is drawn in a test"
    drawn(IMAGES, IMAGES / 2)
    assert torch.equal(inner.given[0], IMAGES)
    assert torch.equal(inner.given[1], viewed("band_pass(0.5, 1)", IMAGES / 2))


def test_training_draws_for_the_second_view_alone_and_not_as_for_the_first() -> None:
    drawn, fixed = split_view(f"{AUGMENTED} | log_spectrum")
    assert (drawn.canonical, fixed.canonical) == ("phase_jitter(0.5, p=1.0)", "log_spectrum")
    inputs: list[Any] = []
    for augmentation in ("none", "phase_jitter(0.5, p=1)"):
        given = step_inputs(
            (IMAGES * 255).to(torch.uint8),
            torch.tensor([0.0, 1.0, 0.0]),
            augmentation=parse(augmentation, "augmentation"),
            second=drawn,
            image_ids=["a", "b", "c"],
            seed=0,
            epoch=1,
            step=0,
        )
        inputs.append(given.of(slice(0, 3)))
    plain, augmented = inputs
    assert torch.equal(plain[0], (IMAGES * 255).to(torch.uint8).float() / 255)
    assert float((plain[1] - plain[0]).abs().max()) > 0.05
    assert float((plain[1] - augmented[0]).abs().max()) > 0.05, "other numbers are drawn"
    assert float((augmented[1] - augmented[0]).abs().max()) > 0.05


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("none", "is no second view"),
        ("log_spectum", "Did you mean log_spectrum"),
        ("phase_jitter(0.5)", "not known as second_view but as augmentation"),
        ("band_pass(0.5, 0.5)", "no radius lies"),
        (f"log_spectrum | {AUGMENTED}", "write it first"),
        ('augmented("mixup")', "cannot make a second view"),
        ('augmented("hflip")', "cannot make a second view"),
        ('augmented("none")', "cannot make a second view"),
        (
            'augmented(\'spectrum_mix(1, partner="any", label="mixed")\')',
            "cannot make a second view",
        ),
    ],
)
def test_what_is_no_second_view_is_refused_by_the_options(text: str, says: str) -> None:
    with pytest.raises(PipelineError, match=says):
        canonical_view(text)
    with pytest.raises(BadOption, match=r"dual_input\.second_view = "):
        parse_options(CARD, {"second_view": text})


def test_one_view_has_one_spelling_and_its_versions_a_name() -> None:
    options = parse_options(CARD, {"second_view": "log_spectrum()"})
    assert options_that_differ(CARD, options) == {}
    spelled = parse_options(CARD, {"second_view": "band_pass(low=0, high=1)"})
    assert options_that_differ(CARD, spelled) == {"second_view": "band_pass(0.0,1.0)"}
    assert view_versions(None) == {}
    both = {"second_view.augmented": 1, "augmentation.phase_jitter": 1}
    assert view_versions(AUGMENTED) == both
    require_view_versions(AUGMENTED, both)
    with pytest.raises(OtherVersion, match="phase_jitter of the second view is of version 1 here"):
        require_view_versions(AUGMENTED, {**both, "augmentation.phase_jitter": 2})


@pytest.mark.parametrize("view", ["log_spectrum", "band_pass(0.5, 1)", "phase_only", AUGMENTED])
def test_dual_input_reads_both_inputs(view: str) -> None:
    network = build("dual_input", {"size": "tiny", "second_view": view}, seed=0).eval()
    with torch.inference_mode():
        plain = network(IMAGES)
        other = network(IMAGES, IMAGES.flip(-1) ** 2)
        first = network(IMAGES.flip(0), IMAGES)
    assert not torch.allclose(plain, other)
    assert not torch.allclose(plain, first)
    counts = {"tiny": 24_199, "small": 390_023}
    for size, count in counts.items():
        weights = build("dual_input", {"size": size}, seed=0).parameters()
        assert sum(weight.numel() for weight in weights) == count
