"""Detectors to score images with: committed fits of a store, or a checkpoint of the zoo's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from analysis.statistics.temperature import Temperature, fitted_temperature
from data.operations import PipelineError, parse
from data.view import OtherVersion, View, view_of
from detectors.lasting_errors import WeightsMismatch
from grid.records.commits import Commit, committed_fits, read_commit
from grid.records.proven.checksums import CorruptRecord
from grid.records.table_lists import make_known
from grid.records.tables import read_provenance, read_validation
from grid.records.weights_origin import given_files, stated_training
from grid.refusal import Refused
from grid.store.base import Store
from grid.store.errors import StoreMissing
from grid.trial.device import CPU
from grid.trial.images import RowsChanged, TrialImages
from grid.trial.network import WeightsLost, load_fitted
from grid.trial.plugin_source import OtherPlugin, require_trusted
from grid.trial.spec import TrialSpec
from launch.named_fit import named_fit

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Scorer:
    """A detector with its weights and all that is to be said of its numbers.

    Attributes:
        name: of the fit, or of the checkpoint's file.
        detector: of the zoo, or a plug-in.
        network: on the device that it computes on.
        view: what is done to an image before it is scored.
        temperature: of its validation scores.
        seen: ids of the images that it was trained or validated on; None where nobody can tell.
        remarks: what one must know before a number is used, a sentence each.
    """

    name: str
    detector: str
    network: nn.Module
    view: View
    temperature: Temperature
    seen: frozenset[str] | None = None
    remarks: tuple[str, ...] = field(default=())


def scorer_of_fit(
    store: Store, given: str, device: str | None, *, trust_plugins: bool = False
) -> Scorer:
    """Load a committed fit: its selected epoch, its own test geometry, its equalise.

    Args:
        store: has it.
        given: its id, or the beginning of it.
        device: "cpu" or "cuda"; None = the GPU where there is one.
        trust_plugins: run the code of a plug-in that the store holds.

    Raises:
        Refused: no such fit, it cannot be built here, or its code may not run.
        CorruptRecord: what is stored is not what was committed.
    """
    fit_id = named_fit(given, committed_fits(store))
    commit, spec = committed_spec(store, fit_id, trust_plugins=trust_plugins)
    spec["device"] = device if device == CPU else None
    equalise = spec.get("equalise", "none")
    make_known(store, [equalise])
    try:
        view = view_of(equalise, geometry=spec["validation_geometry"])
        if spec["training"] is not None:
            view.require_versions(spec["description"].get("operations", {}))
        network = load_fitted(spec, commit, commit["selected_epoch"], store)
    except (OtherPlugin, OtherVersion, PipelineError, WeightsLost, WeightsMismatch) as error:
        mend = "Put back what the fit was made with, or train it again with this version"
        raise Refused.because(fit_id, str(error).rstrip("."), mend) from error
    seen = _seen(store, spec)
    return Scorer(
        fit_id,
        spec["detector"],
        network,
        view,
        _temperature(store, commit),
        seen,
        tuple(_remarks(spec, equalise, seen)),
    )


def scorer_of_file(
    file: Path,
    detector: str,
    values: Mapping[str, Any],
    *,
    input_preset: str = "",
    own_keys: bool = False,
    device: str | None = None,
) -> Scorer:
    """Load a checkpoint of a detector of the zoo, official or ours.

    Args:
        file: a .pth, .pt or .safetensors; only its tensors are read.
        detector: whose checkpoint it is.
        values: options of the detector that are not its defaults.
        input_preset: geometry by name; "" is the detector's default.
        own_keys: the keys are ours, as of a fit's weights.
        device: see `scorer_of_fit`.

    Raises:
        Refused: the file, the detector or its options cannot be used.
    """
    import torch

    from detectors import weights
    from detectors.contract import build, load_card, parse_options
    from detectors.input_geometry import input_pipelines
    from detectors.weights_folder.importing import for_detector, tensors_of

    state = tensors_of(file)
    try:
        card = load_card(detector)
        options = parse_options(card, values)
        view = view_of(geometry=input_pipelines(card, options, input_preset).test)
        content = for_detector(state, detector, values, own_keys=own_keys)
        network = build(detector, options, seed=0)
        weights.from_bytes(network, content)
    except Refused:
        raise
    except WeightsMismatch as error:
        raise Refused.because(
            str(file), str(error).rstrip("."), "Name its own detector and options"
        ) from error
    except ValueError as error:
        raise Refused.because(f"--detector {detector}", str(error).rstrip("."), "Correct it") from (
            error
        )
    where = device or ("cuda" if torch.cuda.is_available() else CPU)
    return Scorer(
        file.stem,
        detector,
        network.to(torch.device(where)),
        view,
        Temperature(None, "a checkpoint has no validation scores"),
        None,
        (_UNKNOWN_TRAINING,),
    )


def committed_spec(
    store: Store, fit_id: str, *, trust_plugins: bool = False
) -> tuple[Commit, TrialSpec]:
    """Return a fit's commit and the trial that made it, whose network may be built.

    Raises:
        Refused: there is none, or its code may not run.
    """
    commit = read_commit(store, fit_id)
    if commit is None:
        raise Refused.because(fit_id, "it is not committed", "Run its experiment to the end")
    recorded = read_provenance(store, fit_id, commit["attempt"])
    if "spec" not in recorded:
        why = "its scores were imported, so there is no network of it here"
        raise Refused.because(fit_id, why, "Name a fit that was trained here")
    spec = cast(TrialSpec, dict(recorded["spec"]))
    require_trusted(spec, trust_plugins=trust_plugins)
    return commit, spec


_UNKNOWN_TRAINING = (
    "what its weights were trained on is not stated, so these images, or their generators, may "
    "have been among it"
)


def _remarks(spec: TrialSpec, equalise: str, seen: frozenset[str] | None) -> list[str]:
    """Say what of a fit limits what its numbers mean for images of anywhere."""
    remarks = []
    if any(step.name == "match" for step in parse(equalise, "equalise").operations):
        remarks.append(
            "it was trained under `equalise: match`, which codes fakes as JPEG as the reals were: "
            "of an image whose class is unknown that cannot be done, so these are cropped alone, "
            "as reals are, and a fake that was never JPEG looks unlike those of the training"
        )
    if given_files(spec["weights"]) and stated_training(spec["weights"]) is None:
        remarks.append(_UNKNOWN_TRAINING)
    if seen is None and spec["training"] is not None:
        remarks.append(
            "which images it was trained on cannot be read from the store any more, so nothing "
            "says whether these are among them"
        )
    return remarks


def _temperature(store: Store, commit: Commit) -> Temperature:
    try:
        scores = read_validation(store, commit["fit_id"], commit["attempt"])
    except StoreMissing:
        return Temperature(None, "the fit has no validation scores")
    return fitted_temperature(scores["logit"].to_numpy(), scores["label"].to_numpy())


def _seen(store: Store, spec: TrialSpec) -> frozenset[str] | None:
    """Return the ids of a fit's training and validation images, None where they are not known."""
    if spec["training"] is None and not spec["lineage"]:
        return None
    try:
        return TrialImages(store, spec).seen
    except (StoreMissing, CorruptRecord, RowsChanged, ValueError):
        return None
