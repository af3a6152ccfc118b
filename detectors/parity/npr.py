"""NPR against the numbers of its official network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from data.operations import parse
from detectors.contract import build
from detectors.networks.npr import NPR, RESIDUAL_SCALE, NPRTrunk
from detectors.networks.npr_residual import npr_residual
from detectors.parity.file import Compared, ParityFile, compared_map
from detectors.weights import load_strictly
from detectors.zoo.npr import NPROptions, official_weights

FILE = "NPR"

GEOMETRY_OF = {
    "native_official_forward": "none",
    "native_trimmed_odd": "trim(2)",
    "resize256_nocrop": "resize(256,256)",
    "resize256_center224": "resize(256,256) | center_crop(224)",
}


def compared(file: ParityFile) -> Iterator[Compared]:
    """Logits in each geometry, maps, activations, and logits and maps at other factors."""
    state = _official_state(file)
    network = _network(state)
    if "weights" in file.content:
        total = sum(float(value.double().abs().sum()) for value in state.values())
        yield Compared("weights, sum of magnitudes", total, file.content["weights"]["sum_abs"])
    for image, given in file.content.get("logits", {}).items():
        yield from _of_image(network, image, file.images[image], given)
    for key, given in file.content.items():
        if key.startswith("activations_for_"):
            image = key.removeprefix("activations_for_").removesuffix("_native")
            yield from _activations(network, file.images[image], given)
    for factor, several in file.content.get("factor_logits_first8_images", {}).items():
        other = _network(state, float(factor))
        for given in several:
            yield from _at_factor(other, factor, file, given)
    for factor, source in file.content.get("nearest_index_map_len24", {}).items():
        line = torch.arange(len(source), dtype=torch.float32).expand(1, 1, len(source), -1)
        ours = (line - npr_residual(line, float(factor)))[0, 0, 0]
        yield Compared(f"source of each position at factor {factor}", ours, source)


def _of_image(
    network: NPR, image: str, image_HWC: NDArray[np.uint8], given: dict[str, Any]
) -> Iterator[Compared]:
    for view, geometry in GEOMETRY_OF.items():
        if isinstance(given.get(view), float):  # the official code crashes at some sizes
            logit = network(_batch(image_HWC, geometry))
            yield Compared(f"{image}: logit, {view}", float(logit), given[view])
    if "npr_map_trimmed" in given:
        map_BCHW = _official_map(network, _batch(image_HWC, "trim(2)"))
        yield from compared_map(f"{image}: map", map_BCHW, given["npr_map_trimmed"])
        share = given["npr_map_trimmed"].get("nonzero_fraction")
        if share is not None:
            ours = float((map_BCHW != 0).double().mean())
            yield Compared(f"{image}: share of the map that is not zero", ours, share)


def _activations(
    network: NPR, image_HWC: NDArray[np.uint8], given: dict[str, Any]
) -> Iterator[Compared]:
    trunk = cast(NPRTrunk, network.trunk)
    step: dict[str, Tensor] = {"conv1": trunk.conv1(network.residual(_batch(image_HWC, "none")))}
    stem = functional.relu(trunk.bn1(step["conv1"]))
    step["maxpool"] = functional.max_pool2d(stem, 3, stride=2, padding=1)
    step["layer1"] = trunk.get_submodule("layer1")(step["maxpool"])
    step["layer2"] = trunk.get_submodule("layer2")(step["layer1"])
    step["avgpool"] = step["layer2"].mean(dim=(2, 3), keepdim=True)
    step["fc1"] = network.classifier(step["avgpool"].flatten(1))
    for name, summary in given.items():
        yield from compared_map(f"activation {name}", step[name], summary)


def _at_factor(
    network: NPR, factor: str, file: ParityFile, given: dict[str, float]
) -> Iterator[Compared]:
    image = next(key for key in given if key in file.images)
    images_BCHW = _batch(file.images[image], "none")
    map_BCHW = _official_map(network, images_BCHW).double()
    what = f"{image}: factor {factor}"
    yield Compared(f"{what}, logit", float(network(images_BCHW)), given[image])
    if "npr_mean_abs" in given:
        yield Compared(f"{what}, mean |map|", float(map_BCHW.abs().mean()), given["npr_mean_abs"])
    if "zero_fraction" in given:
        ours = float((map_BCHW == 0).double().mean())
        yield Compared(f"{what}, share of zeros", ours, given["zero_fraction"])


def _official_map(network: NPR, images_BCHW: Tensor) -> Tensor:
    """The map before the official forward pass multiplies it: that is what the file has."""
    map_BCHW: Tensor = network.residual(images_BCHW) / RESIDUAL_SCALE
    return map_BCHW


def _official_state(file: ParityFile) -> dict[str, Tensor]:
    keys = official_weights(NPROptions())
    return file.official_weights(keys.to_official(build("npr").state_dict()))


def _network(state: dict[str, Tensor], factor: float = 0.5) -> NPR:
    options = NPROptions(factor=factor)
    network = cast(NPR, build("npr", options))
    load_strictly(network, official_weights(options).from_official(state))
    return network.eval()


def _batch(image_HWC: NDArray[np.uint8], geometry: str) -> Tensor:
    pixels_HWC = parse(geometry, "geometry")(image_HWC)
    return torch.from_numpy(pixels_HWC.copy()).permute(2, 0, 1)[None].float() / 255
