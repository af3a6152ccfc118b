"""A linear model on an image's log spectrum (Frank et al., ICML 2020, arXiv 2003.08685).

The control for deep detectors: it knows nothing but how strong each frequency is. B images, C
channels, H/W pixels, V columns of half a spectrum, D coefficients of an image.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from detectors.networks.precision import full_precision

FLOOR = 1e-3
"""Added before the logarithm, of amplitudes of orthonormal transforms of pixels in [0, 1]: what
rounding to 8 bits puts into every coefficient (1 / 255 / sqrt(12))."""
GREY_OF_RGB = (0.299, 0.587, 0.114)


class LinearOnSpectra(nn.Module):
    """Log spectrum, each coefficient standardised by the training images, one linear layer.

    Args:
        log_spectrum: `log_dct` or `log_fft`.
        input_px: side of the square input, which fixes the number of coefficients.
        grey: one spectrum, of the brightness, instead of one per colour channel.
    """

    def __init__(
        self, log_spectrum: Callable[[Tensor], Tensor], *, input_px: int, grey: bool = False
    ) -> None:
        super().__init__()
        self.log_spectrum = log_spectrum
        self.input_px = input_px
        self.grey = grey
        channels = 1 if grey else 3
        of_one = log_spectrum(torch.zeros(1, channels, input_px, input_px))
        self.standardise = StandardisedCoefficients(of_one.numel())
        self.classifier = nn.Linear(of_one.numel(), 1)

    def forward(self, images_BCHW: Tensor) -> Tensor:
        """RGB in [0, 1], input_px square -> logit_B, larger = more fake."""
        with full_precision(images_BCHW.device.type):
            logit_B1: Tensor = self.classifier(self._features(images_BCHW))
            return logit_B1.squeeze(1)

    def what_it_sees(self, images_BCHW: Tensor) -> dict[str, Tensor]:
        """The log spectrum, and what each coefficient adds to the logit (their sum plus a bias)."""
        with full_precision(images_BCHW.device.type):
            spectrum_BCHV = self.log_spectrum(self._planes(images_BCHW))
            terms_BD = self._features(images_BCHW) * self.classifier.weight
            name = self.log_spectrum.__name__
            return {name: spectrum_BCHV, "terms_of_logit": terms_BD.view(spectrum_BCHV.shape)}

    def _features(self, images_BCHW: Tensor) -> Tensor:
        coefficients_BD = self.log_spectrum(self._planes(images_BCHW)).flatten(1)
        standardised_BD: Tensor = self.standardise(coefficients_BD)
        # So that an image's features have length 1 for any D, and one rate and one decay fit all.
        return standardised_BD / math.sqrt(coefficients_BD.shape[1])

    def _planes(self, images_BCHW: Tensor) -> Tensor:
        height, width = images_BCHW.shape[-2:]
        if (height, width) != (self.input_px, self.input_px):
            raise ValueError(
                f"Images of {height} x {width} px: this linear model has a weight for each "
                f"frequency of {self.input_px} x {self.input_px} px. Crop or tile to that size in "
                "the input, or set input_px."
            )
        planes_BCHW = images_BCHW.float()
        if self.grey:
            weights = planes_BCHW.new_tensor(GREY_OF_RGB).view(1, 3, 1, 1)
            planes_BCHW = (planes_BCHW * weights).sum(dim=1, keepdim=True)
        return planes_BCHW


class StandardisedCoefficients(nn.BatchNorm1d):
    """(x - mean) / deviation by mean and deviation of all images shown in training so far.

    Not those of a batch, whose noise would drown a linear model with more coefficients than
    images: after the first epoch they are those of the training images, and testing uses the same.
    They are in the state dict, so that a resumed training has them too. It is a BatchNorm to
    whoever asks, since in training images touch each other through it.

    Args:
        coefficients: D.
    """

    running_mean: Tensor
    running_var: Tensor
    images_seen: Tensor

    def __init__(self, coefficients: int) -> None:
        # 1e-3: a coefficient that never changes in training has deviation 0.03, in natural logs.
        super().__init__(coefficients, eps=1e-3, momentum=None, affine=False)
        self.register_buffer("images_seen", torch.zeros(()))

    def forward(self, input: Tensor) -> Tensor:
        """(B, D) -> (B, D)."""
        if self.training:
            self._count(input.detach())
        return (input - self.running_mean) * torch.rsqrt(self.running_var + self.eps)

    @torch.no_grad()
    def _count(self, values_BD: Tensor) -> None:
        """Join a batch's mean and variance with those so far (Chan et al. 1983, eq. 1.5)."""
        count = len(values_BD)
        mean, share = values_BD.mean(0), count / (self.images_seen + count)
        of_batch = values_BD.var(0, correction=0)
        apart = mean - self.running_mean
        between = share * (1 - share) * apart.square()
        self.running_var.lerp_(of_batch, share).add_(between)
        self.running_mean.add_(share * apart)
        self.images_seen.add_(count)


def log_dct(planes_BCHW: Tensor) -> Tensor:
    """log(|DCT-II| + floor), orthonormal; the lowest frequency is at the top left; same shape."""
    rows_HH = dct_basis(planes_BCHW.shape[-2], planes_BCHW.device)
    columns_WW = dct_basis(planes_BCHW.shape[-1], planes_BCHW.device)
    return torch.log((rows_HH @ planes_BCHW @ columns_WW.T).abs() + FLOOR)


def log_fft(planes_BCHW: Tensor) -> Tensor:
    """log(|FFT| + floor), orthonormal, of the half that a real image has: (B, C, H, V).

    V is W // 2 + 1, from frequency 0 at the left; rows are shifted so that 0 is in the middle.
    """
    half_BCHV = torch.fft.rfft2(planes_BCHW.contiguous(), norm="ortho").abs()
    return torch.log(torch.fft.fftshift(half_BCHV, dim=-2) + FLOOR)


def dct_basis(size: int, device: torch.device) -> Tensor:
    """The orthonormal DCT-II as a matrix: row k is the cosine of frequency k, float32."""
    positions = torch.arange(size, dtype=torch.float64)
    angles = math.pi / size * positions[:, None] * (positions[None] + 0.5)
    basis = torch.cos(angles) * math.sqrt(2 / size)
    basis[0] /= math.sqrt(2)
    return basis.float().to(device)
