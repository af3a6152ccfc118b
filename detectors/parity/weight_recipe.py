"""The weights of a parity file: each tensor filled as its `weight_recipe` states."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import prod

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from detectors.parity.stated_recipe import NotUnderstood, seed_of_key

_NUMBER = r"\d+(?:\.\d+)?"
RECIPE = re.compile(
    r"for every floating tensor k of the official state_dict "
    r"\(except keys containing a name in `kept`\): "
    r"rs=np\.random\.RandomState\((?P<seed>[^;]+)\); "
    rf"\*\.running_var -> rs\.uniform\((?P<var_from>{_NUMBER}),(?P<var_to>{_NUMBER}),shape\); "
    rf"\*\.running_mean -> (?P<mean>{_NUMBER})\*rs\.standard_normal\(shape\); "
    r"weight of BatchNorm/LayerNorm -> "
    rf"rs\.uniform\((?P<norm_from>{_NUMBER}),(?P<norm_to>{_NUMBER}),shape\); "
    rf"any other tensor with ndim<=1 -> (?P<line>{_NUMBER})\*rs\.standard_normal\(shape\); "
    rf"else rs\.standard_normal\(shape\)\*sqrt\((?P<gain>{_NUMBER})/prod\(shape\[1:\]\)\); "
    r"cast to float32\. integer tensors stay as built\."
)
"""The only recipe that is known; its numbers, and how a key seeds its tensor, may be others."""


def recipe_weights(
    recipe: str, state: Mapping[str, Tensor], kept: Sequence[str] = ()
) -> dict[str, Tensor]:
    """A state dict filled as a recipe says.

    Args:
        recipe: the file's `weight_recipe`.
        state: official key -> tensor as the network was built; integers and what is kept stay.
        kept: parts of keys whose tensors stay as built.

    Raises:
        NotUnderstood: a recipe that differs in more than numbers and seeds from the known one.
    """
    found = RECIPE.fullmatch(" ".join(recipe.split()))
    if found is None:
        raise NotUnderstood("its weight_recipe differs in more than numbers from the known one")
    filled = {}
    for key, tensor in state.items():
        if not tensor.is_floating_point() or any(name in key for name in kept):
            filled[key] = tensor
            continue
        random = np.random.RandomState(seed_of_key(found["seed"], key))
        values = _values(found, random, key, tuple(tensor.shape), is_norm=_is_norm(key, state))
        filled[key] = torch.from_numpy(np.asarray(values, dtype=np.float32))
    return filled


def _values(
    found: re.Match[str],
    random: np.random.RandomState,
    key: str,
    shape: tuple[int, ...],
    *,
    is_norm: bool,
) -> NDArray[np.float64]:
    if key.endswith("running_var"):
        return random.uniform(float(found["var_from"]), float(found["var_to"]), shape)
    if key.endswith("running_mean"):
        return float(found["mean"]) * np.asarray(random.standard_normal(shape))
    if is_norm:
        return random.uniform(float(found["norm_from"]), float(found["norm_to"]), shape)
    if len(shape) <= 1:
        return float(found["line"]) * np.asarray(random.standard_normal(shape))
    deviation = np.sqrt(float(found["gain"]) / prod(shape[1:]))
    return np.asarray(random.standard_normal(shape)) * float(deviation)


def _is_norm(key: str, state: Mapping[str, Tensor]) -> bool:
    """Whether a tensor is the weight of a normalisation, which a state dict does not say itself.

    A weight with one dimension beside running statistics is a batch normalisation's, beside a
    bias of its own shape a layer normalisation's; others with one dimension (PReLU) have neither.
    """
    if state[key].ndim != 1 or key.rpartition(".")[2] != "weight":
        return False
    beside = key.removesuffix("weight")
    bias = state.get(f"{beside}bias")
    return f"{beside}running_var" in state or (bias is not None and bias.shape == state[key].shape)
