"""Toy images under names of one's own: a folder that stands in for any collection.

    <root>/images.csv                  path, label, generator, split, class
    <root>/<generator's number>/{train,test}/0000.png ...
    <root>/photographs/{train,test}/0000.png ...

Written under another name and renamed when it is whole, marker included. What is written depends on
the arguments alone.
"""

from __future__ import annotations

import csv
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import PIL.Image

from data.simulated import SIMULATED_MARKER, marker_text
from data.toy.images import toy_images

LIST_NAME = "images.csv"
COLUMNS = ("path", "label", "generator", "split", "class")
REAL, FAKE = 0, 1

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class ToyCollection:
    """What a folder holds.

    Attributes:
        generators: names, each with the toy generator that makes its fakes; none: photographs
            alone, without a list.
        classes: given to the images of each split and label in turn; empty: no image states one.
        train: images for training, real or fake, of each generator.
        test: the same for testing.
        seed: of the scenes.
    """

    generators: Mapping[str, str]
    classes: Sequence[str]
    train: int
    test: int
    seed: int


def write_toy_collection(root: Path, what: ToyCollection) -> None:
    """Write a collection, or do nothing where the folder is there: it is whole by then.

    Raises:
        OSError: the images cannot be written.
    """
    if root.exists():
        return
    root.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".unfinished-{root.name}-", dir=root.parent))
    try:
        rows = list(_written(unfinished, what))
        if what.generators:
            with (unfinished / LIST_NAME).open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows([COLUMNS, *rows])
        made_by = {"made_by": "crossgen smoke variant", "generators": dict(what.generators)}
        (unfinished / SIMULATED_MARKER).write_text(marker_text(made_by), encoding="utf-8")
        try:
            unfinished.rename(root)
        except OSError:
            if not root.is_dir():  # else another process was as fast, with equal content
                raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _written(root: Path, what: ToyCollection) -> Iterator[tuple[str, int, str, str, str]]:
    """Write the images and yield their rows."""
    number = what.train + what.test
    photographs = "photographs/" if what.generators else ""
    toys = what.generators or {"": "dm_pixel"}
    for index, (name, toy) in enumerate(toys.items()):
        made = toy_images(toy, number, what.seed + index)
        if index == 0:
            yield from _one_label(root, what, photographs, made.reals_BHWC, "", REAL)
        if name:
            yield from _one_label(root, what, f"{index}/", made.fakes_BHWC, name, FAKE)


def _one_label(
    root: Path,
    what: ToyCollection,
    folder: str,
    images_BHWC: npt.NDArray[np.uint8],
    generator: str,
    label: int,
) -> Iterator[tuple[str, int, str, str, str]]:
    for split, images in (
        ("train", images_BHWC[: what.train]),
        ("test", images_BHWC[what.train :]),
    ):
        (root / folder / split).mkdir(parents=True)
        for index, pixels_HWC in enumerate(images):
            path = f"{folder}{split}/{index:04}.png"
            PIL.Image.fromarray(pixels_HWC).save(root / path, compress_level=0)
            class_name = what.classes[index % len(what.classes)] if what.classes else ""
            yield path, label, generator, split, class_name
