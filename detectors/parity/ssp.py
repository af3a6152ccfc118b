"""SSP held against its official code: patches, their complexities, filter responses, logits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from data.operation_registry import Image
from data.operations import parse
from data.patches.choice import PatchChoice, choose_patch
from data.patches.complexity import Corners
from data.randomness import stream
from detectors.contract import build
from detectors.networks.srm import SRM_LIMIT
from detectors.networks.ssp import SSP
from detectors.parity.file import Compared, ParityFile, compared_map
from detectors.parity.stated_recipe import NotUnderstood
from detectors.weights import load_strictly
from detectors.zoo.ssp import SSPOptions, official_weights

FILE = "SSP"
OPTIONS = SSPOptions()
SMALL = re.compile(r"image (?P<name>\S+) rows 0\.\.(?P<row>\d+), cols 0\.\.(?P<column>\d+)")


def compared(file: ParityFile) -> Iterator[Compared]:
    """Every number of the file that says something of SSP."""
    (seed,) = file.stated_numbers(r"torch\.manual_seed\((\d+)\)")
    network = build("ssp", OPTIONS, seed=0).eval()
    keys = official_weights(OPTIONS)
    state = file.official_weights(keys.to_official(network.state_dict()))
    load_strictly(network, keys.from_official(state))
    assert isinstance(network, SSP)
    yield from _of_weights(network, state, file.content)
    for name, given in file.content["images"].items():
        if name not in file.images:
            raise NotUnderstood(f"it has numbers of {name}, which its image_recipe does not make")
        yield from _of_image(network, name, file.images[name], given, seed)
    if "small_image_rule" in file.content:
        yield from _of_small_image(file, seed)


def torchvision_corners(height: int, width: int, size_px: int, of: int, seed: int) -> Corners:
    """The corners that torchvision's `RandomCrop` draws after `torch.manual_seed(seed)`."""
    generator = torch.Generator().manual_seed(seed)
    corners = []
    for _ in range(of):
        if (height, width) == (size_px, size_px):
            corners.append((0, 0))  # nothing is drawn
            continue
        rooms = height - size_px + 1, width - size_px + 1
        drawn = [int(torch.randint(0, room, (1,), generator=generator)) for room in rooms]
        corners.append((drawn[0], drawn[1]))
    return np.array(corners, np.int64)


def _of_weights(
    network: SSP, state: Mapping[str, Tensor], content: Mapping[str, Any]
) -> Iterator[Compared]:
    parameters = list(network.parameters())
    trainable = sum(each.numel() for each in parameters if each.requires_grad)
    floats = [
        each.double().abs().sum().item() for each in state.values() if each.is_floating_point()
    ]
    ours = {
        "n_tensors": len(state),
        "n_params": sum(each.numel() for each in parameters),
        "n_trainable": trainable,
        "sum_abs": sum(floats),
    }
    for name, number in content.get("weights", {}).items():
        if name in ours:
            yield Compared(f"weights, {name}", ours[name], number)
    kernel = state["srm.kernel"]
    yield Compared(
        "SRM kernels",
        kernel[:, 0].numpy(),
        content["srm_kernel_shape_3x3x5x5_each_output_repeated_over_3_inputs"],
    )
    is_repeated = bool((kernel == kernel[:, :1]).all())
    yield Compared("SRM kernels repeated", is_repeated, content["srm_channels_identical"])


def _of_image(
    network: SSP, name: str, image_HWC: Image, given: Mapping[str, Any], seed: int
) -> Iterator[Compared]:
    size_px = OPTIONS.patch_size
    choice = _choice(image_HWC, seed)
    yield Compared(f"{name}: number of crops", len(choice.corners_N2), given["n_crops"])
    yield Compared(f"{name}: corners", choice.corners_N2, given["crops_top_left_ij"])
    assert choice.complexity_N is not None
    yield Compared(f"{name}: complexities", choice.complexity_N, given["complexity"])
    yield Compared(f"{name}: chosen", choice.chosen, given["argmin"])
    yield Compared(f"{name}: corner", choice.corner, given["chosen_ij"])
    patch_HWC = choice.cut(image_HWC)
    yield _digest(f"{name}: patch", patch_HWC, given["patch_sha256"])
    corner_HWC = image_HWC[:size_px, :size_px]
    first = choose_patch(image_HWC, np.zeros((1, 2), np.int64), size_px)
    assert first.complexity_N is not None
    yield Compared(
        f"{name}: complexity, upper left", first.complexity_N[0], given["complexity_topleft32"]
    )
    with torch.inference_mode():
        for key, pixels_HWC in (("logit", patch_HWC), ("logit_topleft32", corner_HWC)):
            # The official logit means real.
            yield Compared(f"{name}: {key}", -float(network(_batch(pixels_HWC))), given[key])
        upscaled_BCHW = network.upscaled(network.normalise(_batch(patch_HWC)))
        response_BCHW = network.filtered(_batch(patch_HWC))
    yield from compared_map(f"{name}: upscaled", upscaled_BCHW, given["upscaled"])
    response = dict(given["srm_out"])
    cut_off = response.pop("clipped_fraction")
    yield from compared_map(f"{name}: SRM", response_BCHW, response)
    # As counts, so that one pixel more or less is a deviation.
    is_cut_off = response_BCHW.abs() >= SRM_LIMIT
    stated = round(cut_off * is_cut_off.numel())
    yield Compared(f"{name}: SRM, cut off", int(is_cut_off.sum()), stated, 1.0)


def _of_small_image(file: ParityFile, seed: int) -> Iterator[Compared]:
    rule = file.content["small_image_rule"]
    found = SMALL.fullmatch(rule["input"])
    if found is None or found["name"] not in file.images:
        raise NotUnderstood(f"its small_image_rule takes {rule['input']!r}")
    rows, columns = int(found["row"]) + 1, int(found["column"]) + 1
    small_HWC = file.images[found["name"]][:rows, :columns]
    squash = parse(OPTIONS.last_geometry(), "geometry").operations[0]
    squashed_HWC = squash.applied(small_HWC, stream("nothing is drawn"))
    patch_HWC = _choice(squashed_HWC, seed).cut(squashed_HWC)
    yield _digest("small image: patch", patch_HWC, rule["result_patch_sha256"])


def _choice(image_HWC: Image, seed: int) -> PatchChoice:
    (height, width), size_px = image_HWC.shape[:2], OPTIONS.patch_size
    corners_N2 = torchvision_corners(height, width, size_px, OPTIONS.drawn_patches, seed)
    return choose_patch(image_HWC, corners_N2, size_px)


def _digest(what: str, pixels_HWC: Image, given: str) -> Compared:
    """A digest as its bytes: other pixels deviate by much."""
    import hashlib

    ours = hashlib.sha256(np.ascontiguousarray(pixels_HWC).tobytes()).digest()
    return Compared(what, list(ours), list(bytes.fromhex(given)))


def _batch(pixels_HWC: Image) -> Tensor:
    copy_HWC = torch.from_numpy(np.ascontiguousarray(pixels_HWC))
    return copy_HWC.permute(2, 0, 1)[None].float() / 255
