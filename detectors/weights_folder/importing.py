"""A checkpoint from elsewhere, as tensors under our keys or under its library's.

Nothing in a file is run: a pickle is read by torch's `weights_only`, which knows tensors and plain
values only. What does not fit its network to the last key is refused, and nothing is written.
"""

from __future__ import annotations

import pickle
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as tensors_from_bytes
from torch import Tensor, nn

from data.refusals import Refused
from data.regular_files import open_regular, read_regular
from detectors import weights
from detectors.contract import build, load_card, module_of, parse_options
from detectors.key_maps import DATA_PARALLEL
from detectors.lasting_errors import WeightsMismatch
from detectors.weights_folder.entries import TENSORS

WRAPPERS = ("state_dict", "model", "net", "netC", "model_state_dict", "network", "module")
"""Keys under which a training loop stores its network beside its optimiser."""

COMPILED = "_orig_mod."
"""What torch.compile puts before each key."""

_SHOWN = 6


def tensors_of(file: Path) -> dict[str, Tensor]:
    """Read a checkpoint: the state dict in it, without its wrapping.

    Raises:
        Refused: it is not there, holds code, or no state dict is found in it.
    """
    try:
        if file.suffix == TENSORS:
            return _plain_keys(tensors_from_bytes(read_regular(file)))
        open_regular(file).close()
        with warnings.catch_warnings(action="ignore"):  # of unusual pickles, which it refuses
            content = torch.load(file, map_location="cpu", weights_only=True)
    except OSError as error:
        raise Refused.because(
            str(file), f"it cannot be read ({error.strerror or error})", "Correct the path"
        ) from None
    except SafetensorError as error:
        raise Refused.because(
            str(file), f"it is no whole safetensors file ({error})", "Fetch the file again"
        ) from None
    except pickle.UnpicklingError as error:
        raise Refused.because(
            str(file),
            f"it holds more than tensors, which could run anything here ({_first_line(error)})",
            "Take a file of tensors alone; or, where you trust its authors, open it elsewhere and "
            "save its state dict with torch.save",
        ) from None
    except (RuntimeError, EOFError, ValueError, KeyError) as error:
        raise Refused.because(
            str(file),
            f"it is no checkpoint that torch can read ({_first_line(error)})",
            f"Fetch the file again; a safetensors file must end in {TENSORS}",
        ) from None
    return _plain_keys(_unwrapped(content, file))


def for_detector(
    state: Mapping[str, Tensor], detector: str, options: Mapping[str, Any], *, own_keys: bool
) -> bytes:
    """Return the whole state dict of a detector, as the bytes of a safetensors file.

    Args:
        state: under the official keys, or under ours.
        detector: of the zoo.
        options: of the detector, where they are not its defaults.
        own_keys: the keys are ours: of a fit's weights.

    Raises:
        WeightsMismatch: with all that is missing, unknown or of another shape.
        Refused: the detector knows no official keys.
        UnknownName, BadOption: of the detector and its options.
    """
    card = load_card(detector)
    parsed = parse_options(card, options)
    module = module_of(detector)
    if not own_keys and not hasattr(module, "official_weights"):
        raise Refused.because(
            f"--detector {detector}",
            "it knows no official keys",
            "Where the keys are those of crossgen's own network, add --own-keys",
        )
    network = build(detector, parsed, seed=0)
    if own_keys:
        weights.load_strictly(network, state)
        return weights.to_bytes(network)
    try:
        weights.load_strictly(network, module.official_weights(parsed).from_official(state))
    except WeightsMismatch as error:
        raise WeightsMismatch(f"{error}{_meant(state, network)}") from None
    return weights.to_bytes(network)


def _meant(state: Mapping[str, Tensor], network: nn.Module) -> str:
    """Say what to give instead, where a file's keys tell it; else ""."""
    if set(state) == set(network.state_dict()):
        return " Its keys are those of crossgen's own network: add --own-keys."
    if getattr(network, "load_backbone", None) is not None:
        return " Where it is a backbone under its library's keys, leave --detector out."
    return ""


def _unwrapped(content: Any, file: Path) -> Mapping[str, Tensor]:
    """Return the state dict in what a training loop saved."""
    while isinstance(content, Mapping):
        inner = next((content[key] for key in WRAPPERS if _is_mapping(content.get(key))), None)
        if inner is None:
            break
        content = inner
    if _is_mapping(content) and all(isinstance(value, Tensor) for value in content.values()):
        return dict(content)
    found = f"a {type(content).__name__}"
    if isinstance(content, Mapping):
        others = [str(key) for key, value in content.items() if not isinstance(value, Tensor)]
        found = f"beside tensors {', '.join(others[:_SHOWN])}" if content else "nothing"
    raise Refused.because(
        str(file),
        f"no state dict is found in it, but {found}",
        f"Save the state dict alone, or below one of the keys {', '.join(WRAPPERS)}",
    )


def _is_mapping(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(value)


def _plain_keys(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Take off what a wrapper of the network put before every key."""
    plain = dict(state)
    for prefix in (DATA_PARALLEL, COMPILED) * 2:  # in either order
        if plain and all(key.startswith(prefix) for key in plain):
            plain = {key.removeprefix(prefix): value for key, value in plain.items()}
    return plain


def _first_line(error: BaseException) -> str:
    text = str(error).strip() or type(error).__name__
    if found := re.search(r"GLOBAL ([\w.]+)", text):
        return found[1]
    return text.split("\n")[0][:160].rstrip(".")
