"""The eight toy generators and their settings; which family each is of, `data.generators` says.

A fake is a scene brought down by factors of two and up again by a decoder of the generator's own,
with a part of the lost detail put back. What betrays it: the up-sampler's kernels and phases
(gan), weak texture that was denoised away (diffusion), and grain without a camera's demosaicing.
Brightness, strength of noise and sharpness are those of photographs.

The numbers were found by measuring what detectors see. Much stronger traces give one block of
ones without structure, weaker ones chance.
"""

from dataclasses import dataclass

from data.toy.upsamplers import Kind


@dataclass(frozen=True, kw_only=True)
class ToyGenerator:
    """The settings of one generator."""

    name: str
    imitates: str
    upsampling: Kind | None = None
    spread: float = 0.0
    """Of the random part of the up-sampler's kernels."""
    phase_gain: float = 0.0
    """Checkerboard of the transposed convolution."""
    levels: int = 0
    """Factors of two between the image and what its decoder starts from."""
    detail_kept: float = 0.0
    """Share of the detail lost between two levels that is put back."""
    denoised: float = 0.0
    """Detail weaker than this is shrunk away; half as much at each coarser level."""
    white_grain: float = 1.0
    """Share of the grain's amplitude that went through no up-sampler; less is easier to find."""
    phase_pattern: float | None = None
    """How much the detail put back differs between the four phases of the last up-sampling."""


TOY_GENERATORS = {
    generator.name: generator
    for generator in (
        ToyGenerator(
            name="gan_tconv",
            imitates="transposed convolutions with their checkerboard",
            upsampling="tconv",
            spread=0.03,
            phase_gain=0.005,
            levels=1,
            detail_kept=0.85,
            white_grain=0.7,
            phase_pattern=0.22,
        ),
        ToyGenerator(
            name="gan_nearest",
            imitates="nearest-neighbour up-sampling and a convolution",
            upsampling="nearest",
            spread=0.04,
            levels=1,
            detail_kept=0.85,
            white_grain=0.75,
            phase_pattern=0.18,
        ),
        ToyGenerator(
            name="gan_bilinear",
            imitates="smooth up-sampling and a convolution",
            upsampling="bilinear",
            spread=0.04,
            levels=1,
            detail_kept=0.85,
            white_grain=0.7,
            phase_pattern=0.12,
        ),
        ToyGenerator(
            name="gan_shuffle",
            imitates="sub-pixel convolution",
            upsampling="shuffle",
            spread=0.05,
            levels=1,
            detail_kept=0.85,
            white_grain=0.75,
            phase_pattern=0.20,
        ),
        ToyGenerator(
            name="dm_latent4",
            imitates="latent diffusion with a decoder of factor 4",
            upsampling="nearest2",
            spread=0.03,
            levels=2,
            detail_kept=0.8,
            denoised=0.025,
            white_grain=0.55,
        ),
        ToyGenerator(
            name="dm_latent8",
            imitates="latent diffusion with a decoder of factor 8",
            upsampling="nearest2",
            spread=0.03,
            levels=3,
            detail_kept=0.85,
            denoised=0.025,
            white_grain=0.55,
        ),
        ToyGenerator(
            name="dm_cascade",
            imitates="diffusion at low resolution and super-resolution; the hard one",
            upsampling="bilinear",
            spread=0.02,
            levels=1,
            detail_kept=0.8,
            denoised=0.02,
            white_grain=0.75,
        ),
        ToyGenerator(
            name="dm_pixel",
            imitates="diffusion in pixel space",
            denoised=0.02,
        ),
    )
}
