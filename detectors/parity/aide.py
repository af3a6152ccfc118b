"""AIDE against official numbers: the scores of windows, which are taken, the SRM kernels."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor

from data.operation_registry import Image
from detectors.networks.dct_windows import DCTWindows
from detectors.networks.srm_kernels import SRMKernels, thirty_srm_kernels
from detectors.parity.file import Compared, ParityFile, compared_map
from detectors.parity.official_network import pixels_of
from detectors.parity.stated_recipe import NotUnderstood

FILE = "AIDE_patches"
WINDOWS = r"(\d+)x\1 windows, stride (\d+)"
FILTERED = re.compile(r"hpf_out_(?P<image>\w+)_scaled_0_1")
"""Key of the SRM maps of an image's pixels in [0, 1]."""


def compared(file: ParityFile) -> Iterator[Compared]:
    """Every number but the official code's own milliseconds and rounding errors."""
    size_px, stride_px = file.stated_numbers(WINDOWS)
    windows = DCTWindows(size_px, stride_px)
    for name, given in file.content["windows"].items():
        yield from _of_image(windows, name, _image(file, name), given)
    yield Compared("SRM kernels", thirty_srm_kernels().numpy(), file.content["srm30_5x5"])
    for key, given in file.content.items():
        found = FILTERED.fullmatch(key)
        if found is not None:
            maps_BFHW = SRMKernels("summed")(pixels_of(_image(file, found["image"])))
            yield from compared_map(f"{found['image']}: SRM", maps_BFHW, given)


def _of_image(
    windows: DCTWindows, name: str, image_HWC: Image, given: Mapping[str, Any]
) -> Iterator[Compared]:
    image_CHW: Tensor = pixels_of(image_HWC)[0]
    score_N = windows.scores(image_CHW).flatten()
    ordered_N = score_N.sort().values
    lowest, highest, second_lowest, second_highest = windows.places(image_CHW).tolist()
    yield Compared(f"{name}: n_windows", len(score_N), given["n_windows"])
    yield Compared(
        f"{name}: taken",
        [lowest, highest, second_lowest, second_highest],
        given["min1_max1_min2_max2_window_index"],
    )
    first8 = given["grade_first8"]
    yield Compared(f"{name}: scores, first8", score_N[: len(first8)].numpy(), first8)
    yield Compared(f"{name}: two lowest", ordered_N[:2].numpy(), given["grade_two_lowest"])
    yield Compared(f"{name}: two highest", ordered_N[-2:].numpy(), given["grade_two_highest"])


def _image(file: ParityFile, name: str) -> Image:
    if name not in file.images:
        raise NotUnderstood(f"it has numbers of {name}, which its image_recipe does not make")
    return file.images[name]
