"""SGD, Adam and AdamW by torch's fused kernels, with a state that is plain named tensors.

Not `torch.optim`: building one of its optimisers imports torch's compiler, 1 to 2 CPU seconds in
every process that trains. The kernels are the ones it calls with `fused=True`; a test holds the
results equal to it, bit for bit. The learning rate is an argument of each step, because it is a
function of the step (`detectors.schedules`).
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from detectors.layer_rates import layer_scales
from detectors.recipe_fields import Recipe

ADAM_EPS = 1e-8


class Optimizer:
    """Updates the trainable parameters of a network in place.

    Parameters without a gradient in a step (a branch that was not used) stay as they are.

    Args:
        network: on the device and in the memory format that it is trained in.
        recipe: optimizer, layer_decay, weight_decay, decay_on, betas, momentum, dampening,
            nesterov.
    """

    def __init__(self, network: nn.Module, recipe: Recipe) -> None:
        self.recipe = recipe
        self.parameters = {
            name: value for name, value in network.named_parameters() if value.requires_grad
        }
        if not self.parameters:
            raise ValueError(
                f"{type(network).__name__} has no trainable parameter; unfreeze a part of it, or "
                "score it as it is with train: none."
            )
        moments = ["momentum"] if recipe.momentum else []
        if recipe.optimizer != "sgd":
            moments = ["mean", "square"]
        self.moments = {
            moment: {name: torch.zeros_like(value) for name, value in self.parameters.items()}
            for moment in moments
        }
        self.scales = layer_scales(network, recipe.layer_decay)
        self.updates = torch.zeros((), device=next(iter(self.parameters.values())).device)

    def groups(self) -> list[tuple[float, list[str]]]:
        """The weight decay and the names of the parameters that it applies to."""
        decay, everything = self.recipe.weight_decay, list(self.parameters)
        if self.recipe.decay_on == "all" or not decay:
            return [(decay, everything)]
        matrices = [name for name in everything if self.parameters[name].ndim > 1]
        others = [name for name in everything if self.parameters[name].ndim <= 1]
        return [(decay, matrices), (0.0, others)]

    @torch.no_grad()
    def step(self, lr: float) -> None:
        """One update from the gradients that the parameters hold."""
        self.updates += 1
        for decay, group in self.groups():
            names = [name for name in group if self.parameters[name].grad is not None]
            for scale, alike in self._by_scale(names).items():
                self._update(alike, lr * scale, decay)

    def _by_scale(self, names: list[str]) -> dict[float, list[str]]:
        """Part parameters by what their rate is multiplied by; without layer_decay that is 1."""
        parted: dict[float, list[str]] = {}
        for name in names:
            parted.setdefault(self.scales.get(name, 1.0), []).append(name)
        return parted

    def _update(self, names: list[str], lr: float, decay: float) -> None:
        parameters: list[Tensor] = [self.parameters[name] for name in names]
        gradients = [value.grad for value in parameters if value.grad is not None]
        moments = [[moment[name] for name in names] for moment in self.moments.values()]
        if self.recipe.optimizer == "sgd":
            # The first gradient enters the momentum whole, as in torch.optim; asked where it
            # matters alone, because reading the count waits for a GPU.
            is_first = self.recipe.dampening > 0 and int(self.updates) == 1
            torch._fused_sgd_(
                parameters,
                gradients,
                moments[0] if moments else [],
                weight_decay=decay,
                momentum=self.recipe.momentum,
                lr=lr,
                dampening=self.recipe.dampening,
                nesterov=self.recipe.nesterov,
                maximize=False,
                is_first_step=is_first,
            )
            return
        fused = torch._fused_adamw_ if self.recipe.optimizer == "adamw" else torch._fused_adam_
        fused(
            parameters,
            gradients,
            moments[0],
            moments[1],
            [],
            [self.updates] * len(parameters),
            lr=lr,
            beta1=self.recipe.betas[0],
            beta2=self.recipe.betas[1],
            weight_decay=decay,
            eps=ADAM_EPS,
            amsgrad=False,
            maximize=False,
        )

    def clip_gradient(self, largest_norm: float) -> None:
        """Scale the whole gradient down to an L2 norm of at most largest_norm."""
        torch.nn.utils.clip_grad_norm_(self.parameters.values(), largest_norm)

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for value in self.parameters.values():
            value.grad = None

    def state(self) -> dict[str, Tensor]:
        """Everything that the next step depends on besides the parameters, by name."""
        tensors = {
            f"{moment}/{name}": value
            for moment, values in self.moments.items()
            for name, value in values.items()
        }
        return {**tensors, "updates": self.updates}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Continue from what `state` gave.

        Raises:
            KeyError, RuntimeError: a tensor is missing or of another shape.
        """
        # Copied into the present tensors, whose memory format is that of the parameters: the
        # fused kernels walk through memory and would pair the wrong elements otherwise.
        for name, tensor in self.state().items():
            tensor.copy_(state[name])
