"""One fit: resumed or begun, trained, committed; or a given checkpoint brought into the store.

First commit wins. An attempt writes only under its own folder; it goes on from the furthest
checkpoint of any attempt that `grid.trial.fit.resuming` allows. What loses the race to commit is
discarded by its own attempt.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from data.regular_files import read_regular
from grid.records.attempts import discard_attempt
from grid.records.commits import (
    Commit,
    StoredWeights,
    commit_fit,
    read_commit,
    read_weights,
    write_weights,
)
from grid.records.experiments import resolved_epochs
from grid.records.fit_views import training_views
from grid.records.places import checkpoint_key, weights_key
from grid.records.proven.json_records import SCHEMA
from grid.records.tables import write_history, write_provenance, write_validation
from grid.store.base import Store
from grid.trial.contract import Report, Stop
from grid.trial.fit.conditions import resume_warnings
from grid.trial.fit.fit_warnings import fit_warnings, parameters_digest, untrained_logits
from grid.trial.fit.provenance import conditions, provenance
from grid.trial.fit.resuming import starts
from grid.trial.images import Rows

if TYPE_CHECKING:
    from torch import nn

    from data.images import ImageRows
    from detectors.history import HistoryRow
    from detectors.training import TrainingProgress, TrainingResult

log = logging.getLogger(__name__)


def fit_detector(
    spec: Mapping[str, Any],
    rows: Rows,
    store: Store,
    attempt: str,
    report: Report,
    stop: Stop,
) -> Commit | None:
    """Bring the fit of a trial into the store and return its commit; None when stopped before."""
    if spec["training"] is None:
        return _commit_given_weights(spec, store, attempt)
    return _train(spec, rows, store, attempt, report, stop)


def load_fitted(spec: Mapping[str, Any], commit: Commit, epoch: int, store: Store) -> nn.Module:
    """Build the detector with committed weights, read back and checked, on the trial's device.

    Raises:
        WeightsChanged: the weights in the store are not those that were committed.
    """
    from detectors import weights

    network = _new_network(spec)
    weights.from_bytes(network, read_weights(store, commit, epoch))
    return network


class WeightsLost(RuntimeError):
    """Weights that should be there are gone or changed."""


def _new_network(spec: Mapping[str, Any]) -> nn.Module:
    """Build the network at its seeded initial weights, on the device of this process."""
    import torch

    from detectors.contract import build, load_card, parse_options

    torch.set_num_threads(int(spec["threads"]))
    card = load_card(spec["detector"])
    network = build(card.name, parse_options(card, spec["options"]), seed=spec["seed"] or 0)
    return network.to(torch.device("cuda" if torch.cuda.is_available() else "cpu"))


def _train(
    spec: Mapping[str, Any],
    rows: Rows,
    store: Store,
    attempt: str,
    report: Report,
    stop: Stop,
) -> Commit | None:
    from detectors.checkpoint_headers import CheckpointInvalid
    from detectors.recipes import Recipe
    from detectors.training import train

    training, validation = rows.training()
    view, augmentation, validation_view = training_views(spec)
    untrained = None
    folder = _AttemptFolder(spec["fit_id"], store, attempt)

    def told(progress: TrainingProgress) -> None:
        report(
            {
                "phase": "train",
                "epoch": progress.epoch,
                "epochs": progress.epochs,
                "step": progress.step,
                "steps": progress.steps,
                "images_per_s": progress.images_per_s,
            }
        )

    now = conditions(spec["threads"])
    anyway = spec.get("resume_anyway", False)
    for start in starts(store, spec["fit_id"], now, resume_anyway=anyway):
        network = _initial_network(spec, store)
        device = next(network.parameters()).device
        if untrained is None:
            untrained = untrained_logits(network, validation, validation_view, str(device))
        try:
            with provenance(spec, attempt) as facts:
                result = train(
                    network,
                    training=training,
                    validation=validation,
                    view=view,
                    augmentation=augmentation,
                    validation_view=validation_view,
                    recipe=Recipe.model_validate(spec["recipe"]),
                    seed=spec["seed"],
                    device=device,
                    sink=folder,
                    identity=spec["fit_id"],
                    attempts=start.with_this(attempt, now),
                    resume=start.checkpoint,
                    stop=stop,
                    progress=told,
                )
                attempts = start.with_this(attempt, now)
                attempts[-1]["to_step"] = result.step
                facts.update(
                    images_per_s=result.images_per_s,
                    data_wait_share=result.data_wait_share,
                    attempts=attempts,
                )
            break
        except CheckpointInvalid as error:  # the next one, and in the end none
            log.warning("%s: a checkpoint is passed over: %s", spec["fit_id"], error)
    if result.state == "stopped":
        return None
    assert untrained is not None  # the loop above ran at least once
    warnings = [
        *fit_warnings(untrained, result.validation_logits, parameters_digest(network)),
        *resume_warnings(attempts),
    ]
    for sentence in warnings:
        log.warning("%s: %s", spec["fit_id"], sentence)
    return _commit_trained(
        spec, store, folder, result, training, validation, facts.record, warnings
    )


def _initial_network(spec: Mapping[str, Any], store: Store) -> nn.Module:
    """Build the network that training begins with: seeded, or from a parent, or from a file."""
    from detectors import weights

    network = _new_network(spec)
    if spec["parent"] is not None:
        parent = read_commit(store, spec["parent"])
        if parent is None:
            raise RuntimeError(
                f"the parent fit {spec['parent']} is not committed yet; it is trained first "
                "when both stand in one experiment, so run the experiment whole"
            )
        [epoch] = resolved_epochs([spec["weights"]["epoch"]], parent)
        weights.from_bytes(network, read_weights(store, parent, epoch))
    elif spec["weights"] is not None:
        weights.from_bytes(network, _given(spec["weights"]))
    return network


class _AttemptFolder:
    """Where the training loop's files go: fits/<fit_id>/<attempt>/, and nowhere else."""

    def __init__(self, fit_id: str, store: Store, attempt: str) -> None:
        self.fit_id = fit_id
        self.store = store
        self.attempt = attempt
        self.weights: dict[str, StoredWeights] = {}

    def save_checkpoint(self, data: bytes, epoch: int, step: int) -> None:
        self.store.put_checkpoint(checkpoint_key(self.fit_id, self.attempt), data)

    def save_weights(self, epoch: int, data: bytes) -> None:
        self.weights[str(epoch)] = write_weights(self.store, self.fit_id, self.attempt, epoch, data)

    def epoch_done(self, row: HistoryRow) -> None:
        log.info(
            "%s: epoch %d, training loss %.4f, validation loss %.4f, accuracy %.3f",
            self.fit_id,
            row.epoch,
            row.train_loss,
            row.validation_loss,
            row.validation_accuracy,
        )


