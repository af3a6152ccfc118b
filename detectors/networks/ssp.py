"""SSP, Single Simple Patch (Chen et al., arXiv 2402.01123): one patch, enlarged, its noise.

Which patch it is given is geometry (`data/patches/`). B batch, H/W pixels.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from torch import Tensor, nn
from torch.nn import functional

from detectors.networks.normalise import Normalise
from detectors.networks.precision import full_precision
from detectors.networks.resnet import ResNet
from detectors.networks.srm import SRMFilter


class SSP(nn.Module):
    """ImageNet's normalisation, bilinear enlarging, SRM kernels, a ResNet, one logit.

    Args:
        backbone: three channels in.
        patch_px: side of the only input that is taken.
        upscale_px: side after enlarging.
        srm: the filter; None = none.
        srm_at: `after` enlarging is the official order: eight-fold bilinear enlarging is straight
            between kinks, so the response is nearly zero but every eighth pixel.
    """

    def __init__(
        self,
        backbone: ResNet,
        patch_px: int,
        upscale_px: int,
        srm: SRMFilter | None,
        srm_at: Literal["before", "after"] = "after",
    ) -> None:
        super().__init__()
        self.patch_px = patch_px
        self.upscale_px = upscale_px
        self.srm_at = srm_at
        self.normalise = Normalise()
        self.srm = srm
        self.backbone = backbone
        self.classifier = nn.Linear(backbone.num_features, 1)

    @property
    def pixels_per_input_pixel(self) -> float:
        """How many pixels the backbone sees of one that comes in, for an account of memory."""
        return (self.upscale_px / self.patch_px) ** 2

    def forward(self, images_BCHW: Tensor) -> Tensor:
        """Patches of patch_px, RGB in [0, 1] -> logit_B, larger = more fake.

        Raises:
            ValueError: images of another size: SSP looks at one patch of an image, not at all.
        """
        features_BF = self.backbone(self.filtered(images_BCHW))
        with full_precision(images_BCHW.device.type):
            logit_B1: Tensor = self.classifier(features_BF.float())
            return logit_B1.squeeze(1)

    def filtered(self, images_BCHW: Tensor) -> Tensor:
        """What the backbone sees, float32, (B, 3, upscale_px, upscale_px)."""
        height, width = images_BCHW.shape[2:]
        if (height, width) != (self.patch_px, self.patch_px):
            raise ValueError(
                f"SSP takes one patch of {self.patch_px} x {self.patch_px} px of each image and "
                f"was given {height} x {width} px; end the input with patch({self.patch_px})."
            )
        with full_precision(images_BCHW.device.type):
            normalised_BCHW = self.normalise(images_BCHW.float())
            if self.srm is None:
                return self.upscaled(normalised_BCHW)
            if self.srm_at == "before":
                return self.upscaled(self.srm(normalised_BCHW))
            filtered_BCHW: Tensor = self.srm(self.upscaled(normalised_BCHW))
            return filtered_BCHW

    def upscaled(self, x_BCHW: Tensor) -> Tensor:
        """Enlarged bilinearly, corners of pixels not aligned."""
        side = self.upscale_px
        return functional.interpolate(x_BCHW, (side, side), mode="bilinear", align_corners=False)

    def what_it_sees(self, images_BCHW: Tensor) -> dict[str, Tensor]:
        """The enlarged patch, RGB in [0, 1], and what the backbone is given of it."""
        seen = {"patch": self.upscaled(images_BCHW.float())}
        if self.srm is not None:
            seen["SRM response"] = self.filtered(images_BCHW)
        return seen

    def load_backbone(self, state: Mapping[str, Tensor], part: str | None = None) -> None:
        """Begin with a library's pretrained ResNet, under the library's keys.

        Raises:
            WeightsMismatch: keys are missing, unknown or of another shape.
            ValueError: a part is named; there is one backbone.
        """
        if part is not None:
            raise ValueError(f"There is no part {part!r}: SSP has one backbone; name none.")
        self.backbone.load_library(state)
