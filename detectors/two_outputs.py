"""Official checkpoints with two outputs, read into a network of one logit.

Softmax over two outputs is the sigmoid of their difference, so one row of weights says all:
z_fake - z_real. A key map like those of `detectors.key_maps`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from detectors.key_maps import PrefixMap


@dataclass(frozen=True)
class TwoOutputsMap:
    """A prefix map, and the two rows of the last layer as one.

    Args:
        names: of all keys.
        classifier: beginning of our last layer's keys; a tensor there that has not two rows is
            left as it is, for strict loading to refuse.
        fake: the official output that means fake.
        unused_endings: of official keys that hold nothing that was learned.
    """

    names: PrefixMap
    classifier: str = "classifier."
    fake: Literal[0, 1] = 1
    unused_endings: tuple[str, ...] = ()

    def from_official(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Our keys of official ones; the last layer is the difference of its two rows."""
        learned = {k: v for k, v in state.items() if not k.endswith(self.unused_endings or "\0")}
        ours = self.names.from_official(learned)
        for key, value in ours.items():
            if key.startswith(self.classifier) and value.shape[:1] == (2,):
                ours[key] = (value[self.fake] - value[1 - self.fake]).unsqueeze(0)
        return ours

    def to_official(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Official keys of ours: half of the logit for fake, the other half against real."""
        halved = dict(state)
        for key, value in state.items():
            if key.startswith(self.classifier):
                rows = [-value / 2, value / 2]
                halved[key] = torch.cat(rows if self.fake == 1 else rows[::-1])
        return self.names.to_official(halved)
