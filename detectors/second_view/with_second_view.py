"""A network of two inputs behind the contract of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from data.operations import Pipeline
from detectors.second_view.text import split_view
from detectors.second_view.views import second_view


class WithSecondView(nn.Module):
    """Gives a network the second view beside the pixels.

    Whoever validates, tests or measures calls it with images alone; training, where the view has
    augmentations, hands in the images that are augmented for it.

    Args:
        network: called as network(images_BCHW, second_BCHW), returns logit_B.
        text: the second view, of the kind `second_view`.
    """

    drawn: Pipeline
    """What training draws for the second view: augmentations of batches."""

    def __init__(self, network: nn.Module, text: str) -> None:
        super().__init__()
        self.network = network
        self.drawn, self._fixed = split_view(text)

    def forward(self, images_BCHW: Tensor, source_BCHW: Tensor | None = None) -> Tensor:
        """RGB in [0, 1] -> logit_B; the second view is of `source_BCHW`, else of the images."""
        source_BCHW = images_BCHW if source_BCHW is None else source_BCHW
        logit_B: Tensor = self.network(images_BCHW, second_view(self._fixed, source_BCHW))
        return logit_B

    def what_it_sees(self, images_BCHW: Tensor) -> dict[str, Tensor]:
        """What the network makes of the images and their second view; see its own."""
        inner: Any = self.network
        second_BCHW = second_view(self._fixed, images_BCHW)
        maps: dict[str, Tensor] = inner.what_it_sees(images_BCHW, second_BCHW)
        return maps

    def load_backbone(self, state: Mapping[str, Tensor], part: str | None = None) -> None:
        """Hand a library's weights to the network; see its own."""
        inner: Any = self.network
        inner.load_backbone(state, part)
