"""Checks of what training does with a network."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from detectors.contract_checks.subject import CheckFailed, Subject, alike, require, some


def gradients_reach_the_weights(subject: Subject) -> None:
    """Every trainable parameter has a gradient, and not all of them are zero."""
    network = subject.network()
    functional.softplus(network(subject.images())).sum().backward()  # type: ignore[no-untyped-call]
    trainable = {key: value for key, value in network.named_parameters() if value.requires_grad}
    require(trainable, "nothing in it can be trained", "Leave at least the last layer trainable")
    unreached = [key for key, value in trainable.items() if value.grad is None]
    require(
        not unreached,
        f"{len(unreached)} trainable parameters have no part in the logit: {some(unreached)}",
        "Use them in forward, or say requires_grad_(False)",
    )
    require(
        any(bool(value.grad.any()) for value in trainable.values() if value.grad is not None),
        "all gradients are zero",
        "Look for a detach, a rounding or a saturated step before the logit",
    )


def micro_batch_is_said(subject: Subject) -> None:
    """`micro_batch_acts` is true just where a training pass depends on the images beside one."""
    said = subject.options.micro_batch_acts()
    acts = _acting(subject.network()) or _pass_depends_on_batch(subject)
    if acts == said:
        return
    if acts:
        raise CheckFailed(
            "Options.micro_batch_acts() is False, but training depends on which images share a "
            "pass (batch normalisation, dropout or another draw)",
            "Return True: then micro_batch is part of a fit's identity",
        )
    raise CheckFailed(
        "Options.micro_batch_acts() is True, but it has neither batch normalisation nor dropout",
        "Return False: a smaller micro-batch is then the same fit",
    )


def bfloat16_step_is_finite(subject: Subject) -> None:
    """A step of training under bfloat16 has a finite loss and finite gradients."""
    network = subject.network()
    labels_B = torch.tensor([0.0, 1.0, 0.0, 1.0])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logit_B = network(subject.images())
    require(
        logit_B.dtype == torch.float32,
        f"under bfloat16 the logits are {logit_B.dtype}",
        "Compute the last layer in `full_precision` (detectors/networks/precision.py)",
    )
    loss = functional.binary_cross_entropy_with_logits(logit_B, labels_B)
    loss.backward()  # type: ignore[no-untyped-call]
    infinite = [
        key
        for key, value in network.named_parameters()
        if value.grad is not None and not bool(torch.isfinite(value.grad).all())
    ]
    require(
        torch.isfinite(loss) and not infinite,
        f"the loss of a bfloat16 step is {loss.item()}; not finite are gradients of "
        f"{some(infinite) or 'none'}",
        "Put filters, spectra and sums of squares inside `full_precision`",
    )


def frozen_parts_stay_asleep(subject: Subject) -> None:
    """After network.train() what is frozen is still in eval mode: no dropout, fixed statistics."""
    network = subject.network()
    network.train()
    awake = [
        name
        for name, module in network.named_modules()
        if module.training
        and isinstance(module, _BatchNorm | _DropoutNd)
        and _is_frozen(network, name)
    ]
    require(
        not awake,
        f"{len(awake)} modules of frozen parts are in training mode: {some(awake)}",
        "Override train(self, mode=True): call super().train(mode), then .eval() on what is frozen",
    )


def _acting(network: nn.Module) -> bool:
    network.train()
    return any(
        module.training and (isinstance(module, _BatchNorm) or _draws(module))
        for module in network.modules()
    )


def _pass_depends_on_batch(subject: Subject) -> bool:
    """Whether a pass in training mode draws, or gives an image another logit beside others."""
    network, images_BCHW = subject.network(), subject.images()
    network.train()
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(1)
        first_B = network(images_BCHW)
        half_B = torch.cat([network(images_BCHW[:2]), network(images_BCHW[2:])])
    return not alike(first_B, half_B)


def _is_frozen(network: nn.Module, name: str) -> bool:
    """Whether the smallest part around a module that has parameters has none to train."""
    while True:
        parameters = list(network.get_submodule(name).parameters())
        if parameters:
            return not any(value.requires_grad for value in parameters)
        if not name:
            return False
        name = name.rpartition(".")[0]


def _draws(module: nn.Module) -> bool:
    """Whether a module draws in training: dropout, or timm's drop-path, which is known by name."""
    if isinstance(module, _DropoutNd):
        return module.p > 0
    return getattr(module, "drop_prob", None) not in (None, 0.0)
