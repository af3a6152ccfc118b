"""A network's weights as bytes: safetensors, deterministic, and strict when read.

Equal weights give equal bytes, so the sha256 of the bytes names the weights. Nothing is ever
loaded in part: a network that kept some of its random weights would still produce numbers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from safetensors import SafetensorError
from safetensors.torch import load as tensors_from_bytes
from torch import Tensor, nn

from detectors import safetensors_bytes
from detectors.lasting_errors import WeightsMismatch
from detectors.second_view.with_second_view import WithSecondView

MOST_KEYS_NAMED = 8


def to_bytes(network: nn.Module) -> bytes:
    """All parameters and persistent buffers as one safetensors file."""
    return pack(network.state_dict())


def pack(state: Mapping[str, Tensor]) -> bytes:
    """A state dict as one safetensors file."""
    return safetensors_bytes.to_bytes(state)


def copied(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Copies on the CPU that do not change when training goes on."""
    return {key: value.detach().cpu().clone() for key, value in state.items()}


def from_bytes(network: nn.Module, data: bytes) -> None:
    """Put weights made by `to_bytes` into a network of the same structure.

    Raises:
        WeightsMismatch: not a whole safetensors file, or missing, unexpected or differently
            shaped tensors; the message lists them and the network is unchanged.
    """
    load_strictly(network, _tensors(data))


def load_strictly(network: nn.Module, state: Mapping[str, Tensor]) -> None:
    """`load_state_dict` whose error says everything that does not fit.

    Raises:
        WeightsMismatch: see `from_bytes`.
    """
    if listed := misfits(network.state_dict(), state):
        raise WeightsMismatch(
            f"The weights do not fit {type(network).__name__}: {listed}. Use the detector and "
            "the options that these weights were trained with."
        )
    network.load_state_dict(dict(state), strict=True)


def misfits(own: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> str:
    """Say what of a state dict does not fit a network's own, "" where all of it does."""
    faults = [
        ("missing from the weights", sorted(set(own) - set(state))),
        ("unknown to the network", sorted(set(state) - set(own))),
        (
            "of another shape or type",
            [
                f"{key} ({_shape(state[key])} instead of {_shape(own[key])})"
                for key in sorted(set(own) & set(state))
                if (own[key].shape, own[key].dtype) != (state[key].shape, state[key].dtype)
            ],
        ),
    ]
    return "; ".join(f"{len(keys)} {what}: {_some(keys)}" for what, keys in faults if keys)


def load_backbone(network: nn.Module, data: bytes, part: str | None = None) -> None:
    """Put a library's weights into the backbone of a network, or into one of several.

    The network's own `load_backbone(state, part)` knows which keys are its backbone's; what else
    the network has keeps its seeded weights.

    Raises:
        WeightsMismatch: it has no backbone, the bytes are no weights, or some do not fit.
    """
    inner = network.network if isinstance(network, WithSecondView) else network
    load = getattr(inner, "load_backbone", None)
    if load is None:
        raise WeightsMismatch(
            f"{type(inner).__name__} takes no backbone's weights; give it weights of the whole "
            "detector, or none."
        )
    load(_tensors(data), part)


def sha256(data: bytes) -> str:
    """Hexadecimal digest that names the weights."""
    return hashlib.sha256(data).hexdigest()


def _tensors(data: bytes) -> dict[str, Tensor]:
    try:
        state: dict[str, Tensor] = tensors_from_bytes(data)
    except SafetensorError as error:
        raise WeightsMismatch(
            f"{len(data)} bytes are not a whole safetensors file ({error}); "
            "fetch or train the weights again."
        ) from None
    return state


def _shape(tensor: Tensor) -> str:
    return f"{tuple(tensor.shape)} {str(tensor.dtype).removeprefix('torch.')}"


def _some(keys: list[str]) -> str:
    more = f" and {len(keys) - MOST_KEYS_NAMED} more" if len(keys) > MOST_KEYS_NAMED else ""
    return ", ".join(keys[:MOST_KEYS_NAMED]) + more
