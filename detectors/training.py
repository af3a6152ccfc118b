"""The training loop: one for every detector, resumable at any step, equal bit for bit.

Nothing in it draws from a generator with a history: the order of an epoch is a function of (seed,
epoch), an image's augmentation of (seed, epoch, image_id), dropout and the partners of a batch of
(seed, epoch, step). A checkpoint therefore holds only tensors and counts, and a resumed training
ends with the bytes of an uninterrupted one. One training uses one device.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from data.operations import Pipeline
from data.view import View
from detectors import weights
from detectors.batches import DifferingSizes
from detectors.checkpoint_headers import CheckpointInvalid
from detectors.checkpoints import BackgroundWriter
from detectors.determinism import (
    NoDeterministicOperation,
    deterministic_operations,
    fastest_convolutions,
)
from detectors.history import HistoryRow
from detectors.image_batches import Stopped
from detectors.lasting_errors import TrainingDiverged
from detectors.networks.precision import with_tf32, without_tf32
from detectors.recipe_fields import Recipe
from detectors.training_checkpoint import checkpoint_of, restore
from detectors.training_pipeline import training_pipeline
from detectors.training_run import TrainingRun

if TYPE_CHECKING:
    from data.images import ImageRows

__all__ = [
    "CheckpointInvalid",
    "DifferingSizes",
    "HistoryRow",
    "NoDeterministicOperation",
    "TrainingDiverged",
    "TrainingProgress",
    "TrainingResult",
    "TrainingSink",
    "train",
]


class TrainingSink(Protocol):
    """Where a training leaves what must outlive the process."""

    def save_checkpoint(self, data: bytes, epoch: int, step: int) -> None:
        """Keep this checkpoint, in place of the last one. Called from another thread."""

    def save_weights(self, epoch: int, data: bytes) -> None:
        """Keep an epoch's weights; called at the end, once for each of `kept_epochs`."""

    def epoch_done(self, row: HistoryRow) -> None:
        """Told after each epoch; a resumed training tells only the epochs that it trains."""


@dataclass(frozen=True)
class TrainingProgress:
    """Where a training is, after a step."""

    epoch: int
    epochs: int
    step: int
    steps: int
    images_per_s: float
    """Of the present epoch."""


@dataclass(frozen=True)
class TrainingResult:
    """What a training came to; of a stopped one, so far."""

    state: Literal["done", "stopped"]
    selected_epoch: int
    last_epoch: int
    step: int
    """Updates made, also those before a resume."""
    kept_epochs: list[int]
    """Those whose weights were saved; always with the selected one."""
    history: list[HistoryRow]
    """One row per epoch, also those before a resume."""
    validation_logits: npt.NDArray[np.float32]
    """Of the selected epoch, in the order of the validation rows."""
    images_per_s: float
    """Of training alone, also before a resume."""
    data_wait_share: float


def train(
    network: nn.Module,
    *,
    training: ImageRows,
    validation: ImageRows,
    view: View,
    augmentation: Pipeline,
    validation_view: View,
    recipe: Recipe,
    seed: int,
    device: str | torch.device,
    sink: TrainingSink,
    identity: str | None = None,
    attempts: Sequence[Mapping[str, Any]] = (),
    resume: bytes | None = None,
    stop: Callable[[], bool] = lambda: False,
    checkpoint_every_s: float = 600.0,
    progress: Callable[[TrainingProgress], None] | None = None,
) -> TrainingResult:
    """Train a network in place; afterwards it holds the weights of the last epoch.

    Args, beside those of `TrainingRun`:
        view: brings every training image to one size.
        augmentation: on images, before the first crop or flip of the view's geometry; then on
            batches, on the device.
        sink: gets checkpoints, weights, history.
        resume: a checkpoint of this same training; None = from the start.
        stop: asked after every step and validation batch; once true, a checkpoint ends it.
        checkpoint_every_s: seconds between those that are written within an epoch.
        progress: told after every step.

    Raises:
        CheckpointInvalid: `resume` is torn or of another training; build the network again then.
        TrainingDiverged: the loss is no longer finite.
        NoDeterministicOperation: the recipe asks for such alone, and the network needs another.
        DifferingSizes: the training images do not come out at one size.
        ValueError: no validation image, or training images of one class.
        UnreadableImage, ImageChanged, OSError: from the images.
    """
    run = TrainingRun(
        network,
        training=training,
        validation=validation,
        view=replace(view, geometry=training_pipeline(view.geometry, augmentation.per_image)),
        augmentation=augmentation.on_batch,
        validation_view=validation_view,
        recipe=recipe,
        seed=seed,
        device=_with_index(torch.device(device)),
        identity=identity,
        attempts=attempts,
    )
    if resume is not None:
        restore(run, resume)
    return _ended(run, sink, stop, checkpoint_every_s, progress)


