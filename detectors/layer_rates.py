"""Learning rates that fall from a network's output to its input, layer by layer.

After Clark et al. (ELECTRA, ICLR 2020, section 3.1) and Bao et al. (BEiT, ICLR 2022, appendix),
where the rate of the layer that lies d layers before the last one is

    lr * layer_decay^d

Which layers there are is timm's for its models: what their `group_matcher` says. Of others it is
our reading: see `_by_children`.
"""

from __future__ import annotations

from typing import Any

from torch import nn


def layer_scales(network: nn.Module, layer_decay: float | None) -> dict[str, float]:
    """Return what the learning rate of each parameter is multiplied by; none for no decay.

    Parameters after the models of timm in a network (its head) have distance 0, those before the
    first one (a front end that is trained) the distance of its first layer.
    """
    if layer_decay is None:
        return {}
    return {name: layer_decay**distance for name, distance in distances(network).items()}


def distances(network: nn.Module) -> dict[str, int]:
    """Return how many layers each parameter lies before the last one, frozen layers included."""
    trunks = _models_of_timm(network)
    if not trunks:
        return _by_children(network)
    of_trunks: dict[str, int] = {}
    for prefix, trunk in trunks.items():
        of_trunks.update({f"{prefix}{name}": d for name, d in _by_matcher(trunk).items()})
    names = [name for name, _ in network.named_parameters()]
    first = min((names.index(name) for name in of_trunks if name in names), default=len(names))
    deepest = max(of_trunks.values(), default=0)
    return {
        name: of_trunks.get(name, deepest if place < first else 0)
        for place, name in enumerate(names)
    }


def _models_of_timm(network: nn.Module) -> dict[str, nn.Module]:
    """Return the outermost modules that say which layers they have, by the prefix of their keys."""
    if hasattr(network, "group_matcher"):
        return {"": network}
    return {
        f"{name}.{prefix}": model
        for name, child in network.named_children()
        for prefix, model in _models_of_timm(child).items()
    }


def _by_matcher(model: Any) -> dict[str, int]:
    from timm.models import group_parameters

    layer_of = group_parameters(model, model.group_matcher(coarse=False), reverse=True)
    last = max(layer_of.values(), default=0)
    return {name: last - layer for name, layer in layer_of.items()}


def _by_children(network: nn.Module) -> dict[str, int]:
    """Layers of a network by its children, of which the largest is taken apart once more.

    Only a child that is one (a wrapper around all) is always taken apart, a sequence of blocks
    never. Normalisations, whose parameters have one dimension, belong to the layer before them.
    """
    layers: list[list[str]] = []
    for _, names in _children(network, ""):
        shapes = dict(network.named_parameters())
        is_norm = all(shapes[name].ndim <= 1 for name in names)
        if layers and is_norm:
            layers[-1] += names
        else:
            layers.append(names)
    last = len(layers) - 1
    return {name: last - number for number, names in enumerate(layers) for name in names}


def _children(network: nn.Module, prefix: str, taken_apart: bool = False) -> list[tuple[str, Any]]:
    """Return (prefix, names of parameters) of each layer in order; own parameters come first."""
    own = [f"{prefix}{name}" for name, _ in network.named_parameters(recurse=False)]
    found: list[tuple[str, Any]] = [(prefix, own)] if own else []
    children = [(n, c) for n, c in network.named_children() if any(True for _ in c.parameters())]
    if len(children) == 1 and not own:
        name, child = children[0]
        return _children(child, f"{prefix}{name}.", taken_apart)
    largest = max((_size(child) for _, child in children), default=0)
    for name, child in children:
        below = f"{prefix}{name}."
        is_stage = isinstance(child, nn.Sequential | nn.ModuleList)
        if _size(child) == largest and not is_stage and not taken_apart:
            found += _children(child, below, taken_apart=True)
        else:
            found.append((below, [f"{below}{n}" for n, _ in child.named_parameters()]))
    return found


def _size(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
