"""A library's pretrained weights in a trunk of ours: by the library's keys, strictly.

torchvision's and timm's files hold a classifier of a thousand classes, which is left out, and a
first convolution for three channels, which is adapted where a trunk has more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from detectors.weights import load_strictly

BATCH_COUNT = "num_batches_tracked"


def load_library_weights(
    trunk: nn.Module,
    state: Mapping[str, Tensor],
    *,
    classifiers: Sequence[str],
    first_convolutions: Sequence[str],
) -> None:
    """Put a library's weights into a trunk whose keys are the library's.

    Args:
        trunk: takes them; unchanged where they do not fit.
        state: the library's own keys.
        classifiers: modules of the library's network that the trunk does without.
        first_convolutions: those that see the image; where the trunk has more channels than the
            weights, see `widened`.

    Raises:
        WeightsMismatch: keys are missing, unknown or of another shape; the message names them.
    """
    own = trunk.state_dict()
    dropped = tuple(f"{name}." for name in classifiers)
    kept = {key: value for key, value in state.items() if not key.startswith(dropped)}
    for name in first_convolutions:
        key = f"{name}.weight"
        if key in kept and key in own:
            kept[key] = widened(kept[key], own[key].shape[1])
    if not any(key.endswith(BATCH_COUNT) for key in kept):
        # torchvision's oldest files have none of these counts, and nothing is computed with them.
        counts = (key for key in own if key.endswith(BATCH_COUNT))
        kept.update({key: torch.zeros_like(own[key]) for key in counts})
    load_strictly(trunk, kept)


def widened(weight_OIHW: Tensor, channels: int) -> Tensor:
    """Weights of a first convolution for more channels: repeated, and scaled to keep the sum.

    The rule of timm (`in_chans`), and of F3Net's code for its twelve channels: where all groups of
    three channels hold one image, the answer is that of the three-channel convolution. Other
    shapes are given back as they are, for strict loading to refuse.
    """
    given = weight_OIHW.shape[1]
    if weight_OIHW.ndim != 4 or given >= channels or channels % given:
        return weight_OIHW
    return weight_OIHW.repeat(1, channels // given, 1, 1) * (given / channels)
