"""What the last linear layer of a network is given: an image's features, for any network.

B images, F features.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

MOST_OUTPUTS = 2
"""Of a layer that makes logits: one, or one per class."""


class NoLastLayer(ValueError):
    """A network that ends with no linear layer."""


class LastFeatures:
    """Reads the features of whatever a network is given while `reading` is open.

    The last layer is the linear one with one or two outputs that is called; of several, as where
    networks vote, all their inputs are joined. Where none has so few outputs, it is the linear
    layer that is called last.
    """

    def __init__(self, network: nn.Module) -> None:
        self._network = network
        self._given: list[tuple[nn.Linear, Tensor]] = []

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Note what linear layers are given."""

        def note(layer: nn.Module, given: Sequence[Tensor]) -> None:
            assert isinstance(layer, nn.Linear)
            self._given.append((layer, given[0].detach()))

        layers = [module for module in self._network.modules() if isinstance(module, nn.Linear)]
        handles = [layer.register_forward_pre_hook(note) for layer in layers]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def taken(self, count: int) -> Tensor:
        """Features of the `count` images that were scored since the last time, (B, F) float32.

        Raises:
            NoLastLayer: no linear layer was called once for all images.
        """
        given, self._given = self._given, []
        # A layer that sees parts of images is none that makes their logits.
        whole = [(layer, x) for layer, x in given if len(x) == count]
        ends = [x for layer, x in whole if layer.out_features <= MOST_OUTPUTS]
        if not whole:
            raise NoLastLayer(
                f"{type(self._network).__name__} ends with no linear layer, so there is nothing "
                "before it to read; take a detector that has one."
            )
        ends = ends or [whole[-1][1]]
        return torch.cat([x.float().flatten(1) for x in ends], dim=1)
