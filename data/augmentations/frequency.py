"""Frequency augmentations as a file may name them: parameters and ranges, no arithmetic.

To the frequency domain, change amplitude or phase there, back, and combine the result with the
image. A spectrum F(u, v) is an image's two-dimensional discrete Fourier transform, A = |F| its
amplitude, and a frequency's radius is a share of the largest there is: 0 is the mean brightness
(DC), 1 the corner of the spectrum. The arithmetic is `detectors/frequency/`, in float32 on the
device, on pixels in [0, 1] as the network is going to see them.

Every one of them takes, beside its own parameters and by name:

    p            probability for each image, whatever its label, 0 to 1
    channels     rgb: each channel by itself; luma: only the brightness Y of BT.601 changes and
                 colours stay; grey: the image loses its colours and Y changes
    combine      with the image x and its transform t: replace (t), blend ((1-w) x + w t),
                 add (x + w t), subtract (x - w t), overlay ((1-w) x + w overlay(x, t)),
                 magnitude_phase (amplitudes and phases averaged with weights 1-w and w)
    weight       w above, 0 to 1; needed unless replaced
    requantise   whether the result is rounded to 8 bits, as a file would hold it

Results are cut off at 0 and 1. At strength 0, as each says, an image is unchanged bit for bit.
"""

import inspect
import typing
from collections.abc import Callable
from typing import Any, Literal

from data.geometry import check_range, check_span
from data.operation_registry import operation

Channels = Literal["rgb", "luma", "grey"]
Combine = Literal["replace", "magnitude_phase", "blend", "add", "subtract", "overlay"]
Partner = Literal["self", "same_label", "any"]
LabelRule = Literal["keep", "fake_if_either", "mixed"]
Band = tuple[float, float]
ALL: Band = (0.0, 1.0)


def _common(
    *,
    p: float = 0.5,
    channels: Channels = "rgb",
    combine: Combine = "replace",
    weight: float | None = None,
    requantise: bool = False,
) -> None:
    """Check the parameters that all have."""
    check_range("p", p, 0, 1)
    if combine == "replace" and weight is not None:
        raise ValueError('weight would change nothing with combine="replace"; leave it out.')
    if combine != "replace" and weight is None:
        raise ValueError(f'combine="{combine}" needs a weight from 0 to 1, such as weight=0.5.')
    if weight is not None:
        check_range("weight", weight, 0, 1)


def _frequency_augmentation(check: Callable[..., None]) -> Callable[..., None]:
    """Register a check of an operation's own parameters, with those that all have added."""
    shared = inspect.signature(_common).parameters

    def factory(*positional: Any, **keywords: Any) -> None:
        _common(**{name: keywords.pop(name) for name in shared if name in keywords})
        check(*positional, **keywords)

    factory.__doc__ = check.__doc__
    own = inspect.signature(check)
    factory.__signature__ = own.replace(  # type: ignore[attr-defined]
        parameters=[*own.parameters.values(), *shared.values()]
    )
    factory.__annotations__ = {
        **typing.get_type_hints(_common),
        **typing.get_type_hints(check),
    }
    register = operation(
        check.__name__, kind="augmentation", is_random=True, keeps_size=True, acts_on="batch"
    )
    return register(factory)


@_frequency_augmentation
def amplitude_noise(sigma: float, band: Band = ALL) -> None:
    """A' = A max(0, 1 + sigma n(u, v)), n standard normal, within a band; phases and DC stay.

    Sigma is from 0 (nothing) to 4. For small sigma energy without DC grows by 1 + sigma^2. The
    idea, noise on single frequencies, is of the study that this serves; no paper's setting.
    """
    check_range("sigma", sigma, 0, 4)
    check_span("band", band, 0, 1)


@_frequency_augmentation
def amplitude_scale(gain: tuple[float, float], band: Band = ALL) -> None:
    """A' = g A within a band, g for each image log-uniform in `gain`; phases and DC stay.

    Gains are from 0.01 to 100; (1, 1) is nothing. High frequencies attenuated give smooth images:
    band=(0.5, 1).
    """
    check_span("gain", gain, 0.01, 100)
    check_span("band", band, 0, 1)


@_frequency_augmentation
def phase_jitter(sigma: float, band: Band = ALL) -> None:
    """F' = F exp(i sigma n(u, v)), n standard normal and n(-u, -v) = -n(u, v); A and DC stay.

    Sigma is in radians, from 0 (nothing) to 4. Odd noise keeps the spectrum Hermitian, so that the
    image stays real without losing energy.
    """
    check_range("sigma", sigma, 0, 4)
    check_span("band", band, 0, 1)


@_frequency_augmentation
def band_pass(width: Band = (0.25, 0.75)) -> None:
    """Keep one band of radii and DC; its width is uniform in `width`, its place in what is left.

    Widths are shares of the largest radius, 0 to 1; (1, 1) is nothing.
    """
    check_span("width", width, 0, 1)


@_frequency_augmentation
def band_stop(width: Band = (0.05, 0.25)) -> None:
    """Remove one band of radii but DC; its width is uniform in `width`, its place in what is left.

    Widths are shares of the largest radius, 0 to 1; (0, 0) is nothing.
    """
    check_span("width", width, 0, 1)


@_frequency_augmentation
def band_drop(share: float, bands: int = 8) -> None:
    """Cut the radii into `bands` rings of equal width and remove each with probability `share`.

    DC stays. Share is from 0 (nothing) to 1, bands from 1 to 256.
    """
    check_range("share", share, 0, 1)
    check_range("bands", bands, 1, 256)


@_frequency_augmentation
def frequency_mask(ratio: float = 0.15, band: Band = ALL) -> None:
    """Remove each frequency of a band and its mirror (-u, -v) with probability `ratio`; DC stays.

    Doloriel and Cheung, "Frequency masking for universal deepfake detection" (arXiv 2401.06506),
    which masks 15 % of all frequencies. Ratio is from 0 (nothing) to 1; each frequency is drawn by
    itself, so that the share removed is an expectation.
    """
    check_range("ratio", ratio, 0, 1)
    check_span("band", band, 0, 1)


@_frequency_augmentation
def spectrum_mix(
    alpha: float,
    partner: Partner = "same_label",
    label: LabelRule | None = None,
    band: Band = ALL,
) -> None:
    """A' = (1 - m) A + m A_partner with m uniform in [0, alpha]; the phases stay the image's.

    "Amplitude mix" of Xu et al., "A Fourier-based framework for domain generalization" (arXiv
    2105.11120, eq. 4 and 5), DC included; alpha = 1 and m = 1 would be the recombination of APR
    (arXiv 2108.08487). Alpha is from 0 (nothing) to 1.

    The partner is another image of the batch, drawn by (seed, epoch, step) as a permutation within
    each label (same_label) or of all (any); an image may fall to itself. With `self` it is the
    image in a mirror: nothing of another image comes in.

    A fake's amplitude carries its generator's fingerprint. So `any` must say what the result is:
    keep (the label is that of the phases), fake_if_either, or mixed ((1 - m) y + m y_partner).
    """
    check_range("alpha", alpha, 0, 1)
    check_span("band", band, 0, 1)
    if partner == "any" and label is None:
        raise ValueError(
            'partner="any" mixes real with fake spectra, and a fake\'s amplitude carries its '
            'fingerprint; say what the result is: label="keep", "fake_if_either" or "mixed".'
        )
    if partner != "any" and label is not None:
        raise ValueError(f'label would change nothing with partner="{partner}"; leave it out.')
