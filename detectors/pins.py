"""Pinned logits: what a detector's code gave for fixed weights and pixels, by version of its card.

A detector whose logits move under one version is two detectors of one name. So they are written
beside it once, as `detectors/zoo/<name>.pins.json`, and checked from then on: version of the card,
as text, to logits. A detector without such a file is not checked. Where a detector got its `size`
after it was pinned, the file says which size its logits are of. Beside the logits stands how many
parameters the network of the default options has.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

import detectors.zoo
from detectors.contract import build, load_card, parse_options
from detectors.zoo import zoo_names

if TYPE_CHECKING:
    from torch import Tensor

RELATIVE, ABSOLUTE = 1e-4, 1e-6
"""What another CPU's kernels may change of a logit."""

IMAGES, SIDE_PX, SEED = 2, 64, 3

SIZE = "size"
"""Of the file: which size of network its logits are of, where that is not `tiny`."""

PARAMETERS = "parameters"
"""Of the file: version of the card to the numbers of parameters, all and trained ones."""

State = Literal["equal", "unpinned", "version unpinned", "moved"]


class PinMoved(ValueError):
    """Logits differ from those that are pinned for this version of the card."""


@dataclass(frozen=True)
class PinCheck:
    """A detector's logits today beside the pinned ones; empty where none are."""

    name: str
    version: int
    now: tuple[float, ...]
    pinned: tuple[float, ...]
    state: State


def check_pin(name: str) -> PinCheck:
    """Compute a detector's logits and hold them against its pins.

    Raises:
        UnknownName: there is no such detector.
    """
    version, pins = load_card(name).version, _read(name)
    now, pinned = fixed_logits(name, _size(name)), pins.get(str(version), [])
    state: State = "equal"
    if not pins:
        state = "unpinned"
    elif not pinned:
        state = "version unpinned"
    elif len(now) != len(pinned) or not np.allclose(now, pinned, RELATIVE, ABSOLUTE):
        state = "moved"
    return PinCheck(name, version, tuple(now), tuple(pinned), state)


def write_pin(name: str) -> Path:
    """Pin a detector's logits for the version of its card, and return the file.

    Raises:
        UnknownName: there is no such detector.
        PinMoved: others are pinned for this version.
    """
    found = check_pin(name)
    if found.state == "moved":
        raise PinMoved(
            f"{name} v{found.version}: its logits are {list(found.now)}, pinned are "
            f"{list(found.pinned)}. Raise the card's version, which makes every fit of it anew, or "
            "undo the change"
        )
    file, content = _file(name), _content(name)
    counts = {str(found.version): list(count_parameters(name)), **content.get(PARAMETERS, {})}
    pins = {str(found.version): list(found.now), **content, PARAMETERS: counts}
    if pins != content:
        file.write_text(json.dumps(pins, indent=1) + "\n", encoding="utf-8")
    return file


def count_parameters(name: str) -> tuple[int, int]:
    """How many parameters the network of the default options has: all, and those that are trained.

    It is built of tensors without content, since a large network takes seconds and gigabytes; one
    that looks into its tensors while it is built gets real ones, their initial weights not drawn.
    """
    import torch

    try:
        with torch.device("meta"):
            parameters: list[Tensor] = list(build(name).parameters())
    except (NotImplementedError, RuntimeError):  # of a tensor that holds no values
        parameters = _without_draws(name)
    trained = [value for value in parameters if value.requires_grad]
    return sum(map(torch.Tensor.numel, parameters)), sum(map(torch.Tensor.numel, trained))


def _without_draws(name: str) -> list[Tensor]:
    from torch.overrides import TorchFunctionMode

    class WithoutDraws(TorchFunctionMode):
        def __torch_function__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            if getattr(func, "__name__", "") in ("normal_", "uniform_", "erfinv_"):
                return args[0] if args else kwargs["tensor"]
            return func(*args, **(kwargs or {}))

    with WithoutDraws():
        return list(build(name).parameters())


def pinned_parameters(name: str) -> tuple[int, int] | None:
    """What `count_parameters` gave for the card's version, without torch; None: not counted."""
    if name not in zoo_names():
        return None
    counts = _content(name).get(PARAMETERS, {}).get(str(load_card(name).version))
    return None if counts is None else (counts[0], counts[1])


def fixed_logits(name: str, size: str = "tiny") -> list[float]:
    """Logits of a network of fixed weights, of a size where it has sizes, for fixed images."""
    import torch

    card = load_card(name)
    options = {"size": size} if "size" in card.options.model_fields else {}
    network = build(name, options, seed=SEED).eval()
    side = parse_options(card, options).fixed_input_px() or SIDE_PX
    pixels = np.random.default_rng(11).integers(0, 256, (IMAGES, 3, side, side), dtype=np.uint8)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.inference_mode():
            return [float(x) for x in network(torch.from_numpy(pixels).float() / 255)]
    finally:
        torch.set_num_threads(threads)


def _read(name: str) -> dict[str, list[float]]:
    others = (SIZE, PARAMETERS)
    return {version: logits for version, logits in _content(name).items() if version not in others}


def _size(name: str) -> str:
    return str(_content(name).get(SIZE, "tiny"))


def _content(name: str) -> dict[str, Any]:
    file = _file(name)
    if not file.exists():
        return {}
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content


def _file(name: str) -> Path:
    """Where a detector's pins lie: beside its module, which exists."""
    folders = [Path(folder) for folder in detectors.zoo.__path__]
    return next(f / f"{name}.pins.json" for f in folders if (f / f"{name}.py").exists())
