"""UnivFD's diffusion sets (arXiv 2302.10174): reals and fakes in folders apart, paired by rule.

`guided` is tested against `imagenet`, whose classes it was trained on, all others against `laion`.
Repacks with both labels in each generator's folder are the layout `forensynths`.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from data.counts import counted
from data.folder_walk import FolderListing, files_below_each
from data.generators import generator
from data.known_collections import recognition
from data.layouts import FoundImage, LayoutEvidence, nothing_inside, refused_folder

TREE = """\
{imagenet,laion}/0_real/
GENERATOR/1_fake/              guided against imagenet, all others against laion"""
inside = nothing_inside
# The reals that a generator is tested against, by the folder that they lie in.
_BESIDE = {"imagenet": "guided", "laion": ""}


def evidence(root: Path, listed: FolderListing) -> LayoutEvidence:
    """Name the generators, if they hold fakes only and `imagenet` or `laion` holds reals."""
    reals, fakes = _homes(root, listed)
    both = [folder for folder in reals if folder in fakes]
    names = sorted(generator(folder.name).name for folder in fakes)
    photographs = sorted(folder.name for folder in reals if folder.name.lower() in _BESIDE)
    if both or not fakes or not photographs:
        found = ", ".join([*photographs, *names]) or "none"
        return LayoutEvidence(
            False,
            "looked for imagenet/0_real or laion/0_real beside GENERATOR/1_fake, found "
            + ("both labels in one folder" if both else found),
            0 if both else len(photographs),
        )
    return LayoutEvidence(
        True,
        f"0_real in {' and '.join(photographs)}, 1_fake of {counted(len(names), 'generator')}: "
        f"{', '.join(names)}; guided is paired with imagenet, others with laion"
        f"{recognition(names)}",
    )


def scan(root: Path, skipped: Counter[str]) -> Iterator[FoundImage]:
    """Yield every file below `0_real` and `1_fake`.

    Raises:
        OSError: the root cannot be listed.
    """
    listed = FolderListing(root)
    reals, fakes = _homes(root, listed)
    for folder in listed(root):
        if folder not in reals and folder not in fakes and folder not in listed.refused:
            skipped[f"folder {folder.name} without 0_real or 1_fake"] += 1
    places: list[tuple[Path, tuple[int, str, str]]] = []  # label, generator, set of reals
    for home, inner in reals.items():
        if home.name.lower() not in _BESIDE:
            skipped[f"folder {home.name}/{inner.name}, of neither imagenet nor laion"] += 1
            continue
        places.append((inner, (0, _BESIDE[home.name.lower()], home.name.lower())))
    places += [(inner, (1, generator(home.name).name, "")) for home, inner in fakes.items()]
    for (label, name, real_set), path in files_below_each(root, places, skipped):
        yield FoundImage(path, label, name, "test", "", "", real_set)
    for folder in listed.refused:
        yield refused_folder(root, folder)


def _homes(root: Path, listed: FolderListing) -> tuple[dict[Path, Path], dict[Path, Path]]:
    """The folders that hold `0_real`, and those that hold `1_fake`, each with that folder."""
    found: tuple[dict[Path, Path], dict[Path, Path]] = ({}, {})
    for folder in listed(root):
        for inner in listed(folder):
            for homes, name in zip(found, ("0_real", "1_fake"), strict=True):
                if inner.name.lower() == name:
                    homes[folder] = inner
    return found
