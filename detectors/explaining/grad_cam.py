"""Grad-CAM: where in an image a logit comes from, for any network with positions.

Selvaraju et al., "Grad-CAM: visual explanations from deep networks via gradient-based
localization" (ICCV 2017), equations 1 and 2: the channels of the last layer that still has
positions, each weighted by its mean gradient, summed, and cut off at 0. Of an image that is called
real it is taken of the negated logit, so it always shows what speaks for the word that was said.

A network whose last positions are no places in the image names with `grad_cam_at` the module that
is to be looked at, or None where there is none.

B images, C channels, H/W positions, N tokens.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from detectors.networks.precision import full_precision, without_tf32

MOST_PREFIX_TOKENS = 8
"""Tokens of a ViT before those of positions: of the class, registers."""

_NO_LAYERS = (nn.Dropout, nn.Identity, nn.Softmax)
"""In a ViT's attention they return tables of tokens by tokens."""

Activations = list[tuple[str, nn.Module, Tensor]]


@dataclass(frozen=True)
class GradCAM:
    """Where a logit comes from.

    Attributes:
        layer: dotted name of the module whose channels were weighted.
        map_HW: at least 0, largest where most speaks for the word; at the layer's own size.
        word: "fake" or "real", what it speaks for.
    """

    layer: str
    map_HW: npt.NDArray[np.float32]
    word: str


def grad_cam(network: nn.Module, image_1CHW: Tensor) -> GradCAM | None:
    """Explain the logit of one image; None where no layer with places in it leads to the logit.

    A linear model on spectra has none, nor what a frozen backbone does without gradients. Layers
    that a network applies to parts of an image apart are no candidates: their outputs are of
    several parts. The network's own gradients and mode are left as they are.

    Args:
        network: on the device of the image.
        image_1CHW: RGB in [0, 1], one image.
    """
    height, width = image_1CHW.shape[-2:]
    within = getattr(network, "grad_cam_at", "")
    if within is None:
        return None
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        with torch.enable_grad(), full_precision(image_1CHW.device.type), without_tf32():
            image_1CHW = image_1CHW.detach().clone().requires_grad_()
            with _recorded(network) as outputs:
                logit = network(image_1CHW).sum()
            candidates = [
                (name, output, layout)
                for name, module, output in reversed(outputs)
                if f"{name}.".startswith(within and f"{within}.")
                and output.requires_grad
                and (layout := _layout(module, output, height / width)) is not None
            ]
            if not candidates or not logit.requires_grad:
                return None
            sign = 1.0 if float(logit.detach()) > 0 else -1.0
            tensors = [output for _, output, _ in candidates]
            gradients: Sequence[Tensor | None] = torch.autograd.grad(
                sign * logit, tensors, allow_unused=True
            )
    finally:
        for module, training in modes:
            module.training = training
    for (name, output, layout), gradient in zip(candidates, gradients, strict=True):
        if gradient is None:
            continue
        slope_CHW, value_CHW = layout.positions(gradient), layout.positions(output.detach())
        if slope_CHW.abs().max() > 0:
            weights_C11 = slope_CHW.mean(dim=(1, 2), keepdim=True)
            map_HW = (weights_C11 * value_CHW).sum(dim=0).clamp_min(0)
            word = "fake" if sign > 0 else "real"
            return GradCAM(name, map_HW.float().cpu().numpy(), word)
    return None


@dataclass(frozen=True)
class _Layout:
    """How positions lie in a tensor: which dimension is channels, how many tokens come before."""

    channels_last: bool
    grid: tuple[int, int] | None = None

    def positions(self, tensor: Tensor) -> Tensor:
        """(1, ...) -> channels, rows, columns."""
        value = tensor[0]
        if self.grid is not None:
            rows, columns = self.grid
            value = value[-rows * columns :].reshape(rows, columns, -1)
        return value.permute(2, 0, 1) if self.channels_last else value


def _layout(module: nn.Module, output: Tensor, aspect: float) -> _Layout | None:
    """How an output's positions lie; None where it has none of an image of this height / width.

    (B, C, H, W), (B, H, W, C) as in Swin, told apart by which two dimensions have the image's
    shape, or (B, N, C) of a ViT, on a grid of that shape behind some tokens without a place.
    """
    if output.shape[0] != 1 or not output.is_floating_point():
        return None
    if output.ndim == 4:
        _, first, second, third = output.shape
        last, before = _misfit(first, second, aspect), _misfit(second, third, aspect)
        if isinstance(module, nn.LayerNorm):  # of heads x tokens x channels, in some ViTs
            before = math.inf
        return _Layout(last < before) if min(last, before) <= 1 else None
    for prefix in range(min(MOST_PREFIX_TOKENS + 1, output.shape[1])):
        tokens = output.shape[1] - prefix
        rows = max(1, round(math.sqrt(tokens * aspect)))
        if tokens % rows == 0 and _misfit(rows, tokens // rows, aspect) < 1:
            return _Layout(True, (rows, tokens // rows))
    return None


def _misfit(rows: int, columns: int, aspect: float) -> float:
    """How many rows and columns a grid is off an image's shape; infinite of a single position."""
    if rows * columns <= 1:
        return math.inf
    return min(abs(rows - aspect * columns), abs(columns - rows / aspect))


@contextmanager
def _recorded(network: nn.Module) -> Iterator[Activations]:
    """Note what each module returns, in the order in which they end; pixels alone are no layer."""
    outputs: Activations = []

    def note(name: str, module: nn.Module) -> torch.utils.hooks.RemovableHandle:
        def hook(_: nn.Module, __: object, output: object) -> None:
            if not isinstance(output, Tensor) or isinstance(module, _NO_LAYERS):
                return
            # Tokens of a ViT are taken behind a norm: before the head, all but one are unused.
            if output.ndim == 4 or (output.ndim == 3 and isinstance(module, nn.LayerNorm)):
                outputs.append((name, module, output))

        return module.register_forward_hook(hook)

    handles = [note(name, module) for name, module in network.named_modules() if name]
    try:
        yield outputs
    finally:
        for handle in handles:
            handle.remove()
