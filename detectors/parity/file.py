"""A file of numbers that the official code of a detector gave, and one comparison with ours."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from detectors.parity.image_recipe import recipe_images
from detectors.parity.stated_recipe import NotUnderstood
from detectors.parity.weight_recipe import recipe_weights

NEEDED = ("about", "image_recipe", "weight_recipe")


@dataclass(frozen=True)
class ParityFile:
    """One JSON file: what was computed with which images and weights, and what came out.

    Args:
        name: the file's stem, such as "NPR".
        content: the JSON as it stands.
        folder: where it lies, for files beside it that it names.
    """

    name: str
    content: Mapping[str, Any]
    folder: Path = Path()

    @classmethod
    def read(cls, path: Path) -> ParityFile:
        """Read a file.

        Raises:
            NotUnderstood: not JSON, or without the recipes that such a file states.
            OSError: it cannot be read.
        """
        try:
            content = json.loads(path.read_text())
        except ValueError as error:
            raise NotUnderstood(f"it is not JSON: {error}") from None
        missing = [key for key in NEEDED if not isinstance(content, dict) or key not in content]
        if missing:
            raise NotUnderstood(f"it states no {' and no '.join(missing)}")
        return cls(path.stem, content, path.parent)

    @cached_property
    def images(self) -> dict[str, NDArray[np.uint8]]:
        """The images of the file's recipe: "224x224_0" -> image_HWC, RGB.

        Raises:
            NotUnderstood: its recipe is not the known one.
        """
        return recipe_images(self.content["image_recipe"])

    def official_weights(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """A state dict under the official keys, filled by the file's recipe.

        Args:
            state: official key -> tensor as built; gives shapes, and the values of what the file
                keeps (`kept`) and of integers.

        Raises:
            NotUnderstood: its recipe is not the known one.
        """
        return recipe_weights(self.content["weight_recipe"], state, self.content.get("kept") or ())

    def stated_numbers(self, pattern: str) -> tuple[int, ...]:
        r"""Whole numbers that `about` states in words, such as r"torch\.manual_seed\((\d+)\)".

        Args:
            pattern: regular expression whose groups are the numbers.

        Raises:
            NotUnderstood: `about` does not state them.
        """
        found = re.search(pattern, self.content["about"])
        if found is None:
            raise NotUnderstood(f"its `about` states nothing like {pattern}")
        return tuple(int(number) for number in found.groups())


@dataclass(frozen=True)
class Compared:
    """Numbers of ours beside those of the official code.

    Args:
        what: names the number, such as "224x224_0: logit"; what differs in the image's name alone
            is of one kind.
        ours: a number or an array.
        given: the official one, of the same shape.
        scale: what a deviation is at least divided by, where the numbers themselves may be near
            zero: for the mean of a map its standard deviation.
    """

    what: str
    ours: ArrayLike
    given: ArrayLike
    scale: float = 0.0


def compared_map(
    what: str, ours: Tensor | NDArray[Any], given: Mapping[str, Any]
) -> Iterator[Compared]:
    """A whole map held against its summary: `shape`, `mean`, `std` and `first8` where given.

    Args:
        what: names the map, as in `Compared`.
        ours: the map, any shape.
        given: the file's summary of the official one.
    """
    map_ = np.asarray(ours.detach().cpu() if isinstance(ours, Tensor) else ours, dtype=np.float64)
    scale = float(given.get("std", 0.0))
    if "shape" in given:
        yield Compared(f"{what}, shape", map_.shape, given["shape"])
    if "mean" in given:
        yield Compared(f"{what}, mean", map_.mean(), given["mean"], scale)
    if "std" in given:
        yield Compared(f"{what}, std", map_.std(), given["std"])
    if "first8" in given:
        yield Compared(f"{what}, first8", map_.reshape(-1)[:8], given["first8"], scale)
