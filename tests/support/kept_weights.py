"""Weights in a folder of a test's own, as `crossgen weights import` would have left them."""

from pathlib import Path

from detectors import weights
from detectors.contract import build
from detectors.weights_folder.entries import TrainedOn, WeightsEntry, write_weights

TINY_RESNET = {"backbone": "resnet50", "size": "tiny"}
"""Options of npr whose network takes a library's ResNet, and trains in seconds."""


def keep(
    folder: Path, name: str, state, *, detector=None, options=None, **trained_on
) -> WeightsEntry:
    """Put a state dict into a weights folder; of a backbone where no detector is given."""
    content = weights.pack(state)
    entry = WeightsEntry(
        name=name,
        sha256=weights.sha256(content),
        bytes=len(content),
        source="made by a test",
        detector=detector,
        options=options or {},
        trained_on=TrainedOn(**trained_on),
        added="2026-01-31",
    )
    write_weights(folder, entry, content)
    return entry


def library_state(seed: int = 5):
    """The weights of npr's tiny ResNet under a library's keys, with its classifier."""
    network = build("npr", TINY_RESNET, seed=seed)
    trunk = network.trunk.state_dict()
    return {**trunk, "fc.weight": trunk["conv1.weight"].new_zeros(10, 3)}
