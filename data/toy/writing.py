"""Toy images as files: a collection in the GenImage layout, written once, whole or not at all.

    <root>/<generator>/{train,val}/{nature,ai}/0000.png ...

A generator's folder is made under a name that starts with a dot and gets its own name when it is
whole, marker included; the root's marker is written last. So a writer that was killed has left
finished generators and rubbish that no index looks at, and the next one makes the rest.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import PIL.Image

from data.refusals import Refused
from data.simulated import SIMULATED_MARKER, marker_text
from data.suggestions import did_you_mean
from data.toy.generators import TOY_GENERATORS
from data.toy.images import toy_images
from data.toy.processes import run_jobs

# Raised with anything that changes a pixel.
RECIPE_VERSION = 1
_UNFINISHED = ".unfinished-toy-"
_ANOTHER = "Name an empty or a new folder"

Progress = Callable[[int, int], None]


class ToyFolderRefused(Refused):
    """A folder that holds something else than the toy images asked for."""


def write_toy_images(
    root: Path,
    train: int = 256,
    test: int = 128,
    seed: int = 0,
    generators: Sequence[str] = tuple(TOY_GENERATORS),
    processes: int | None = None,
    progress: Progress | None = None,
) -> None:
    """Write the toy generators' images, or what of them is missing.

    Both classes are PNG of 64 x 64 from one encoder that does not compress, so every file has the
    same size and header. Which bytes are written depends on train, test, seed and the generator.

    Args:
        root: made if it is missing.
        train: images per class and generator in the train split.
        test: the same in `val`, which serves as the test split.
        seed: of the images; the generators' weights stay the same.
        generators: names in data.toy.generators.
        processes: that work side by side; None: one per core this process may use. A script that
            asks for several needs `if __name__ == "__main__":`.
        progress: called with (images there, images wanted), from this process.

    Raises:
        ToyFolderRefused: the root holds other files, or toy images of other arguments or of
            another version of the recipe. Nothing is deleted.
        ValueError: an unknown generator, or an impossible number.
        OSError: the images cannot be written.
    """
    root = root.absolute()
    generators = _checked(generators, train, test, processes)
    made_by = {"made_by": "crossgen toy images", "recipe_version": RECIPE_VERSION}
    made_by |= {"seed": seed, "train": train, "test": test}
    whole = {**made_by, "generators": list(generators)}
    ours = {generator: {**made_by, "generator": generator} for generator in generators}
    missing = _missing(root, whole, ours)
    done, wanted = len(generators) - len(missing), len(generators)
    num_images = 2 * (train + test)
    if progress:
        progress(done * num_images, wanted * num_images)
    root.mkdir(parents=True, exist_ok=True)
    jobs = [(root, generator, train, test, seed, ours[generator]) for generator in missing]
    with closing(run_jobs(_write_generator, jobs, processes or _usable_cores())) as finished:
        for _ in finished:
            done += 1
            if progress:
                progress(done * num_images, wanted * num_images)
    if not (root / SIMULATED_MARKER).exists():
        _write_marker(root, whole)
    # Only of generators that are whole now: another writer's folder for one of these will never
    # get its name, so nobody needs it.
    for generator in generators:
        for rubbish in root.glob(f"{_UNFINISHED}{generator}-*"):
            shutil.rmtree(rubbish, ignore_errors=True)


def _checked(
    generators: Sequence[str], train: int, test: int, processes: int | None
) -> tuple[str, ...]:
    for generator in generators:
        if generator not in TOY_GENERATORS:
            raise ValueError(
                f"Unknown toy generator {generator!r}. {did_you_mean(generator, TOY_GENERATORS)}"
            )
    if not generators:
        raise ValueError(f"No toy generator was named; give some of {', '.join(TOY_GENERATORS)}.")
    for name, number in (("train", train), ("test", test), ("processes", processes)):
        if number is not None and number < 1:
            raise ValueError(f"{name} = {number} makes no images; give 1 or more.")
    # One order, each once: the same collection whatever the order in which it was asked for.
    return tuple(generator for generator in TOY_GENERATORS if generator in set(generators))


def _missing(root: Path, whole: dict[str, Any], ours: dict[str, dict[str, Any]]) -> list[str]:
    """The generators that are not there yet; refuses everything else that is there."""
    if not root.exists():
        return list(ours)
    if not root.is_dir():
        raise ToyFolderRefused.because(str(root), "it is a file", "Name a folder for toy images")
    for entry in sorted(root.iterdir()):
        if entry.name == SIMULATED_MARKER:
            _refuse_other(root, entry, whole)
        elif entry.name in ours:
            _refuse_other(root, entry / SIMULATED_MARKER, ours[entry.name])
        elif not entry.name.startswith("."):
            raise ToyFolderRefused.because(
                str(root),
                f"it already holds {entry.name!r}, which is none of the toy images asked for",
                _ANOTHER,
            )
    return [generator for generator in ours if not (root / generator).exists()]


def _refuse_other(root: Path, marker: Path, expected: dict[str, Any]) -> None:
    try:
        found = json.loads(marker.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ToyFolderRefused.because(
            str(marker),
            f"it does not say what lies in its folder ({error}), so nothing is written beside it",
            _ANOTHER,
        ) from error
    for key, value in expected.items():
        present = found.get(key) if isinstance(found, dict) else None
        if present != value:
            raise ToyFolderRefused.because(
                str(root),
                f"it holds toy images of {key} = {present!r} and {value!r} was asked for",
                _ANOTHER,
            )


def _write_generator(
    root: Path, generator: str, train: int, test: int, seed: int, made_by: dict[str, Any]
) -> None:
    images = toy_images(generator, train + test, seed)
    folder = Path(tempfile.mkdtemp(dir=root, prefix=f"{_UNFINISHED}{generator}-"))
    try:
        folder.chmod(root.stat().st_mode)  # mkdtemp's is closed to everyone else
        for label, pixels_BHWC in (("nature", images.reals_BHWC), ("ai", images.fakes_BHWC)):
            _write_split(folder / "train" / label, pixels_BHWC[:train])
            _write_split(folder / "val" / label, pixels_BHWC[train:])
        (folder / SIMULATED_MARKER).write_text(marker_text(made_by), encoding="utf-8")
        folder.rename(root / generator)
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        # Another writer was faster: its folder is whole and its bytes are these.
        if not (root / generator / SIMULATED_MARKER).exists():
            raise


def _write_split(folder: Path, pixels_BHWC: npt.NDArray[np.uint8]) -> None:
    folder.mkdir(parents=True)
    for number, pixels_HWC in enumerate(pixels_BHWC):
        image = PIL.Image.fromarray(pixels_HWC)
        image.save(folder / f"{number:04}.png", compress_level=0)


def _write_marker(folder: Path, made_by: dict[str, Any]) -> None:
    """Write it whole or not at all; two writers write the same."""
    temporary = folder / f"{_UNFINISHED}{os.getpid()}"
    temporary.write_text(marker_text(made_by), encoding="utf-8")
    temporary.replace(folder / SIMULATED_MARKER)


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
