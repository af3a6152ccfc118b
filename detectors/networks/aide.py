"""AIDE (Yan et al., ICLR 2025, arXiv 2406.19435): noise of four windows beside what images show.

B batch, C channels, H/W pixels, F features.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from detectors.networks.dct_windows import CHOSEN, WINDOWS_AT_ONCE, DCTWindows
from detectors.networks.frozen_backbone import FrozenBackbone
from detectors.networks.normalise import Normalise
from detectors.networks.precision import full_precision
from detectors.networks.resized import squashed
from detectors.networks.resnet import ResNet
from detectors.networks.srm_kernels import SRMKernels

if TYPE_CHECKING:
    from detectors.forward_memory import Peak

NOISE, SEMANTIC = "noise", "semantic"
FIRST_CONVOLUTION = "conv1.weight"


class AIDE(nn.Module):
    """SRM noise of windows of extreme frequency through two ResNets, and a frozen backbone.

    Two windows of lowest and two of highest frequency are enlarged and filtered; the mean of what
    the ResNets say of the four stands beside the backbone's projected features.

    Args:
        windows: takes the four.
        lowest: ResNet of thirty channels for the two of lowest frequency.
        highest: for the two of highest.
        semantic: the frozen backbone; one of any input size sees images squashed to enlarged_px.
        projected: width that its features are projected to.
        hidden: width of the classifier's hidden layer.
        enlarged_px: side of the enlarged windows.
        trains_projection: False: the projection stays as it was drawn (official).
    """

    def __init__(
        self,
        windows: DCTWindows,
        lowest: ResNet,
        highest: ResNet,
        semantic: FrozenBackbone,
        *,
        projected: int = 256,
        hidden: int = 1024,
        enlarged_px: int = 256,
        trains_projection: bool = False,
    ) -> None:
        super().__init__()
        self.windows = windows
        self.enlarged_px = enlarged_px
        self.normalise = Normalise()
        self.srm = SRMKernels("summed")
        self.lowest, self.highest = lowest, highest
        self.semantic = semantic
        self.projection = nn.Linear(semantic.num_features, projected)
        self.projection.requires_grad_(trains_projection)
        self.hidden = nn.Linear(projected + lowest.num_features, hidden)
        self.classifier = nn.Linear(hidden, 2)

    def forward(self, images_BCHW: Tensor) -> Tensor:
        """RGB in [0, 1], any size from that of a window -> logit_B, larger = more fake."""
        output_BF = self.outputs(images_BCHW)
        # The official outputs are real and fake, in this order.
        return output_BF[:, 1] - output_BF[:, 0]

    def outputs(self, images_BCHW: Tensor) -> Tensor:
        """The last layer's, (B, 2)."""
        joined_BF = torch.cat([self.meaning(images_BCHW), self.noise(images_BCHW)], dim=1)
        hidden_BF = functional.gelu(self.hidden(joined_BF))
        with full_precision(images_BCHW.device.type):
            output_BF: Tensor = self.classifier(hidden_BF.float())
            return output_BF

    def meaning(self, images_BCHW: Tensor) -> Tensor:
        """The backbone's features, projected, float32, (B, projected)."""
        side_px = self.semantic.input_px or self.enlarged_px
        features_BF = self.semantic.features(squashed(images_BCHW, side_px))
        with full_precision(images_BCHW.device.type):
            projected_BF: Tensor = self.projection(features_BF)
            return projected_BF

    def noise(self, images_BCHW: Tensor) -> Tensor:
        """The mean of what the ResNets say of the four windows, float32, features_BF."""
        filtered_BNFHW = self.filtered(self.windows(images_BCHW.float()))
        # Each window in a pass of its own, as the statistics of batch normalisation ask.
        lowest, highest = self.lowest, self.highest
        features = [
            network(maps_BFHW).float()
            for network, maps_BFHW in zip(
                (lowest, highest, lowest, highest), filtered_BNFHW.unbind(1), strict=True
            )
        ]
        return torch.stack(features).mean(dim=0)

    def filtered(self, windows_BNCSS: Tensor) -> Tensor:
        """Windows enlarged, normalised, through the SRM kernels: (B, 4, 30, side, side)."""
        batch, count = windows_BNCSS.shape[:2]
        with full_precision(windows_BNCSS.device.type):
            enlarged = squashed(windows_BNCSS.flatten(0, 1), self.enlarged_px)
            maps: Tensor = self.srm(self.normalise(enlarged))
            return maps.unflatten(0, (batch, count))  # type: ignore[no-untyped-call]

    def load_backbone(self, state: Mapping[str, Tensor], part: str | None = None) -> None:
        """Begin with a library's pretrained weights.

        Args:
            state: under the library's keys.
            part: `noise`: a ResNet's, for both ResNets, whose first convolutions stay as they were
                drawn, since they see thirty maps and not three colours (as in the official code).
                `semantic`, which None means too: the frozen backbone's.

        Raises:
            WeightsMismatch: keys are missing, unknown or of another shape.
            ValueError: there is no such part.
        """
        if part in (None, SEMANTIC):
            self.semantic.load_backbone(state)
        elif part == NOISE:
            for network in (self.lowest, self.highest):
                own = (
                    {FIRST_CONVOLUTION: network.conv1.weight} if FIRST_CONVOLUTION in state else {}
                )
                network.load_library({**state, **own})
        else:
            raise ValueError(f"AIDE has no part {part!r}; give {NOISE} or {SEMANTIC}.")

    def forward_bytes(self, height: int, width: int, peak: Peak) -> int:
        """What a pass over one image takes in tests: only the choice of windows grows with it."""
        side_px = self.semantic.input_px or self.enlarged_px
        smallest = self.windows.size_px
        coefficients = 4 * 3 * smallest**2 * WINDOWS_AT_ONCE
        scored = 3 * coefficients + 3 * 4 * 3 * height * width
        return int(peak(self, smallest, smallest) + scored + 2 * 4 * 3 * side_px**2)

    def what_it_sees(self, images_BCHW: Tensor) -> dict[str, Tensor]:
        """The scores of all windows, the four that are taken, and the magnitude of their noise."""
        images_BCHW = images_BCHW.float()
        taken_BNCSS = self.windows(images_BCHW)
        noise_BN1HW = self.filtered(taken_BNCSS).abs().mean(dim=2, keepdim=True)
        scores = [self.windows.scores(image_CHW) for image_CHW in images_BCHW]
        seen = {"score of each window": torch.stack(scores)[:, None]}
        for place, name in enumerate(CHOSEN):
            seen[f"{name} frequency"] = taken_BNCSS[:, place]
            seen[f"SRM noise, {name} frequency"] = noise_BN1HW[:, place]
        return seen
