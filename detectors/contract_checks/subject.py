"""A detector under examination, and what a check of it says when it fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from detectors.contract import Card, Options, build, load_card, parse_options

ANY_SIZE_PX = 32
"""Side of the images for networks that take any size."""

IMAGES = 4
SEED = 3

RELATIVE = 1e-4
"""What other kernels, for another batch or another memory layout, may change of a logit."""


class CheckFailed(Exception):
    """A detector is not what it must be: why, and what to do."""

    def __init__(self, why: str, mend: str) -> None:
        super().__init__(f"{why}. {mend}")
        self.why, self.mend = why, mend


@dataclass(frozen=True)
class Subject:
    """A detector with some options, the tiny ones where it has them and none are given."""

    name: str
    given: Mapping[str, Any] | None = None

    @cached_property
    def card(self) -> Card:
        """Its card."""
        return load_card(self.name)

    @cached_property
    def options(self) -> Options:
        """Its options."""
        tiny = {"size": "tiny"} if "size" in self.card.options.model_fields else {}
        return parse_options(self.card, tiny if self.given is None else self.given)

    def network(self, seed: int = SEED) -> nn.Module:
        """A new network in training mode, on the CPU."""
        return build(self.name, self.options, seed=seed)

    def images(self, height: int | None = None, width: int | None = None) -> Tensor:
        """Four images_BCHW of noise in [0, 1], of the size that fits it unless one is given."""
        side = self.options.fixed_input_px() or ANY_SIZE_PX
        generator = torch.Generator().manual_seed(5)
        return torch.rand(IMAGES, 3, height or side, width or side, generator=generator)


def tested(network: nn.Module, images_BCHW: Tensor) -> Tensor:
    """Logits in eval mode."""
    network.eval()
    with torch.inference_mode():
        logit_B: Tensor = network(images_BCHW)
    return logit_B


def alike(first_B: Tensor, second_B: Tensor) -> bool:
    """Whether logits are equal but for what other kernels may change."""
    if first_B.shape != second_B.shape:
        return False
    tolerance_B = RELATIVE * torch.clamp(first_B.abs(), min=1.0)
    return bool(((first_B - second_B).abs() <= tolerance_B).all())


def require(holds: object, why: str, mend: str) -> None:
    """Fail the check unless something holds."""
    if not holds:
        raise CheckFailed(why, mend)


def some(names: list[str], most: int = 4) -> str:
    """The first few of many names."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
