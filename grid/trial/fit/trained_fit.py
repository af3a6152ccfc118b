"""What a training leaves in the store: the files of its attempt, then the commit."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from grid.records.commits import Commit, StoredWeights, write_weights
from grid.records.places import checkpoint_key
from grid.records.proven.json_records import SCHEMA
from grid.records.tables import write_history, write_provenance, write_validation
from grid.store.base import Store
from grid.trial.fit.first_commit import commit_first
from grid.trial.spec import TrialSpec, without_share

if TYPE_CHECKING:
    from data.images import ImageRows
    from detectors.history import HistoryRow
    from detectors.training import TrainingResult

log = logging.getLogger(__name__)


class AttemptFolder:
    """Where the training loop's files go: fits/<fit_id>/<attempt>/, and nowhere else."""

    def __init__(self, fit_id: str, store: Store, attempt: str) -> None:
        self.fit_id = fit_id
        self.store = store
        self.attempt = attempt
        self.weights: dict[str, StoredWeights] = {}

    def save_checkpoint(self, data: bytes, epoch: int, step: int) -> None:
        """Keep a checkpoint, in place of the attempt's last one."""
        self.store.put_checkpoint(checkpoint_key(self.fit_id, self.attempt), data)

    def save_weights(self, epoch: int, data: bytes) -> None:
        """Keep an epoch's weights, for the commit to name."""
        self.weights[str(epoch)] = write_weights(self.store, self.fit_id, self.attempt, epoch, data)

    def epoch_done(self, row: HistoryRow) -> None:
        """Note an epoch in the log."""
        log.info(
            "%s: epoch %d, training loss %.4f, validation loss %.4f, accuracy %.3f",
            self.fit_id,
            row.epoch,
            row.train_loss,
            row.validation_loss,
            row.validation_accuracy,
        )


def commit_trained(
    spec: TrialSpec,
    folder: AttemptFolder,
    result: TrainingResult,
    training: ImageRows,
    validation: ImageRows,
    facts: Mapping[str, Any],
    warnings: list[str],
) -> Commit:
    """Write what belongs to the fit, then the commit that makes it exist.

    Args:
        spec: of the trial.
        folder: holds the weights that the training kept.
        result: of the training.
        training: images trained on.
        validation: images that `result.validation_logits` are of.
        facts: the attempt's provenance.
        warnings: sentences for the commit.
    """
    store, fit_id, attempt = folder.store, folder.fit_id, folder.attempt
    write_history(store, fit_id, attempt, [asdict(row) for row in result.history])
    write_validation(
        store, fit_id, attempt, validation.image_ids, validation.labels, result.validation_logits
    )
    write_provenance(store, fit_id, attempt, {**facts, "spec": without_share(spec)})
    commit = Commit(
        schema=SCHEMA,
        fit_id=fit_id,
        attempt=attempt,
        description=dict(spec["description"]),
        weights=folder.weights,
        selected_epoch=result.selected_epoch,
        last_epoch=result.last_epoch,
        kept_epochs=result.kept_epochs,
        threshold={"rule": "logit", "value": 0.0},
        n_train=len(training),
        n_validation=len(validation),
        seconds=round(sum(row.seconds for row in result.history), 3),
        predicted_seconds=spec["predicted_training_s"],
        parent=spec["parent"],
        warnings=warnings,
    )
    return commit_first(store, commit)
