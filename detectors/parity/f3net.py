"""F3-Net against the numbers of yyk-wew/F3Net.

One of them the official code itself leaves open: in a flat window the cosine coefficients are what
the rounding of a matrix product leaves, the logarithm makes that as large as anything else, and
each kind of processor rounds otherwise. How far the logit of an image depends on it is computed, by
rounding in two ways, and the logit is compared to that and no closer.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional

from detectors.networks.f3net.cosine_transform import cosine_matrix
from detectors.networks.f3net.f3net_network import Branches, F3Net
from detectors.networks.f3net.local_statistics import (
    BRIGHTNESS,
    FLOOR,
    GREY,
    PADDING_PX,
    STRIDE_PX,
    WINDOW_PX,
    LocalStatistics,
    window_side,
)
from detectors.networks.xception import Xception
from detectors.parity.checking import LARGEST_ALLOWED
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
        logit = network(images_BCSS)[0]
        left_open = abs(float(logit) - _logit_by_library(network, scaled_BCSS))
        scale = left_open / LARGEST_ALLOWED
        yield Compared(f"{image}: logit", logit, given["logit"], scale)


def statistics_by_library(statistics: LocalStatistics, images_BCSS: Tensor) -> Tensor:
    """The local statistics by the library's matrix products, window by window, band by band."""
    red, green, blue = images_BCSS.unbind(1)
    grey = ((GREY[0] * red + GREY[1] * green + GREY[2] * blue) + 1)[:, None] * BRIGHTNESS
    windows = functional.unfold(grey, WINDOW_PX, stride=STRIDE_PX, padding=PADDING_PX)
    matrix = cosine_matrix(WINDOW_PX).to(grey.device)
    windows = matrix @ windows.mT.reshape(len(grey), -1, WINDOW_PX, WINDOW_PX) @ matrix.mT
    sums = [
        (torch.log10(windows.abs() + FLOOR) * one / count).sum(dim=(2, 3))
        for one, count in zip(statistics.filters(), statistics.counts, strict=True)
    ]
    side = window_side(images_BCSS.shape[2])
    return torch.stack(sums, dim=1).reshape(len(grey), -1, side, side)


def _logit_by_library(network: F3Net, scaled_BCSS: Tensor) -> float:
    statistics_BCLL = statistics_by_library(network.lfs_statistics, scaled_BCSS)
    parts = (
        network.fad_xception(network.fad_bands(scaled_BCSS)),
        network.lfs_xception(statistics_BCLL),
    )
    return float(network.classifier(torch.cat(parts, dim=1)))


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
