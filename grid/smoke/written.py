"""A smoke variant as files: its experiment file and its images, in a folder of the user's cache."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grid.cache_folder import default_cache_dir
from grid.experiment_file.loading import checked_shape, read_changed
from grid.records.identity import digest
from grid.refusal import Refused
from grid.smoke.simulated_datasets import GAN, SimulatedDataset
from grid.smoke.variant import SmokeVariant, smoke_variant

FOLDER = "smoke"
GANS = ("gan_nearest", "gan_shuffle", "gan_tconv", "gan_bilinear")
OTHERS = ("dm_latent4", "dm_latent8", "dm_pixel", "dm_cascade")


@dataclass(frozen=True)
class WrittenVariant:
    """Where a smoke variant lies; `file` is an experiment file like any other."""

    file: Path
    variant: SmokeVariant


def write_smoke_variant(
    file: Path,
    changes: dict[str, Any] | None = None,
    *,
    folder: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> WrittenVariant:
    """Write the smoke variant of an experiment file, and the images that are not there yet.

    Args:
        file: the user's; no variable of the environment has to be set for it.
        changes: values by dotted path, as `--set` gives them.
        folder: instead of one in the user's cache.
        say: told what is being done.

    Raises:
        Refused: the file has mistakes, nothing of it is left, or the folder cannot be written.
    """
    base = file.resolve().parent
    raw = read_changed(file, changes)
    experiment = checked_shape(raw, base=base)
    home = folder or default_cache_dir() / FOLDER
    plain = _as_axes(raw)
    variant = smoke_variant(plain, images=(home / "images").absolute(), base=base)
    if not variant.raw["arms"]:
        raise Refused.because(
            f"{file} --smoke",
            "every arm scores given weights, so that there is nothing to train",
            "Run the file itself",
        )
    place = home / f"{experiment.name}-{digest(str(file.resolve()))[:8]}"
    try:
        for number, dataset in enumerate(variant.datasets.values(), 1):
            say(f"making simulated images {number}/{len(variant.datasets)}")
            _write_images(home / "images" / dataset.folder, dataset)
        place.mkdir(parents=True, exist_ok=True)
        written = place / "experiment.yaml"
        written.write_text(_as_yaml(file, variant), encoding="utf-8")
    except OSError as error:
        why = f"{error.filename or home} cannot be written ({error.strerror or error})"
        raise Refused.because(f"{file} --smoke", why, "Set CROSSGEN_CACHE to a folder") from error
    return WrittenVariant(written, variant)


def _as_axes(raw: dict[str, Any]) -> dict[str, Any]:
    """A file with `train:` and `each:` written as lists, as they may be."""
    arms = []
    for arm in raw["arms"]:
        made = dict(arm)
        if "train" in made and not isinstance(made["train"], list):
            made["train"] = [made["train"]]
        arms.append(made)
    return {**raw, "arms": arms}


def _write_images(root: Path, dataset: SimulatedDataset) -> None:
    from data.toy.listed import ToyCollection, write_toy_collection

    toys: dict[str, str] = {}
    for number, each in enumerate(dataset.generators):
        of_family = GANS if each.family == GAN else OTHERS
        toys[each.name] = of_family[number % len(of_family)]
    seed = int(digest(dataset.folder)[:8], 16)
    content = ToyCollection(toys, dataset.classes, dataset.train, dataset.test, seed)
    write_toy_collection(root, content)


def _as_yaml(file: Path, variant: SmokeVariant) -> str:
    import yaml

    return (
        f"# The smoke variant of {file.name}: simulated images, tiny networks, two epochs.\n"
        "# Nothing that comes of it is a result. Written anew by `--smoke`.\n"
        + yaml.safe_dump(variant.raw, sort_keys=False, allow_unicode=True, width=100)
    )
