"""One training in progress: the verbs of the loop in `detectors.training`.

B batch, C channels, H/W pixels.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from data.operations import Pipeline
from data.randomness import torch_seed
from data.view import NOTHING, View
from detectors import weights
from detectors.batch_augmentation.step_inputs import StepInputs, step_inputs
from detectors.batches import (
    cut_into,
    epoch_order,
    in_order,
    load_training_batch,
    require_both_labels,
    training_draws,
)
from detectors.frozen_parts import freeze
from detectors.history import HistoryRow, out_of_patience, selected_epoch, validated
from detectors.lasting_errors import TrainingDiverged
from detectors.loader_cpus import loader_threads
from detectors.optimizers import Optimizer
from detectors.plateau import falls_so_far, is_at_the_end
from detectors.prediction import predict
from detectors.recipe_fields import Recipe
from detectors.schedules import learning_rate
from detectors.second_view.with_second_view import WithSecondView
from detectors.training_features import FeatureBatch, FeatureInputs, training_features
from detectors.training_state import TrainingState

if TYPE_CHECKING:
    from data.images import ImageRows


class TrainingRun:
    """What stays the same during a training, and its state.

    Args:
        network: with its initial weights (`detectors.contract.build(..., seed=seed)`); moved to the
            device, trained in place.
        training: rows of both classes; no row of an epoch is left out.
        validation: at least one row; measured after each epoch, selects the epoch if the recipe
            says so.
        view: of training images, the augmentation in its geometry; brings every image to one size.
        validation_view: its geometry is deterministic: the detector's test pipeline.
        augmentation: what acts on a batch on the device, after the view.
        recipe: everything else.
        seed: of order, augmentation and dropout.
        device: "cpu" or "cuda:0"; the number of threads is set by the caller.
        identity: names what is trained, as a fit's id does; a checkpoint of another one is
            refused. None makes it of the recipe, the seed, the views and the rows.
        attempts: plain JSON that travels in each checkpoint: who trained it so far and under which
            conditions, this attempt last. `checkpoint_headers.attempts_of` gives it back.
    """

    def __init__(
        self,
        network: nn.Module,
        *,
        training: ImageRows,
        validation: ImageRows,
        view: View,
        validation_view: View,
        recipe: Recipe,
        seed: int,
        device: torch.device,
        identity: str | None = None,
        attempts: Sequence[Mapping[str, Any]] = (),
        augmentation: Pipeline = NOTHING,
    ) -> None:
        self.training, self.validation = training, validation
        self.identity, self.attempts = identity, attempts
        self.labels = np.asarray(training.labels, dtype=np.int8)
        self.validation_labels = np.asarray(validation.labels, dtype=np.int8)
        require_both_labels(self.labels, self.validation_labels)
        self.view, self.validation_view = view, validation_view
        self.augmentation = augmentation
        self._second = network.drawn if isinstance(network, WithSecondView) else NOTHING
        self.recipe, self.seed, self.device = recipe, seed, device
        self.network = network.to(device).to(memory_format=torch.channels_last)
        self._frozen = freeze(network, recipe.freeze)
        self.optimizer = Optimizer(network, recipe)
        self.has_batch_norm = any(
            isinstance(module, nn.modules.batchnorm._BatchNorm) for module in network.modules()
        )
        num_shown = len(self.order(1))
        self.slices = cut_into(num_shown, recipe.batch_size, merge_single=self.has_batch_norm)
        self.steps = recipe.steps or len(self.slices) * (recipe.epochs or 0)
        self.epochs = -(-self.steps // len(self.slices))
        self.state = TrainingState()
        self.loss_sum = torch.zeros((), dtype=torch.float64, device=device)
        self._shown: npt.NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self._features = training_features(
            self.network, training, view, augmentation, recipe.views, device
        )

    def finished(self) -> bool:
        """Whether no epoch is left to do."""
        history = self.state.history
        if len(history) >= self.epochs or out_of_patience(history, self.recipe):
            return True
        return is_at_the_end(history, self.recipe)

    def order(self, epoch: int) -> npt.NDArray[np.int64]:
        """The rows of an epoch as they are shown."""
        return epoch_order(self.labels, self.recipe.class_balance, self.seed, epoch)

    def rate(self, step: int) -> float:
        """The learning rate of a step of the present epoch."""
        falls = falls_so_far(self.state.history, self.recipe)
        return learning_rate(self.recipe, step, self.steps, len(self.slices), falls)

    def batches(self) -> Iterator[tuple[Tensor | FeatureBatch, Tensor]]:
        """What is left of the present epoch: images_BCHW uint8 and target_B, both on the CPU.

        Over a frozen backbone whose features are kept, these in place of the images.
        """
        epoch, done = self.state.epoch, self.state.batches_done
        order = self._shown = self.order(epoch)
        # A budget in steps may end within the epoch.
        last = done + self.steps - self.state.step
        pinned = self.device.type == "cuda"
        draws = training_draws(self.seed, epoch, self.recipe.views)

        def load(part: slice) -> tuple[Tensor | FeatureBatch, Tensor]:
            indices = order[part]
            target_B = torch.from_numpy(self.labels[indices].astype(np.float32))
            target_B = target_B.pin_memory() if pinned else target_B
            if self._features is not None:
                return self._features.load(indices, epoch), target_B
            images_BCHW = load_training_batch(self.training, indices, self.view, draws, pinned)
            return images_BCHW, target_B

        self.network.train()
        for part in self._frozen:
            part.eval()
        return in_order(load, self.slices[done:last], loader_threads(self.device))

    def train_on(self, batch: Tensor | FeatureBatch, target_B: Tensor) -> None:
        """One update: forward and backward in micro-batches, then the optimiser's step."""
        recipe, state, count = self.recipe, self.state, len(target_B)
        _reseed(torch_seed(self.seed, "step", state.epoch, state.batches_done), self.device)
        network, inputs = self._inputs(batch, target_B)
        smoothing = recipe.label_smoothing
        target_B = inputs.target_B.to(self.device, non_blocking=True)
        target_B = target_B * (1 - smoothing) + smoothing / 2
        in_bfloat16 = recipe.precision == "bfloat16"
        self.optimizer.zero_grad()
        for part in cut_into(count, recipe.micro_batch or count, merge_single=self.has_batch_norm):
            with torch.autocast(self.device.type, torch.bfloat16, enabled=in_bfloat16):
                logit_B = network(*inputs.of(part))
            loss = functional.binary_cross_entropy_with_logits(
                logit_B.float(), target_B[part], reduction="sum"
            )
            (loss / count).backward()  # type: ignore[no-untyped-call]
            self.loss_sum += loss.detach()
        if recipe.gradient_clip is not None:
            self.optimizer.clip_gradient(recipe.gradient_clip)
        self.optimizer.step(self.rate(state.step))
        state.step += 1
        state.batches_done += 1

    def _inputs(
        self, batch: Tensor | FeatureBatch, target_B: Tensor
    ) -> tuple[nn.Module, StepInputs | FeatureInputs]:
        """What is trained, and what it is given of the present batch, on the device."""
        if isinstance(batch, FeatureBatch):
            assert self._features is not None  # it made the batch
            return self._features.head, self._features.inputs(batch, target_B)
        epoch, done = self.state.epoch, self.state.batches_done
        shown = self._shown[self.slices[done]]
        inputs = step_inputs(
            batch.to(self.device, non_blocking=True),
            target_B,
            augmentation=self.augmentation,
            second=self._second,
            image_ids=[self.training.image_ids[row] for row in shown],
            seed=self.seed,
            epoch=epoch,
            step=done,
        )
        return self.network, inputs

    def finish_epoch(self, stop: Callable[[], bool]) -> HistoryRow:
        """Validate, write the history row, keep the weights that are to be kept.

        Raises:
            Stopped: `stop` said so; the state is still that before the validation.
            TrainingDiverged: see there.
        """
        state, started = self.state, time.perf_counter()
        # Reading the loss waits for a GPU to finish its steps: that is training time.
        train_loss = float(self.loss_sum) / state.of_epoch.images
        for tally in (state.of_epoch, state.in_total):
            tally.train_seconds += time.perf_counter() - started
        self.require_finite(train_loss)
        started = time.perf_counter()
        predictions = predict(
            self.network,
            self.validation,
            self.validation_view,
            self.device,
            unreadable="raise",
            stop=stop,
            may_halve=False,  # the selected epoch and a plateau's rate hang on the last bits
        )
        measured = validated(predictions.logits, self.validation_labels)
        row = HistoryRow(
            epoch=state.epoch,
            step=state.step,
            lr=self.rate(state.step - 1),
            train_loss=train_loss,
            validation_loss=measured.loss,
            validation_auc=measured.auc,
            validation_accuracy=measured.accuracy,
            images_per_s=state.of_epoch.images_per_s,
            seconds=state.of_epoch.train_seconds + time.perf_counter() - started,
            data_wait_share=state.of_epoch.wait_share,
        )
        state.history.append(row)
        self._keep(row.epoch, predictions.logits)
        state.next_epoch()
        self.loss_sum.zero_()
        return row

    def require_finite(self, loss: float) -> None:
        """Raise TrainingDiverged where a loss of the present epoch is not finite."""
        if not np.isfinite(loss):
            raise TrainingDiverged(
                f"The training loss of epoch {self.state.epoch} is {loss}; lower the recipe's "
                f"lr ({self.recipe.lr}) or give it a gradient_clip."
            )

    def _keep(self, epoch: int, logits: npt.NDArray[np.float32]) -> None:
        state, keep = self.state, self.recipe.keep_epochs
        is_best = selected_epoch(state.history, self.recipe) == epoch
        is_last = self.finished()
        if is_best:
            if state.best_epoch not in keep:
                state.kept.pop(state.best_epoch, None)
            state.best_epoch, state.best_logits = epoch, torch.from_numpy(logits)
        # Where the last epoch is selected every epoch is the best so far; only the end counts.
        is_candidate = is_best and (is_last or self.recipe.selection != "last")
        if epoch in keep or is_candidate or (is_last and "last" in keep):
            state.kept[epoch] = weights.copied(self.network.state_dict())


def _reseed(seed: int, device: torch.device) -> None:
    # Not torch.manual_seed: it visits every kind of device, 0.1 ms at each step.
    if device.type == "cuda":
        torch.cuda.default_generators[device.index].manual_seed(seed)
    else:
        torch.default_generator.manual_seed(seed)
