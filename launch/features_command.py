"""`crossgen features`: reads features of a fit's images, projects them, keeps both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.selecting.selection import StoreSelection
from data.counts import counted
from data.decode import ImageChanged
from data.operations import PipelineError
from data.view import OtherVersion, View, view_of
from detectors.lasting_errors import WeightsMismatch
from grid.console import Console
from grid.records.commits import Commit, committed_fits
from grid.records.identity import digest_of_json
from grid.records.places import features_key
from grid.records.table_lists import make_known
from grid.refusal import Refused
from grid.store.base import Store
from grid.store.errors import StoreError
from grid.trial.device import CPU
from grid.trial.network import WeightsLost, initial_network, load_fitted
from grid.trial.plugin_source import OtherPlugin
from grid.trial.spec import TrialSpec
from launch.desk import store_of
from launch.feature_space.feature_files import features_parquet, scatter_png
from launch.feature_space.feature_images import FeatureImages, tested_images, trained_images
from launch.feature_space.projection import Projection, projected
from launch.named_fit import named_fit
from launch.paragraphs import print_paragraph
from launch.predicting.scorers import committed_spec
from launch.waiting import waiting
from launch.whole_file import whole_file

if TYPE_CHECKING:
    from torch import nn

    from detectors.explaining.read_features import ReadFeatures

INIT, FINAL = "init", "final"


def save_features(
    *,
    fit: str,
    at: str,
    sets: Sequence[str],
    training: bool,
    per_pool: int,
    seed: int,
    output: Path | None,
    device: str | None,
    store: str | None,
) -> None:
    """Read, project and keep features; say what was kept and what it shows.

    Raises:
        Refused: no such fit, epoch or test set, or its images are not there.
    """
    if training and sets:
        raise Refused.because("--training with --set", "either names images", "Give one of them")
    if output is not None and output.suffix != ".parquet":
        raise Refused.because(f"-o {output}", "its format is not known", "End it with .parquet")
    opened = store_of(store)
    fit_id = named_fit(fit, committed_fits(opened))
    commit, spec = committed_spec(opened, fit_id)
    spec["device"] = device if device == CPU else None
    make_known(opened, [spec.get("equalise", "none")])
    with waiting("choosing images") as say:
        if training:
            images = trained_images(opened, spec, per_pool, seed)
        else:
            experiments = StoreSelection(opened).experiments
            images = tested_images(opened, spec, experiments, sets, per_pool, seed)
        say("loading the network")
        view = view_of(spec.get("equalise", "none"), geometry=spec["validation_geometry"])
        network = _network(spec, commit, at, opened)
        total = len(images.rows)
        read = _read(network, images, view, lambda done: say(f"reading {done:,}/{total:,}"))
    images, read, lost = _decoded(images, read)
    labels = images.rows.labels
    plane = projected(read.features, labels, images.rows.image_ids)
    facts = {
        "at": at,
        "draw_seed": seed,
        "epoch": _epoch(commit, at),
        "fit_id": fit_id,
        "images": "training" if training else "test",
        "images_per_pool": per_pool,
        "sets": sorted(sets),
        "view": view.canonical,
    }
    content = features_parquet(images.rows.image_ids, labels, images.generators, read, plane, facts)
    said = "" if plane.separation is None else f", separation {plane.separation:.3f}"
    picture = scatter_png(
        plane, labels, images.generators, f"{fit_id}, {at}, {facts['images']} images{said}"
    )
    name = f"{at}-{facts['images']}-{digest_of_json(facts)[:8]}"
    place = _kept(opened, output, fit_id, name, content, picture)
    _say(Console(), images, read, plane, lost, place)


def _network(spec: TrialSpec, commit: Commit, at: str, store: Store) -> nn.Module:
    """Build the network at the weights that are meant.

    Raises:
        Refused: the epoch was not kept, or the network cannot be built here.
    """
    epoch = _epoch(commit, at)
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


def _epoch(commit: Commit, at: str) -> int | None:
    """The epoch that is meant, None for the initial weights."""
    if at == INIT:
        return None
    if at == FINAL:
        return commit["selected_epoch"]
    if at.isdecimal():
        return int(at)
    raise Refused.because(f"--at {at}", "no weights are called so", "Say init, final or a number")


def _read(network: nn.Module, images: FeatureImages, view: View, say: Any) -> ReadFeatures:
    from detectors.explaining.read_features import features_of

    device = next(network.parameters()).device
    try:
        return features_of(network, images.rows, view, device, say)
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


def _decoded(images: FeatureImages, read: ReadFeatures) -> tuple[FeatureImages, ReadFeatures, int]:
    """Leave out images that could not be decoded; the number of them comes last."""
    if not read.unreadable:
        return images, read, 0
    lost = {row for row, _ in read.unreadable}
    rows = np.array([row for row in range(len(images.rows)) if row not in lost])
    kept = replace(read, features=read.features[rows], logits=read.logits[rows])
    left = FeatureImages(images.rows.taken(rows), [images.generators[row] for row in rows])
    return left, kept, len(lost)


def _kept(
    store: Store, output: Path | None, fit_id: str, name: str, content: bytes, picture: bytes
) -> str:
    """Write both files and return where the first one is."""
    if output is None:
        for ending, data in (("parquet", content), ("png", picture)):
            store.put_checkpoint(features_key(fit_id, name, ending), data)
        return f"{store.url}/{features_key(fit_id, name, 'parquet')}"
    try:
        for path, data in ((output, content), (output.with_suffix(".png"), picture)):
            with whole_file(path) as temporary:
                temporary.write_bytes(data)
    except OSError as error:
        why = f"it cannot be written ({error.strerror or error})"
        raise Refused.because(f"-o {output}", why, "Name another place") from error
    return str(output)


def _say(
    console: Console,
    images: FeatureImages,
    read: ReadFeatures,
    plane: Projection,
    lost: int,
    place: str,
) -> None:
    first, second = plane.explained
    print_paragraph(
        console,
        f"{read.features.shape[1]:,} features of {counted(len(images.rows), 'image')}; two "
        f"components explain {first:.1%} and {second:.1%} of their variance",
    )
    if plane.separation is None:
        said = "separation of real and fake: undefined, since a class has too few images"
    else:
        said = f"separation of real and fake: {plane.separation:.3f}, the balanced accuracy of a "
        said += "linear discriminant on ten components, cross-validated; .5 is chance"
    print_paragraph(console, said)
    if lost:
        print_paragraph(
            console, f"! {counted(lost, 'image')} left out: not decoded", style="yellow"
        )
    print_paragraph(console, f"{place} and .png")
