"""Spec's network (Zhang et al. 2019, arXiv 1907.06515): a ResNet-34 that sees a spectrum.

B batch, C channels, H/W pixels, U/V frequencies. An up-sampler repeats the spectrum of what it
enlarges, so a generator with one leaves copies of the low frequencies among the high.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from detectors.networks.basic_resnet import RESNET34_BLOCKS, RESNET_WIDTH, BasicResNet
from detectors.networks.precision import full_precision

FLOOR = 1e-3
"""Added to an amplitude before its logarithm, pixels being in [0, 1]."""
PERCENTILES = (0.05, 0.95)
"""Of a channel's logarithms: what becomes -1 and 1."""
SMALLEST_SPAN = 1e-6
OFFICIAL_SIDE_PX = 224
OFFICIAL_EDGES = {"low": (57, 177), "outer": (21, 203)}
"""At a side of 224: the low band is [57, 177) in both directions, zero frequency in the middle
(112); the middle band reaches from there to [21, 203); the high band is the rest."""


class Spec(nn.Module):
    """The logarithmic spectrum of each colour, a band of it, a ResNet, one logit.

    Args:
        band: "full", or the frequencies that are left: "low", "mid" or "high".
        blocks: of the ResNet's stages.
        width: of its stem.
    """

    grad_cam_at = None  # the places of its maps are frequencies

    def __init__(
        self,
        band: str = "full",
        blocks: Sequence[int] = RESNET34_BLOCKS,
        width: int = RESNET_WIDTH,
    ) -> None:
        super().__init__()
        self.band = band
        self.backbone = BasicResNet(blocks, width)
        self.classifier = nn.Linear(self.backbone.num_features, 2)

    def forward(self, images_BCHW: Tensor) -> Tensor:
        """RGB in [0, 1] -> logit_B, larger = more fake."""
        output_BF = self.outputs(images_BCHW)
        # The official outputs are fake and real, in this order.
        return output_BF[:, 0] - output_BF[:, 1]

    def outputs(self, images_BCHW: Tensor) -> Tensor:
        """The last layer's, (B, 2)."""
        features_BF = self.backbone(self.spectrum(images_BCHW))
        with full_precision(images_BCHW.device.type):
            output_BF: Tensor = self.classifier(features_BF.float())
            return output_BF

    def spectrum(self, images_BCHW: Tensor) -> Tensor:
        """What the ResNet sees: channels blue, green, red, as OpenCV reads them."""
        with full_precision(images_BCHW.device.type):
            spectrum_BCUV = log_spectrum(images_BCHW.float().flip(1))
            if self.band == "full":
                return spectrum_BCUV
            height, width = spectrum_BCUV.shape[2:]
            mask_UV = band_mask(self.band, height, width).to(spectrum_BCUV.device)
            return torch.where(mask_UV, spectrum_BCUV, 0.0)

    def what_it_sees(self, images_BCHW: Tensor) -> dict[str, Tensor]:
        """The spectrum as it is fed, but red first and zero frequency in the middle."""
        spectrum_BCUV = self.spectrum(images_BCHW).flip(1)
        return {"spectrum": torch.fft.fftshift(spectrum_BCUV, dim=(2, 3))}

    def load_backbone(self, state: Mapping[str, Tensor], part: str | None = None) -> None:
        """Take the weights of torchvision's or timm's `resnet34`.

        Raises:
            WeightsMismatch: something but its classifier is missing or unknown.
        """
        self.backbone.load_pretrained(state)


def log_spectrum(images_BCHW: Tensor) -> Tensor:
    """log(|Fourier transform| + 0.001) of each channel, its 5th to 95th percentile as [-1, 1].

    Zero frequency at (0, 0); the percentiles are of the channel itself, so brightness and contrast
    of an image are gone. The transform is in float64: an amplitude that is zero, as in images of
    flat cells, is rounding noise in float32, which the logarithm shows. Of a real image half of
    the transform is enough, the other half mirrors it. Where all frequencies but zero are equally
    strong (a channel of one grey), they become -1; the official code divides by zero there.
    """
    half_BCUV = torch.fft.rfft2(images_BCHW.double()).to(torch.complex64).abs().add(FLOOR).log()
    log_BCUV = _mirrored(half_BCUV, images_BCHW.shape[3])
    share = torch.tensor(PERCENTILES, device=log_BCUV.device)
    lowest, highest = torch.quantile(log_BCUV.flatten(2), share, dim=2)[..., None, None]
    scale = 2 / (highest - lowest).clamp_min(SMALLEST_SPAN)
    return ((log_BCUV - lowest) * scale - 1).clamp(-1, 1)


def _mirrored(half_BCUV: Tensor, width: int) -> Tensor:
    """All columns of an amplitude spectrum: (u, v) has the value of (-u, -v)."""
    other_BCUV = half_BCUV[..., 1 : (width + 1) // 2].flip(2, 3).roll(1, dims=2)
    return torch.cat([half_BCUV, other_BCUV], dim=3)


def band_mask(band: str, height: int, width: int) -> Tensor:
    """Which frequencies a band keeps, (height, width), zero frequency at (0, 0).

    Official at 224 x 224; at other sizes its edges in proportion, rounded, which is our reading.
    """
    low, outer = (_square(height, width, OFFICIAL_EDGES[name]) for name in ("low", "outer"))
    mask_UV = {"low": low, "mid": outer & ~low, "high": ~outer}[band]
    return torch.fft.ifftshift(mask_UV)


def _square(height: int, width: int, edges: tuple[int, int]) -> Tensor:
    first, end = edges
    inside = [
        (torch.arange(side) >= round(first * side / OFFICIAL_SIDE_PX))
        & (torch.arange(side) < round(end * side / OFFICIAL_SIDE_PX))
        for side in (height, width)
    ]
    return inside[0][:, None] & inside[1]
