"""A training in progress as the bytes of a checkpoint, and back."""

from __future__ import annotations

import hashlib
import json

from torch import Tensor

from detectors import checkpoints, weights
from detectors.checkpoint_headers import CheckpointInvalid
from detectors.training_run import TrainingRun
from detectors.training_state import TrainingState


def checkpoint_of(run: TrainingRun) -> bytes:
    """Everything that the rest of the training depends on.

    Raises:
        TrainingDiverged: the loss is not finite any more; nothing could go on from there.
    """
    run.require_finite(float(run.loss_sum))
    tensors = {
        **{f"model/{key}": value for key, value in run.network.state_dict().items()},
        **{f"optimizer/{key}": value for key, value in run.optimizer.state().items()},
        **run.state.tensors(),
        "loss_sum": run.loss_sum,
    }
    facts = {**run.state.facts(), "attempts": list(run.attempts)}
    return checkpoints.pack(tensors, facts, _digest(run))


def restore(run: TrainingRun, data: bytes) -> None:
    """Continue from what `checkpoint_of` gave.

    Raises:
        CheckpointInvalid: torn, or of another training.
    """
    tensors, facts = checkpoints.unpack(data, _digest(run))
    try:
        state = TrainingState.restored(tensors, facts)
        weights.load_strictly(run.network, _below("model/", tensors))
        run.optimizer.load(_below("optimizer/", tensors))
        run.loss_sum.copy_(tensors["loss_sum"])
    except (KeyError, TypeError, RuntimeError, ValueError) as error:
        raise CheckpointInvalid(
            f"The checkpoint does not fit this training ({type(error).__name__}: {error}); "
            "use an earlier one, or start anew."
        ) from None
    run.state = state


def _digest(run: TrainingRun) -> str:
    """Names what is trained: a checkpoint of another training is refused.

    Without an `identity` that is every value, also those that change no weight.
    """
    if run.identity is not None:
        return run.identity
    described = {
        "recipe": run.recipe.model_dump(mode="json"),
        "seed": run.seed,
        "views": [
            (view.canonical, sorted(view.versions.items()))
            for view in (run.view, run.validation_view)
        ],
        "rows": [
            (list(rows.image_ids), labels.tolist())
            for rows, labels in (
                (run.training, run.labels),
                (run.validation, run.validation_labels),
            )
        ],
    }
    if run.augmentation.operations:
        described["augmentation"] = [run.augmentation.canonical, run.augmentation.versions]
    return hashlib.sha256(json.dumps(described).encode()).hexdigest()


def _below(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }
