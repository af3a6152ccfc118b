"""GramNet against the numbers of its official network and of AIGCDetectBenchmark's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch

from detectors.networks.gramnet import GramNet, gram_matrix
from detectors.parity.file import Compared, ParityFile
from detectors.parity.official_network import (
    compared_weights,
    official_state,
    pixels_of,
    with_state,
)
from detectors.zoo.gramnet import GramNetOptions, official_weights

FILE = "GramNet"


def compared(file: ParityFile) -> Iterator[Compared]:
    """Weights, both variants' outputs, and the Gram matrix of a small example."""
    keys = official_weights(GramNetOptions())
    networks: list[GramNet] = []
    for network, name in (
        (GramNet(), "official"),
        (GramNet(official=False), "aigcdetectbenchmark"),
    ):
        state, given = official_state(file, network, keys), file.content[f"weights_{name}"]
        networks.append(with_state(network, keys, state))
        count = sum(value.numel() for value in network.parameters())
        yield Compared(f"{name}: n_params", count, given["n_params"])
        yield Compared(f"{name}: n_trainable", count, given["n_trainable"])
        yield from compared_weights(name, state, given)
    example_BCHW = torch.arange(120.0).reshape(2, 3, 4, 5) / 10
    yield Compared("Gram matrix", gram_matrix(example_BCHW), file.content["gram_example"]["output"])
    for image, given in file.content["outputs"].items():
        yield from _of_image(networks, file, image, given)


def _of_image(
    networks: Sequence[GramNet], file: ParityFile, image: str, given: Mapping[str, Any]
) -> Iterator[Compared]:
    official, benchmark = networks
    images_BCHW = pixels_of(file.images[image])
    outputs = official.outputs(images_BCHW)[0]
    fake, real = given["official_bgr_0_255_logits_before_logsoftmax"]
    yield Compared(f"{image}: outputs", outputs, [fake, real])
    yield Compared(
        f"{image}: log-probabilities",
        torch.log_softmax(outputs, dim=0),
        given["official_bgr_0_255_log_probs"],
    )
    yield Compared(f"{image}: logit", official(images_BCHW)[0], fake - real)
    yield Compared(
        f"{image}: logit, benchmark",
        benchmark(images_BCHW)[0],
        given["aigcdetectbenchmark_rgb_imagenet_norm_logit"],
    )
