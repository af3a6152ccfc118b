"""The images of a parity file: noise and coloured cells, drawn as its `image_recipe` states."""

from __future__ import annotations

import re
from math import ceil

import numpy as np
from numpy.typing import NDArray

from detectors.parity.stated_recipe import NotUnderstood

RECIPE = re.compile(
    r"rs=np\.random\.RandomState\((?P<seed>\d+)\); "
    r"for \(h,w\) in \[(?P<sizes>\(\d+,\d+\)(?:,\(\d+,\d+\))*)\] \(H x W\): "
    r"for j in 0\.\.(?P<last>\d+): "
    r"if j<(?P<noise>\d+): rs\.randint\(0,256,size=\(h,w,3\),dtype=np\.uint8\) \(noise\) "
    r"else: (?:"
    r"b=(?P<cell>[1-9]\d*) if j==(?P<at>\d+) else (?P<other>[1-9]\d*); "
    r"g=rs\.randint\(0,256,size=\(ceil\(h/b\),ceil\(w/b\),3\),dtype=np\.uint8\), "
    r"repeat each cell b x b, "
    r"|"
    r"g=rs\.randint\(0,256,size=\(ceil\(h/(?P<only>[1-9]\d*)\),ceil\(w/(?P=only)\),3\),"
    r"dtype=np\.uint8\), repeat each cell (?P=only)x(?P=only), "
    r")crop to \(h,w\) \([^()]*\)\. "
    r"One RandomState for all (?P<count>\d+), in that order\. RGB, HWC\."
)
"""The only recipe that is known; its numbers may be others. The last brackets are a remark."""


def recipe_images(recipe: str) -> dict[str, NDArray[np.uint8]]:
    """Every image that a recipe describes: "<height>x<width>_<index>" -> image_HWC, RGB.

    Raises:
        NotUnderstood: a recipe that differs in more than its numbers, or whose number of images
            is not the one it states.
    """
    found = RECIPE.fullmatch(" ".join(recipe.split()))
    if found is None:
        raise NotUnderstood("its image_recipe differs in more than numbers from the known one")
    sizes = [
        (int(height), int(width))
        for height, width in re.findall(r"\((\d+),(\d+)\)", found["sizes"])
    ]
    kinds = int(found["last"]) + 1
    if (count := len(sizes) * kinds) != int(found["count"]):
        raise NotUnderstood(f"its image_recipe makes {count} images and says {found['count']}")
    random = np.random.RandomState(int(found["seed"]))
    images = {}
    for height, width in sizes:
        for index in range(kinds):
            cell = 1 if index < int(found["noise"]) else _cell_px(found, index)
            shape = (ceil(height / cell), ceil(width / cell), 3)
            drawn = random.randint(0, 256, size=shape, dtype=np.uint8)
            image_HWC = drawn.repeat(cell, 0).repeat(cell, 1)[:height, :width]
            images[f"{height}x{width}_{index}"] = np.ascontiguousarray(image_HWC)
    return images


def _cell_px(found: re.Match[str], index: int) -> int:
    if found["only"] is not None:
        return int(found["only"])
    return int(found["cell"] if index == int(found["at"]) else found["other"])
