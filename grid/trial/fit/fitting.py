"""One fit: resumed or begun, trained, committed; or a given checkpoint brought into the store.

First commit wins. An attempt writes only under its own folder; it goes on from the furthest
checkpoint of any attempt that `grid.trial.fit.resuming` allows. What loses the race to commit is
discarded by its own attempt.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from data.image_files import UnreadableImage
from grid.records.commits import Commit
from grid.store.base import Store
from grid.trial.contract import Report, Stop
from grid.trial.fit.conditions import resume_warnings
from grid.trial.fit.damaged_rows import name_all
from grid.trial.fit.fit_warnings import fit_warnings, parameters_digest, untrained_logits
from grid.trial.fit.given_fit import commit_given_weights
from grid.trial.fit.learned_memory import leave_profile
from grid.trial.fit.provenance import conditions, provenance
from grid.trial.fit.resuming import Start, starts
from grid.trial.fit.trained_fit import AttemptFolder, commit_trained
from grid.trial.fit.training_views import training_views
from grid.trial.images import TrialImages
from grid.trial.network import initial_network
from grid.trial.peak_memory import PeakMemory
from grid.trial.spec import TrialSpec

if TYPE_CHECKING:
    from torch import nn

    from data.images import ImageRows
    from detectors.training import TrainingProgress, TrainingResult
    from grid.trial.fit.fit_warnings import Untrained

log = logging.getLogger(__name__)


def fit_detector(
    spec: TrialSpec,
    rows: TrialImages,
    store: Store,
    attempt: str,
    report: Report,
    stop: Stop,
) -> Commit | None:
    """Bring the fit of a trial into the store and return its commit; None when stopped before."""
    if spec["training"] is None:
        return commit_given_weights(spec, store, attempt)
    training, validation = rows.training()
    folder = AttemptFolder(spec["fit_id"], store, attempt)
    try:
        trained = _train(spec, training, validation, folder, report, stop)
    except UnreadableImage as fault:
        leaves_out = spec["unreadable"] == "leave_out"
        name_all(fault, [training, validation], store, stop, leaves_out=leaves_out)
        raise
    if trained.result.state == "stopped":
        return None
    logits = trained.result.validation_logits
    warnings = [
        *fit_warnings(trained.untrained, logits, parameters_digest(trained.network)),
        *resume_warnings(trained.facts["attempts"]),
    ]
    for sentence in warnings:
        log.warning("%s: %s", spec["fit_id"], sentence)
    leave_profile(store, spec, trained.facts)
    return commit_trained(
        spec, folder, trained.result, training, validation, trained.facts, warnings
    )


@dataclass(frozen=True)
class _Trained:
    """A network as its training left it, and what is known of that training."""

    network: nn.Module
    untrained: Untrained
    result: TrainingResult
    facts: Mapping[str, Any]
    """The attempt's provenance."""


def _train(
    spec: TrialSpec,
    training: ImageRows,
    validation: ImageRows,
    folder: AttemptFolder,
    report: Report,
    stop: Stop,
) -> _Trained:
    """Train from the furthest checkpoint that turns out to be whole, or from the start."""
    from detectors.checkpoint_headers import CheckpointInvalid

    now = conditions(spec)
    untrained = None
    anyway = spec.get("resume_anyway", False)
    for start in starts(folder.store, spec["fit_id"], now, resume_anyway=anyway):
        network = initial_network(spec, folder.store)
        if untrained is None:
            _, _, validation_view = training_views(spec)
            device = str(next(network.parameters()).device)
            untrained = untrained_logits(network, validation, validation_view, device)
        attempts = start.with_this(folder.attempt, now)
        try:
            with provenance(spec, folder.attempt) as facts:
                peak = PeakMemory(next(network.parameters()).device)
                result = _train_from(
                    start, attempts, network, spec, training, validation, folder, report, stop
                )
                attempts[-1]["to_step"] = result.step
                facts.update(
                    images_per_s=result.images_per_s,
                    data_wait_share=result.data_wait_share,
                    peak_memory_bytes=peak.bytes(),
                    attempts=attempts,
                )
            return _Trained(network, untrained, result, facts.record)
        except CheckpointInvalid as error:  # the next one, and in the end none
            log.warning("%s: a checkpoint is passed over: %s", spec["fit_id"], error)
    raise AssertionError("a start without a checkpoint cannot be passed over")


def _train_from(
    start: Start,
    attempts: list[dict[str, Any]],
    network: nn.Module,
    spec: TrialSpec,
    training: ImageRows,
    validation: ImageRows,
    folder: AttemptFolder,
    report: Report,
    stop: Stop,
) -> TrainingResult:
    """Train the network as its spec says, in place."""
    from detectors.recipe_fields import Recipe
    from detectors.training import train

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

    view, augmentation, validation_view = training_views(spec)
    return train(
        network,
        training=training,
        validation=validation,
        view=view,
        augmentation=augmentation,
        validation_view=validation_view,
        recipe=Recipe.model_validate(spec["recipe"]),
        seed=spec["seed"] or 0,  # only given weights have none, and they are not trained
        device=next(network.parameters()).device,
        sink=folder,
        identity=spec["fit_id"],
        attempts=attempts,
        resume=start.checkpoint,
        stop=stop,
        progress=told,
    )