def _commit_trained(
    spec: Mapping[str, Any],
    store: Store,
    folder: _AttemptFolder,
    result: TrainingResult,
    training: ImageRows,
    validation: ImageRows,
    facts: Mapping[str, Any],
    warnings: list[str],
) -> Commit:
    """Write what belongs to the fit, then the commit that makes it exist."""
    fit_id, attempt = spec["fit_id"], folder.attempt
    write_history(store, fit_id, attempt, [asdict(row) for row in result.history])
    write_validation(
        store, fit_id, attempt, validation.image_ids, validation.labels, result.validation_logits
    )
    write_provenance(store, fit_id, attempt, {**facts, "spec": dict(spec)})
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
    return _first_wins(store, commit)


def _commit_given_weights(spec: Mapping[str, Any], store: Store, attempt: str) -> Commit:
    """Bring a given checkpoint into the store as epoch 0 of an untrained fit."""
    from detectors import weights

    network = _new_network(spec)
    weights.from_bytes(network, _given(spec["weights"]))  # strict: it fits, or this stops
    content = weights.to_bytes(network)
    store.put_new(weights_key(spec["fit_id"], attempt, 0), content)
    with provenance(spec, attempt) as facts:
        pass
    write_provenance(store, spec["fit_id"], attempt, {**facts.record, "spec": dict(spec)})
    commit = Commit(
        schema=SCHEMA,
        fit_id=spec["fit_id"],
        attempt=attempt,
        description=dict(spec["description"]),
        weights={"0": {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}},
        selected_epoch=0,
        last_epoch=0,
        kept_epochs=[0],
        threshold={"rule": "logit", "value": 0.0},
        n_train=0,
        n_validation=0,
        seconds=0.0,
        predicted_seconds=None,
        parent=None,
        warnings=[],
    )
    return _first_wins(store, commit)


def _given(weights: Mapping[str, Any]) -> bytes:
    """Read a checkpoint file and check that it is still the one that was planned with."""
    content = read_regular(weights["path"])
    if hashlib.sha256(content).hexdigest() != weights["sha256"]:
        raise WeightsLost(
            f"{weights['path']} has changed since the plan was made. Run the experiment again: "
            "a changed checkpoint is another fit"
        )
    return content


def _first_wins(store: Store, commit: Commit) -> Commit:
    if commit_fit(store, commit):
        store.delete(checkpoint_key(commit["fit_id"], commit["attempt"]))
        return commit
    discard_attempt(store, commit["fit_id"], commit["attempt"])
    winner = read_commit(store, commit["fit_id"])
    if winner is None:
        raise RuntimeError(
            f"commits/{commit['fit_id']}.json existed and was gone a moment later: somebody "
            "deletes files of the store while it is in use. Stop that, then run again"
        )
    return winner
