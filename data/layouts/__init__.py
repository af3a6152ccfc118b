"""Layouts: how a collection lies on disk, one file each; the file is the registration.

A layout is a module with `detect(root)` (the reason why a folder is one, else None) and
`scan(root, skipped)` (its files with all that names and folders say about them).
"""

import functools
import importlib
import pkgutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Protocol, cast

from data.suggestions import did_you_mean


class FoundImage(NamedTuple):
    """A file of a collection and what its place says; it has not been opened."""

    path: str  # relative to the root, with forward slashes
    label: int  # 0 real, 1 fake
    generator: str  # of a real: the generator whose folder holds it, "" where there is none
    split: str  # train, validation or test
    class_name: str  # "" where unknown
    pair: str  # images that must never be parted by a split; "" where the image stands alone
    real_set: str  # the collection of a real; "" for fakes


class Layout(Protocol):
    """What a layout module offers."""

    def detect(self, root: Path) -> str | None:
        """Why this folder has the layout, in words for people, or None."""

    def scan(self, root: Path, skipped: Counter[str]) -> Iterator[FoundImage]:
        """The files of the collection; what is left out by rule is counted in `skipped`.

        A folder that cannot be listed is yielded like a file, so that it is named.

        Raises:
            OSError: the root cannot be listed.
        """


def refused_folder(root: Path, folder: Path) -> FoundImage:
    """A folder that cannot be listed, as `scan` yields it: the index makes it a problem."""
    return FoundImage(folder.relative_to(root).as_posix(), 0, "", "", "", "", "")


class UnknownLayout(ValueError):
    """A layout's name that is not known, or a folder that has no known layout."""


@functools.cache
def names() -> tuple[str, ...]:
    """The known layouts."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def load(name: str) -> Layout:
    """The layout of a name.

    Raises:
        UnknownLayout: there is none.
    """
    if name not in names():
        raise UnknownLayout(f"Unknown layout {name!r}. {did_you_mean(name, names())}")
    return cast(Layout, importlib.import_module(f"{__name__}.{name}"))


def detect(root: Path) -> tuple[str, str]:
    """The layout of a folder and the reason for it.

    Raises:
        UnknownLayout: no layout fits.
    """
    for name in names():
        reason = load(name).detect(root)
        if reason:
            return name, reason
    raise UnknownLayout(
        f"{root} has no layout that is known here ({', '.join(names())}); check that it is the "
        "folder above the collection's own folders, or name the layout in the experiment."
    )
