"""An experiment for detectors that are named without one: each at its defaults, on noise."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import yaml
from PIL import Image

from launch.named_detector import known_detector

SIDE_PX = 320
"""Larger than what any detector crops or resizes to by default."""
IMAGES = {"train": 12, "val": 4}
"""Of each class; batches repeat them."""


def write_noise_experiment(folder: Path, words: Sequence[str]) -> Path:
    """Write noise images and an experiment that trains each detector on them; return its path.

    Args:
        folder: an empty one.
        words: names of detectors, or paths of files with one.

    Raises:
        Refused: a word names no detector.
    """
    rng = np.random.default_rng(0)
    for split, count in IMAGES.items():
        for name in ("nature", "ai"):
            place = folder / "images" / "noise" / split / name
            place.mkdir(parents=True)
            for number in range(count):
                pixels_HWC = rng.integers(0, 256, (SIDE_PX, SIDE_PX, 3), dtype=np.uint8)
                Image.fromarray(pixels_HWC).save(place / f"{number:03d}.png")
    names = list(dict.fromkeys(known_detector(word) for word in words))
    experiment = {
        "schema": 1,
        "name": "profile",
        "data": {"noise": {"root": str(folder / "images")}},
        "test": {"sets": ["noise"]},
        "arms": [{"name": name, "detector": name, "train": {"each": "noise"}} for name in names],
    }
    plugins = [str(Path(word).resolve()) for word in words if word.endswith(".py")]
    if plugins:
        experiment["plugins"] = plugins
    file = folder / "profile.yaml"
    file.write_text(yaml.safe_dump(experiment, sort_keys=False), encoding="utf-8")
    return file
