"""Parts of a network that a training leaves as they are: no gradient, and in eval mode always.

Eval mode too, because `network.train()` would wake dropout and drop path in a frozen part, and let
its batch normalisation follow the images: its statistics would no longer be those that it has.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from data.suggestions import did_you_mean
from detectors.lasting_errors import UnknownPart
from detectors.second_view.with_second_view import WithSecondView

STEPS_SHOWN = 2
"""Names with so many dots at most are suggested: of a transformer's there are hundreds."""


def freeze(network: nn.Module, parts: Sequence[str]) -> list[nn.Module]:
    """Freeze parts of a network, in place.

    Args:
        network: as it is trained.
        parts: names of modules or of single parameters, `trunk`, `trunk.blocks.0`, `cls_token`.

    Returns:
        The frozen modules, to be put into eval mode after each `network.train()`.

    Raises:
        UnknownPart: a name is none of the network's, or of a part that holds nothing.
    """
    inner = network.network if isinstance(network, WithSecondView) else network
    modules, parameters = dict(inner.named_modules()), dict(inner.named_parameters())
    frozen = []
    for part in parts:
        if part in parameters:
            parameters[part].requires_grad_(False)
        elif part and part in modules and _holds_something(modules[part]):
            frozen.append(modules[part].requires_grad_(False).eval())
        else:
            known = [name for name, each in modules.items() if name and _holds_something(each)]
            shown = [name for name in (*known, *parameters) if name.count(".") < STEPS_SHOWN]
            raise UnknownPart(
                f"freeze: {part}: {type(inner).__name__} has no such part that holds weights. "
                f"{did_you_mean(part, shown)}"
            )
    return frozen


def _holds_something(module: nn.Module) -> bool:
    return any(True for _ in module.parameters()) or any(True for _ in module.buffers())
