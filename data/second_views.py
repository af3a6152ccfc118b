"""Second views: what a detector is given of an image beside its pixels, by a name of its options.

They are made of the pixels that the network gets, on the device; here stand their parameters, so
that plans check them without torch. The arithmetic is `detectors/second_view/`.
"""

from data.geometry import check_span
from data.operation_registry import operation
from data.operations import parse


@operation("log_spectrum", kind="second_view", keeps_size=True, acts_on="batch")
def log_spectrum() -> None:
    """Logarithm of each channel's Fourier amplitude, DC in the middle, mean 0 and variance 1.

    S = log(A + 1e-3) of pixels in [0, 1], as Zhang et al. take it (AutoGAN, arXiv 1907.06515);
    there mapped by percentiles to [-1, 1], here standardised for each image and channel.
    """


@operation("band_pass", kind="second_view", keeps_size=True, acts_on="batch")
def band_pass(low: float, high: float) -> None:
    """The image with the radii low <= r < high only, and without its mean brightness.

    Radii are shares of the largest, the corner of the spectrum: 0 to 1. A residual, around 0.
    """
    check_span("low, high", (low, high), 0, 1)
    if low == high:
        raise ValueError(f"no radius lies from {low} to {high}; give a band, such as 0.5, 1.")


@operation("phase_only", kind="second_view", keeps_size=True, acts_on="batch")
def phase_only() -> None:
    """The image with all amplitudes equal: its edges and its noise, without its colours.

    The spectrum divided by its amplitude (whitened), scaled to variance 1 for each image and
    channel (Oppenheim and Lim, "The importance of phase in signals", 1981).
    """


@operation("augmented", kind="second_view", is_random=True, keeps_size=True, acts_on="batch")
def augmented(pipeline: str) -> None:
    """The image after frequency augmentations.

    As in `augmented("phase_jitter(0.5, p=1)")`. In validation and tests it is the image itself:
    nothing is drawn there.
    """
    augmentations = parse(pipeline, "augmentation")
    wrong = [
        step.canonical
        for step in augmentations.operations
        if step.acts_on != "batch" or step.settings.get("label") not in (None, "keep")
    ]
    if wrong or not augmentations.operations:
        raise ValueError(
            f"{', '.join(wrong) or pipeline!r} cannot make a second view; give operations that act "
            'on a batch and leave labels alone, such as "phase_jitter(0.5, p=1)".'
        )
