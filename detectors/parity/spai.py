"""SPAI beside the official code: its frequencies, tokens, vectors and logits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from detectors.contract import build
from detectors.networks.spai.context_attention import ContextAttention
from detectors.networks.spai.frequency_split import official_mask
from detectors.networks.spai.network import SPAI
from detectors.networks.spai.patches import cut_into_patches
from detectors.parity.file import Compared, ParityFile, compared_map
from detectors.parity.stated_recipe import NotUnderstood
from detectors.weights import load_strictly
from detectors.zoo.spai import SPAIOptions, official_weights

FILE = "SPAI"
VIEWS = r"two_views_(\d+)x(\d+)"


def compared(file: ParityFile) -> Iterator[Compared]:
    """Every number of the file but its seconds."""
    network = official_network(file)
    yield from _counts(file, network)
    yield from _mask(file)
    with torch.inference_mode():
        for name, given in file.content["outputs"].items():
            views = re.fullmatch(VIEWS, name)
            if views is not None:
                yield _logit_of_views(file, network, name, int(views[1]), int(views[2]), given)
                continue
            image_BCHW = pixels(file, name)
            if "vit_tokens" in given:
                yield from _of_one_square(network, name, image_BCHW, given)
            for key, logit in given.items():
                if key.startswith("logit_list_path"):
                    vector_BF = network.image_vectors(image_BCHW)
                    yield _logit(f"{name}: logit", network, vector_BF, logit)


def official_network(file: ParityFile) -> SPAI:
    """The full network with the file's weights, in eval mode."""
    keys = official_weights(SPAIOptions())
    network = build("spai", seed=0)
    assert isinstance(network, SPAI)
    state = file.official_weights(keys.to_official(network.state_dict()))
    load_strictly(network, keys.from_official(state))
    return network.eval()


def pixels(file: ParityFile, name: str) -> Tensor:
    """One of the file's images in [0, 1], (1, 3, H, W)."""
    return torch.from_numpy(file.images[name]).permute(2, 0, 1)[None].float() / 255


def _of_one_square(
    network: SPAI, name: str, image_BCHW: Tensor, given: Mapping[str, Any]
) -> Iterator[Compared]:
    low, high = network.split(image_BCHW)
    yield from compared_map(f"{name}: low frequencies", low, given["low_unclamped"])
    yield from compared_map(f"{name}: high frequencies", high, given["high_unclamped"])
    zeros = float((high <= 0).double().mean())
    yield Compared(f"{name}: zeros after the cut", zeros, given["high_clamped_zero_fraction"])
    tokens = torch.stack(list(network.vit.tokens(network.normalise(image_BCHW))), dim=1)
    yield from compared_map(f"{name}: tokens", tokens, given["vit_tokens"])
    vector_PF = network.square_vectors(image_BCHW[None])[0]
    yield from compared_map(f"{name}: vector", vector_PF, given["spectral_vector_1096"])
    restored = vector_PF[0, : network.restoration.num_similarities]
    yield Compared(f"{name}: similarities", restored.numpy(), given["srs_72"])


def _logit_of_views(
    file: ParityFile, network: SPAI, name: str, height: int, width: int, given: Mapping[str, Any]
) -> Compared:
    """The first images of the views' size, side by side, without five crops as in training."""
    count = width // height
    views = [pixels(file, f"{height}x{height}_{index}") for index in range(count)]
    strip_BCHW = torch.cat(views, dim=3)
    squares = cut_into_patches(strip_BCHW, height, height, fewest=1).squares_BNCSS
    vector_BF = network.attended(network.square_vectors(squares))
    return _logit(f"{name}: logit of views", network, vector_BF, given["logit_forward_batch"])


def _logit(what: str, network: SPAI, vector_BF: Tensor, given: float) -> Compared:
    """A logit is a sum of thousands of terms that nearly cancel: rounding acts on the terms.

    In float32 it changes the sum by about 3e-6 of the terms' norm, also from one number of threads
    to another; divided by a thirtieth of that norm, this is no deviation.
    """
    terms = network.head[:-1](vector_BF) * network.head[-1].weight
    scale = float(terms.norm()) / 30
    return Compared(what, float(network.logits(vector_BF)), given, scale)


def _counts(file: ParityFile, network: SPAI) -> Iterator[Compared]:
    """Numbers of weights; of the ViT's only those that anything is computed with."""
    attention = network.attention
    assert isinstance(attention, ContextAttention)
    parts: dict[str, list[nn.Module]] = {
        # The file's name for it also says positions and class token, which its number leaves out.
        "vit_blocks+patch_embed+pos+cls": [network.vit.blocks, network.vit.patch_embed],
        "fre": [network.restoration],
        "fre.patch_projector": [network.restoration.projectors],
        "fre.original_features_processor": [network.restoration.context],
        "to_kv": [attention.to_kv],
        "to_out": [attention.to_out],
        "norm": [network.norm],
        "cls_head": [network.head],
    }
    given = file.content["param_counts"]
    for name, modules in parts.items():
        ours = sum(value.numel() for module in modules for value in module.parameters())
        yield Compared(f"weights of {name}", ours, given[name])


def _mask(file: ParityFile) -> Iterator[Compared]:
    given = file.content["mask"]
    mask = official_mask(given["shape"][0]).numpy()
    rows = np.flatnonzero(mask.any(axis=1))
    yield Compared("mask: shape", mask.shape, given["shape"])
    yield Compared("mask: ones", mask.sum(), given["ones"])
    yield Compared("mask: rows with ones", (rows[0], rows[-1]), given["rows_with_ones"])
    counts = next((key for key in file.content if key.startswith("patch_counts_stride")), None)
    if counts is None:
        raise NotUnderstood("it states no numbers of patches")
    side = given["shape"][0]
    for size, count in file.content[counts].items():
        height, width = map(int, size.split("x"))
        blank = torch.zeros(()).expand(1, 3, height, width)
        patches = cut_into_patches(blank, side, int(counts.rpartition("e")[2]), fewest=1)
        yield Compared(f"patches of {size}", patches.rows * patches.columns, count)
