"""A fit's images and networks, as features are read of them: at any of its weights.

Shared by `crossgen features` at one set of weights and at the initial and final ones together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.selecting.selection import StoreSelection
from data.decode import ImageChanged
from data.operations import PipelineError
from data.view import OtherVersion, View, view_of
from detectors.lasting_errors import WeightsMismatch
from grid.records.commits import Commit, committed_fits
from grid.records.table_lists import make_known
from grid.refusal import Refused
from grid.store.base import Store
from grid.store.errors import StoreError
from grid.trial.device import CPU
from grid.trial.network import WeightsLost, initial_network, load_fitted
from grid.trial.plugin_source import OtherPlugin
from grid.trial.spec import TrialSpec
from launch.feature_space.feature_images import FeatureImages, tested_images, trained_images
from launch.named_fit import named_fit
from launch.predicting.scorers import committed_spec

if TYPE_CHECKING:
    from torch import nn

    from detectors.explaining.read_features import ReadFeatures

INIT, FINAL = "init", "final"


@dataclass(frozen=True)
class FitImages:
    """A committed fit, the images that its features are read of, and how they are given to it."""

    fit_id: str
    commit: Commit
    spec: TrialSpec
    view: View
    images: FeatureImages


def fit_images(
    store: Store,
    fit: str,
    sets: Sequence[str],
    training: bool,
    per_pool: int,
    seed: int,
    device: str | None,
    *,
    trust_plugins: bool = False,
) -> FitImages:
    """Find a fit and draw its images.

    Args:
        store: has the fit and says where the files lie.
        fit: an id, or how it begins.
        sets: names of test sets; none = all that it is scored on.
        training: instead: images that it was trained on.
        per_pool: at most so many of each pool.
        seed: of the draw.
        device: "cpu", or None for the best there is.
        trust_plugins: run the code of a plug-in that the store holds.

    Raises:
        Refused: no such fit or test set, both kinds of images, or the images are not there.
    """
    if training and sets:
        raise Refused.because("--training with --set", "either names images", "Give one of them")
    fit_id = named_fit(fit, committed_fits(store))
    commit, spec = committed_spec(store, fit_id, trust_plugins=trust_plugins)
    spec["device"] = device if device == CPU else None
    make_known(store, [spec.get("equalise", "none")])
    if training:
        images = trained_images(store, spec, per_pool, seed)
    else:
        images = tested_images(store, spec, StoreSelection(store).experiments, sets, per_pool, seed)
    view = view_of(spec.get("equalise", "none"), geometry=spec["validation_geometry"])
    return FitImages(fit_id, commit, spec, view, images)


def network_at(spec: TrialSpec, commit: Commit, at: str, store: Store) -> nn.Module:
    """Build the network at the weights that are meant.

    Raises:
        Refused: the epoch was not kept, or the network cannot be built here.
    """
    epoch = epoch_at(commit, at)
    mend = "Put back what the fit was made with, or train it again with this version"
    try:
        if epoch is None:
            return initial_network(spec, store)
        if str(epoch) not in commit["weights"]:
            kept = ", ".join(sorted(commit["weights"], key=int))
            raise Refused.because(f"--at {at}", "its weights were not kept", f"Kept are {kept}")
        return load_fitted(spec, commit, epoch, store)
    except (OtherPlugin, OtherVersion, WeightsLost, WeightsMismatch) as error:
        raise Refused.because(commit["fit_id"], str(error).rstrip("."), mend) from error


def epoch_at(commit: Commit, at: str) -> int | None:
    """The epoch that is meant, None for the initial weights."""
    if at == INIT:
        return None
    if at == FINAL:
        return commit["selected_epoch"]
    if at.isdecimal():
        return int(at)
    raise Refused.because(f"--at {at}", "no weights are called so", "Say init, final or a number")


def features_at(
    source: FitImages, at: str, store: Store, say: Callable[[str], None]
) -> ReadFeatures:
    """Read the features of a fit's images at some of its weights.

    Args:
        source: the fit and its images.
        at: init, final or the number of an epoch.
        store: has the weights.
        say: told what is being done.

    Raises:
        Refused: the weights or an image are not there, or the network has no last linear layer.
    """
    from detectors.explaining.read_features import features_of

    say(f"loading the network, {at}")
    network = network_at(source.spec, source.commit, at, store)
    device, total = next(network.parameters()).device, len(source.images.rows)
    try:
        return features_of(
            network,
            source.images.rows,
            source.view,
            device,
            lambda done: say(f"reading {done:,}/{total:,}, {at}"),
        )
    except (ImageChanged, PipelineError) as error:
        raise Refused.because("an image", str(error).rstrip("."), "Put it back") from error
    except StoreError:
        raise
    except OSError as error:
        what = str(error.filename or "an image")
        why = f"it cannot be read ({error.strerror or error})"
        raise Refused.because(what, why, "Put back the images, or run the experiment again") from (
            error
        )
    except ValueError as error:
        why = str(error).rstrip(".")
        raise Refused.because("features", why, "Choose another fit or other images") from error


def decoded_alone(
    images: FeatureImages, read: ReadFeatures
) -> tuple[FeatureImages, ReadFeatures, int]:
    """Leave out images that could not be decoded; the number of them comes last."""
    if not read.unreadable:
        return images, read, 0
    lost = {row for row, _ in read.unreadable}
    rows = np.array([row for row in range(len(images.rows)) if row not in lost])
    kept = replace(read, features=read.features[rows], logits=read.logits[rows])
    left = FeatureImages(images.rows.taken(rows), [images.generators[row] for row in rows])
    return left, kept, len(lost)
