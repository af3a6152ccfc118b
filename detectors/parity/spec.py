"""Spec against the numbers of the official steps, in all four modes."""

from __future__ import annotations

from collections.abc import Iterator

from detectors.networks.spec import Spec
from detectors.parity.file import Compared, ParityFile, compared_map
from detectors.parity.official_network import (
    compared_weights,
    official_state,
    pixels_of,
    with_state,
)
from detectors.zoo.spec import SpecOptions, official_weights

FILE = "Spec"
BAND_OF_MODE = {"mode0": "full", "mode1": "low", "mode2": "mid", "mode3": "high"}


def compared(file: ParityFile) -> Iterator[Compared]:
    """Weights, and spectrum, outputs and logit of each image and mode."""
    keys, network = official_weights(SpecOptions()), Spec()
    state, given = official_state(file, network, keys), file.content["weights"]
    with_state(network, keys, state)
    count = sum(value.numel() for value in network.parameters())
    yield Compared("n_params", count, given["n_params"])
    yield Compared("n_trainable", count, given["n_trainable"])
    yield from compared_weights("weights", state, given)
    for image, of_modes in file.content["outputs"].items():
        images_BCHW = pixels_of(file.images[image], "resize_cv2(256,256) | center_crop(224)")
        for mode, given in of_modes.items():
            network.band = BAND_OF_MODE[mode]
            spectrum_CUV = network.spectrum(images_BCHW)[0]
            yield from compared_map(f"{image}: spectrum, {mode}", spectrum_CUV, given["spectrum"])
            fake, real = given["logits2"]
            yield Compared(f"{image}: outputs", network.outputs(images_BCHW)[0], [fake, real])
            yield Compared(f"{image}: logit", network(images_BCHW)[0], fake - real)