def _ended(
    run: TrainingRun,
    sink: TrainingSink,
    stop: Callable[[], bool],
    checkpoint_every_s: float,
    progress: Callable[[TrainingProgress], None] | None,
) -> TrainingResult:
    """Train to the end or to a stop, and leave with the sink what then must outlive the process."""
    with _own_settings(run), BackgroundWriter(sink.save_checkpoint) as writer:
        checkpoints = _Checkpoints(run, writer, checkpoint_every_s)
        if not _train_epochs(run, checkpoints, sink, stop, progress):
            checkpoints.write()
            return _result(run, "stopped")
    for epoch in sorted(run.state.kept):
        sink.save_weights(epoch, weights.pack(run.state.kept[epoch]))
    return _result(run, "done")


@contextmanager
def _own_settings(run: TrainingRun) -> Iterator[None]:
    """Settings of torch as the training needs them; the caller gets its own back."""
    with ExitStack() as scope:
        # Dropout reseeds torch's generator at each step.
        generators = [run.device] if run.device.type == "cuda" else []
        scope.enter_context(torch.random.fork_rng(devices=generators))
        scope.enter_context(without_tf32())
        if run.recipe.precision == "tf32":
            scope.enter_context(with_tf32())
        if run.recipe.deterministic:
            scope.enter_context(deterministic_operations())
        yield


def _train_epochs(
    run: TrainingRun,
    checkpoints: _Checkpoints,
    sink: TrainingSink,
    stop: Callable[[], bool],
    progress: Callable[[TrainingProgress], None] | None,
) -> bool:
    """Do what is left; False when `stop` said so, with the state as it stands between two steps.

    A checkpoint is written after each epoch but the last, which the weights themselves follow.
    """
    deterministic = run.recipe.deterministic
    while not run.finished():
        with fastest_convolutions(run.device.type, deterministic=deterministic):
            is_whole = _train_epoch(run, checkpoints, stop, progress)
        if not is_whole:
            return False
        try:
            row = run.finish_epoch(stop)
        except Stopped:
            return False
        sink.epoch_done(row)
        if not run.finished():
            checkpoints.write()
    return True


def _train_epoch(
    run: TrainingRun,
    checkpoints: _Checkpoints,
    stop: Callable[[], bool],
    progress: Callable[[TrainingProgress], None] | None,
) -> bool:
    """Train on what is left of the present epoch; False when `stop` said so before its end."""
    state, before = run.state, time.perf_counter()
    for batch, target_B in run.batches():
        waited_s = time.perf_counter() - before
        run.train_on(batch, target_B)
        step_s = time.perf_counter() - before
        for tally in (state.of_epoch, state.in_total):
            tally.add(len(target_B), step_s, waited_s)
        if progress is not None:
            speed = state.of_epoch.images_per_s
            progress(TrainingProgress(state.epoch, run.epochs, state.step, run.steps, speed))
        if stop():
            return False
        checkpoints.write_if_due()
        before = time.perf_counter()
    return True


class _Checkpoints:
    """Hands checkpoints of a run to the writer, and knows when the next is due."""

    def __init__(self, run: TrainingRun, writer: BackgroundWriter, every_s: float) -> None:
        self._run, self._writer, self._every_s = run, writer, every_s
        self._last = time.monotonic()

    def write(self) -> None:
        self._writer.submit(checkpoint_of(self._run), self._run.state.epoch, self._run.state.step)
        self._last = time.monotonic()

    def write_if_due(self) -> None:
        if time.monotonic() - self._last >= self._every_s:
            self.write()


def _result(run: TrainingRun, outcome: Literal["done", "stopped"]) -> TrainingResult:
    state = run.state
    return TrainingResult(
        state=outcome,
        selected_epoch=state.best_epoch,
        last_epoch=len(state.history),
        step=state.step,
        kept_epochs=sorted(state.kept),
        history=list(state.history),
        validation_logits=state.best_logits.numpy(),
        images_per_s=state.in_total.images_per_s,
        data_wait_share=state.in_total.wait_share,
    )


def _with_index(device: torch.device) -> torch.device:
    # "cuda" alone means the current one, whose generator has to be named.
    is_bare = str(device) == "cuda"
    return torch.device("cuda", torch.cuda.current_device()) if is_bare else device
