"""F3-Net against the numbers of yyk-wew/F3Net."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from detectors.networks.f3net.f3net_network import Branches, F3Net
from detectors.networks.xception import Xception
from detectors.parity.file import Compared, ParityFile, compared_map
from detectors.parity.official_network import (
    compared_weights,
    official_state,
    pixels_of,
    with_state,
)
from detectors.zoo.f3net import F3NetOptions, official_weights

FILE = "F3Net"
BRANCHES_OF_MODE: dict[str, Branches] = {"FAD": "fad", "LFS": "lfs", "Both": "both"}


def compared(file: ParityFile) -> Iterator[Compared]:
    """Weights, masks, and of each image both branches' inputs, the features and the logit."""
    network, keys = F3Net(), official_weights(F3NetOptions())
    unused = _unused_classifiers("both", network.classifier.out_features)
    state = official_state(file, network, keys, unused)
    with_state(network, keys, state)
    yield from compared_weights("weights", state, file.content["weights"])
    yield from _counts(file)
    for name, given in file.content["filter_bases"].items():
        part, index = name.split("_")
        head = network.fad_bands if part == "fad" else network.lfs_statistics
        mask = head.filters.masks[int(index)]
        yield Compared(f"{name}, ones", mask.sum(), given["ones"])
        yield Compared(f"{name}, size", mask.shape, given["size"])
        if "ft_num" in given:
            yield Compared(
                f"{name}, ft_num", network.lfs_statistics.counts[int(index)], given["ft_num"]
            )
    for image, given in file.content["outputs"].items():
        images_BCSS = pixels_of(file.images[image], 'resize(299,299, filter="bicubic")')
        scaled_BCSS = images_BCSS * 2 - 1
        yield from compared_map(f"{image}: fad", network.fad_bands(scaled_BCSS), given["fad"])
        yield from compared_map(f"{image}: lfs", network.lfs_statistics(scaled_BCSS), given["lfs"])
        yield from compared_map(f"{image}: feat", network.features(images_BCSS), given["feat"])
        yield Compared(f"{image}: logit", network(images_BCSS)[0], given["logit"])


def _counts(file: ParityFile) -> Iterator[Compared]:
    """Parameters as the official code counts them: unused classifiers, matrices and masks too."""
    given = file.content["param_counts"]
    for mode, branches in BRANCHES_OF_MODE.items():
        network, keys = F3Net(branches), official_weights(F3NetOptions(branches=branches))
        unused = sum(value.numel() for value in _unused_classifiers(branches, 1).values())
        trainable = sum(value.numel() for value in network.parameters()) + unused
        constants = sum(value.numel() for value in keys.constants.values())
        yield Compared(f"{mode}: trainable", trainable, given[mode]["trainable"])
        yield Compared(f"{mode}: params_all", trainable + constants, given[mode]["params_all"])
    plain = sum(value.numel() for value in Xception().parameters())
    # One Xception with its own unused classifier, and the one that is used.
    plain += 2 * sum(value.numel() for value in _unused_classifiers("fad", 1).values())
    yield Compared("Original: params_all", plain, given["Original"]["params_all"])


def _unused_classifiers(branches: Branches, outputs: int) -> dict[str, Tensor]:
    """Each official Xception's own last layer, which nothing is computed with."""
    names = [name for name in ("FAD", "LFS") if branches in ("both", name.lower())]
    shapes = {"weight": (outputs, Xception().num_features), "bias": (outputs,)}
    return {
        f"{name}_xcep.fc.{key}": torch.zeros(shape)
        for name in names
        for key, shape in shapes.items()
    }
