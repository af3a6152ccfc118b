"""What a finished training must be asked before its scores are believed: did it learn anything?

The answers are sentences in the fit's commit, since a store outlives its logs. They change nothing:
a fit that learned nothing is a result, but nobody should find that out from a matrix of .5.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from grid.records.training_warnings import CONSTANT, UNCHANGED, warning

if TYPE_CHECKING:
    from torch import nn

    from data.images import ImageRows
    from data.view import View

IMAGES_PROBED = 64
# Far below what one optimiser step does to a logit, at the edge of what float32 can tell at 1.
SAME_LOGIT = 1e-6

Logits = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Untrained:
    """Logits of some validation images before the training, and the weights behind them."""

    indices: npt.NDArray[np.int64]
    """Rows of the validation images."""
    logits: Logits
    parameters: str
    """Digest of the parameters: running statistics move by looking alone."""


def untrained_logits(
    network: nn.Module, validation: ImageRows, view: View, device: str
) -> Untrained:
    """Score at most IMAGES_PROBED validation images, evenly spread, as the training will.

    The network keeps its weights, its mode and its statistics.
    """
    from detectors.prediction import predict

    count = min(IMAGES_PROBED, len(validation))
    indices = np.linspace(0, len(validation), count, endpoint=False).astype(np.int64)
    some = validation.taken(indices)
    # An unreadable image is the training's to refuse: here it is a nan, which is left out.
    predicted = predict(network, some, view, device, unreadable="null")
    return Untrained(indices, predicted.logits, parameters_digest(network))


def parameters_digest(network: nn.Module) -> str:
    """Return the SHA-256 of all parameters, bit by bit; what is frozen by a recipe stays equal."""
    digest = hashlib.sha256()
    for parameter in network.parameters():
        digest.update(parameter.detach().cpu().contiguous().numpy().data)
    return digest.hexdigest()


def fit_warnings(
    untrained: Untrained, validation_logits: Sequence[float] | Logits, parameters: str
) -> list[str]:
    """Return a sentence for each sign that a training taught nothing; none where it did.

    Args:
        untrained: of the network that the training began with.
        validation_logits: of the selected epoch, in the order of the validation images.
        parameters: their digest after the training.
    """
    logits = np.asarray(validation_logits, dtype=np.float64)
    found = [_constant(logits), _unchanged(untrained, logits, parameters)]
    return [sentence for sentence in found if sentence]


def _constant(logits: npt.NDArray[np.float64]) -> str:
    if len(logits) < 2 or (logits != logits[0]).any():
        return ""
    return warning(
        CONSTANT,
        f"all {len(logits)} validation images got {logits[0]:.6g}. The network answers without "
        "looking at the image, and so will its scores; lower the recipe's lr or look at its input.",
    )


def _unchanged(untrained: Untrained, logits: npt.NDArray[np.float64], parameters: str) -> str:
    if parameters == untrained.parameters:
        return warning(
            UNCHANGED,
            "every trainable parameter is what it was before it. These are the scores of the "
            "weights that it began with; raise the recipe's lr or its epochs.",
        )
    difference = np.abs(logits[untrained.indices] - untrained.logits)
    difference = difference[~np.isnan(difference)]
    if not len(difference) or difference.max() > SAME_LOGIT:
        return ""
    return warning(
        UNCHANGED,
        f"the logits of {len(difference)} validation images differ by at most "
        f"{difference.max():.1g} from those before it (limit {SAME_LOGIT:g}). These are the "
        "scores of the weights that it began with; raise the recipe's lr or its epochs.",
    )
