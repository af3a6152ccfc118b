"""Corvi et al.'s latent diffusion training set (arXiv 2211.00680), which SPAI trains on too.

The archive holds the fakes, and lists of the photographs of COCO and LSUN that belong to them
(`real_coco.txt`, `real_lsun.txt`). Those come from elsewhere (`reals:` in the experiment), or lie
here in folders called `real_coco`, `real_lsun`, or with another beginning in `real`.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from data.counts import counted
from data.folder_walk import FolderListing, files_below_each
from data.generators import generator, plain_name
from data.label_folders import SPLITS
from data.layouts import FoundImage, LayoutEvidence, nothing_inside, refused_folder

TREE = """\
{train,val,valid}/latent_diffusion_*/    fakes
{train,val,valid}/real_coco.txt          the photographs: named by `reals:`, or in real_coco/"""
inside = nothing_inside
_LISTS = ("real_coco.txt", "real_lsun.txt")


class _Part(NamedTuple):
    folder: Path
    split: str


def evidence(root: Path, listed: FolderListing) -> LayoutEvidence:
    """Name the folders of fakes, if there are some of latent diffusion or lists of photographs."""
    parts = _parts(root, listed)
    fakes = [each for part in parts for each in listed(part.folder) if not _are_reals(each)]
    lists = [part.folder / name for part in parts for name in _LISTS]
    present = [each for each in lists if each.is_file()]
    named = [each for each in fakes if plain_name(each.name).startswith("latent_diffusion")]
    if not fakes or not (named or present):
        words = "looked for {train,val}/latent_diffusion_*/, found "
        return LayoutEvidence(False, f"{words}{'lists of reals alone' if present else 'none'}")
    reals = [each for part in parts for each in listed(part.folder) if _are_reals(each)]
    return LayoutEvidence(
        True,
        f"{counted(len(fakes), 'folder')} of fakes of "
        f"{', '.join(sorted({_generator_of(each) for each in fakes}))}; taken as "
        f"{', '.join(sorted({part.split for part in parts}))}; "
        + (
            f"reals in {', '.join(sorted({each.name for each in reals}))}"
            if reals
            else f"no reals here ({len(present)} lists of them): name them with `reals:`, "
            "which takes all of what it names, listed or not"
        ),
    )


def scan(root: Path, skipped: Counter[str]) -> Iterator[FoundImage]:
    """Yield every file of every folder in a split.

    Raises:
        OSError: the root cannot be listed.
    """
    listed = FolderListing(root)
    parts = _parts(root, listed)
    for folder in listed(root):
        if folder not in [part.folder for part in parts]:
            skipped[f"folder {folder.name}, which is no split"] += 1
    places: list[tuple[Path, tuple[str, str, str]]] = []  # generator, split, set of reals
    for part in parts:
        for folder in listed(part.folder):
            is_real = _are_reals(folder)
            name = "" if is_real else _generator_of(folder)
            places.append((folder, (name, part.split, folder.name if is_real else "")))
    for (name, split, real_set), path in files_below_each(root, places, skipped):
        yield FoundImage(path, int(not real_set), name, split, "", "", real_set)
    for folder in listed.refused:
        yield refused_folder(root, folder)


def _parts(root: Path, listed: FolderListing) -> list[_Part]:
    splits = [_Part(each, SPLITS.get(each.name.lower(), "")) for each in listed(root)]
    return [part for part in splits if part.split]


def _are_reals(folder: Path) -> bool:
    return plain_name(folder.name).startswith(("real", "0_real"))


def _generator_of(folder: Path) -> str:
    is_ldm = plain_name(folder.name).startswith("latent_diffusion")
    return "ldm" if is_ldm else generator(folder.name).name
