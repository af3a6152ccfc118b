"""`crossgen features`: reads features of a fit's images, projects them, keeps both."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from data.counts import counted
from grid.console import Console
from grid.records.identity import digest_of_json
from grid.records.places import features_key
from grid.refusal import Refused
from grid.store.base import Store
from launch.desk import store_of
from launch.feature_space.feature_files import features_parquet, scatter_png
from launch.feature_space.feature_images import FeatureImages
from launch.feature_space.fit_features import decoded_alone, epoch_at, features_at, fit_images
from launch.feature_space.projection import Projection, projected
from launch.paragraphs import print_paragraph
from launch.waiting import waiting
from launch.whole_file import whole_file

if TYPE_CHECKING:
    from detectors.explaining.read_features import ReadFeatures


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
    trust_plugins: bool,
) -> None:
    """Read, project and keep features; say what was kept and what it shows.

    Raises:
        Refused: no such fit, epoch or test set, or its images are not there.
    """
    if output is not None and output.suffix != ".parquet":
        raise Refused.because(f"-o {output}", "its format is not known", "End it with .parquet")
    opened = store_of(store)
    with waiting("choosing images") as say:
        source = fit_images(
            opened, fit, sets, training, per_pool, seed, device, trust_plugins=trust_plugins
        )
        read = features_at(source, at, opened, say)
    fit_id = source.fit_id
    images, read, lost = decoded_alone(source.images, read)
    labels = images.rows.labels
    plane = projected(read.features, labels, images.rows.image_ids)
    facts = {
        "at": at,
        "draw_seed": seed,
        "epoch": epoch_at(source.commit, at),
        "fit_id": fit_id,
        "images": "training" if training else "test",
        "images_per_pool": per_pool,
        "sets": sorted(sets),
        "view": source.view.canonical,
    }
    content = features_parquet(images.rows.image_ids, labels, images.generators, read, plane, facts)
    said = "" if plane.separation is None else f", separation {plane.separation:.3f}"
    picture = scatter_png(
        plane, labels, images.generators, f"{fit_id}, {at}, {facts['images']} images{said}"
    )
    name = f"{at}-{facts['images']}-{digest_of_json(facts)[:8]}"
    place = _kept(opened, output, fit_id, name, content, picture)
    _say(Console(), images, read, plane, lost, place)


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
