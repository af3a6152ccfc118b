"""`crossgen features --at both`: a fit's features before and after training, kept for figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from analysis.selecting.selection import StoreSelection
from data.counts import counted
from grid.console import Console
from grid.records.artifacts.feature_planes import FeaturePlane
from launch.command_lines import print_hint, store_command
from launch.desk import store_of
from launch.feature_space.fit_features import fit_images
from launch.feature_space.planes import made_planes
from launch.paragraphs import print_paragraph
from launch.waiting import waiting


def save_planes(
    *,
    fit: str,
    sets: Sequence[str],
    training: bool,
    per_pool: int,
    seed: int,
    device: str | None,
    store: str | None,
    trust_plugins: bool,
) -> None:
    """Read, project and keep features at the initial and the final weights; say what they show.

    Raises:
        Refused: no such fit or test set, or its images are not there.
    """
    opened = store_of(store)
    drawn_from: dict[str, Any] = {
        "images": "training" if training else "test",
        "sets": sorted(sets),
        "images_per_pool": per_pool,
        "draw_seed": seed,
    }
    with waiting("choosing images") as say:
        source = fit_images(
            opened, fit, sets, training, per_pool, seed, device, trust_plugins=trust_plugins
        )
        planes, key, is_new = made_planes(opened, source, drawn_from, say)
    console = Console()
    count = len(source.images.rows) - planes.unreadable
    kind = f"{drawn_from['images']} image"
    done = "computed" if is_new else "there already"
    print_paragraph(console, f"features of {counted(count, kind)}: {done}")
    for plane in planes.planes.values():
        print_paragraph(console, _line(plane), 2)
    if planes.unreadable:
        lost = counted(planes.unreadable, "image")
        print_paragraph(console, f"! {lost} left out: not decoded", style="yellow")
    print_paragraph(console, f"{opened.url}/{key}")
    for experiment in StoreSelection(opened).experiments_of(source.fit_id)[:1]:
        words = ("figures", "feature_pca", "--experiment", experiment["name"])
        print_hint(console, "draw them", store_command(store, *words))


def _line(plane: FeaturePlane) -> str:
    """What is measured of one plane."""
    facts = plane.facts
    first, second = facts.explained[:2]
    told = "undefined, since a class has too few images"
    if facts.auc is not None and facts.auc_low is not None and facts.auc_high is not None:
        told = f"AUC {facts.auc:.3f} [{facts.auc_low:.3f}, {facts.auc_high:.3f}]"
    return (
        f"{plane.at}: real and fake told apart in all {facts.features:,} features with {told}; two "
        f"components explain {first:.1%} and {second:.1%} of the variance"
    )
