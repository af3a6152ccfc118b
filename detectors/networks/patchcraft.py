"""PatchCraft (Zhong et al., arXiv 2311.12397): plain texture minus rich texture, as SRM noise.

Which patches an image's two textures are made of is geometry (`data/patches/texture.py`). B batch,
C channels, H/W pixels of one of the two squares.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from detectors.networks.precision import full_precision
from detectors.networks.srm_kernels import COUNT, SRMKernels

FULL_WIDTH = 32
FULL_STAGES = (4, 2, 2, 2)
LIMIT = 5.0
"""Where the first convolution's normalised response is cut off, both ways."""

SRM_MAPS = 3 * COUNT
CLASSIFIER_STD = 0.01


class PatchCraft(nn.Module):
    """SRM maps of both textures, one convolution on each, their difference through a small trunk.

    Each stage is convolutions 3 x 3 with batch normalisation and ReLU; all but the last are
    followed by an average over 3 x 3 at every second pixel; the last by the mean over positions.

    Args:
        stages: number of convolutions of each.
        width: channels of all of them.
    """

    grad_cam_at = None  # its places are those of patches in the order of their texture

    def __init__(self, stages: tuple[int, ...] = FULL_STAGES, width: int = FULL_WIDTH) -> None:
        super().__init__()
        self.srm = SRMKernels("apart")
        # Shared by the textures; in training each is normalised by statistics of its own.
        self.fingerprint = nn.Sequential(
            nn.Conv2d(SRM_MAPS, width, 3, padding=1),
            nn.BatchNorm2d(width),
            nn.Hardtanh(-LIMIT, LIMIT),
        )
        self.stages = nn.ModuleList(_stage(count, width) for count in stages)
        self.classifier = nn.Linear(width, 1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="relu")
        nn.init.normal_(self.classifier.weight, std=CLASSIFIER_STD)
        nn.init.zeros_(self.classifier.bias)

    def forward(self, images_BCHW: Tensor) -> Tensor:
        """Plain texture on the left, rich on the right, RGB in [0, 1] -> logit_B.

        Larger = more fake. As `poor_and_rich(256)` gives them: (B, 3, 256, 512).

        Raises:
            ValueError: images that have no two halves.
        """
        x = self.contrast(images_BCHW)
        for index, stage in enumerate(self.stages):
            if index:
                x = functional.avg_pool2d(x, 3, stride=2, padding=1)
            x = stage(x)
        features_BF = x.mean(dim=(2, 3))
        with full_precision(images_BCHW.device.type):
            logit_B1: Tensor = self.classifier(features_BF.float())
            return logit_B1.squeeze(1)

    def contrast(self, images_BCHW: Tensor) -> Tensor:
        """What is said of the plain texture minus what is said of the rich one, as maps."""
        poor_BCHW, rich_BCHW = self.textures(images_BCHW)
        # One after the other, as the statistics of the batch normalisation ask.
        poor_BFHW = self.fingerprint(self.srm(poor_BCHW))
        contrast_BFHW: Tensor = poor_BFHW - self.fingerprint(self.srm(rich_BCHW))
        return contrast_BFHW

    def textures(self, images_BCHW: Tensor) -> tuple[Tensor, Tensor]:
        """The left half and the right half.

        Raises:
            ValueError: an odd width.
        """
        width = images_BCHW.shape[3]
        if width % 2:
            raise ValueError(
                f"PatchCraft takes two textures of one size beside each other and was given "
                f"images {width} px wide; end the input with poor_and_rich(256)."
            )
        return images_BCHW[..., : width // 2], images_BCHW[..., width // 2 :]

    def what_it_sees(self, images_BCHW: Tensor) -> dict[str, Tensor]:
        """Both textures, the mean magnitude of their SRM maps, and that of their contrast."""
        seen = {}
        for name, texture_BCHW in zip(
            ("poor texture", "rich texture"), self.textures(images_BCHW.float()), strict=True
        ):
            seen[name] = texture_BCHW
            seen[f"SRM noise, {name}"] = self.srm(texture_BCHW).abs().mean(1, keepdim=True)
        contrast_BFHW = self.contrast(images_BCHW).float()
        return {**seen, "contrast": contrast_BFHW.abs().mean(1, keepdim=True)}


def _stage(count: int, width: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for _ in range(count):
        layers += [nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU()]
    return nn.Sequential(*layers)
