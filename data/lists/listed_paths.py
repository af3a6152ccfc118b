"""From a path in a list to one below the collection's root.

Lists name their images by the folders of the machine that they were written on. What all paths of a
list begin with may be taken off, as little as makes the rest lie below the root. Never more than
all of them share: two listed images then never become one file.
"""

import os
import posixpath
from pathlib import Path

from data.layout_refusals import UnknownLayout

_FOLDERS_KEPT = 100  # of those that the common folder holds: one that is there is enough


class CommonFolder:
    """The folder that all listed paths lie in, as the list writes it."""

    def __init__(self) -> None:
        self._parts: tuple[str, ...] | None = None
        self._inner: dict[str, None] = {}  # the first folders or files in it
        self._last: str | None = None

    def add(self, path: str) -> None:
        """Take note of one path, with forward slashes."""
        folder = path.rpartition("/")[0]
        if folder == self._last:
            return
        self._last = folder
        *parents, name = posixpath.normpath(path).split("/")
        parts = tuple(parents)
        if self._parts is None:
            self._parts = parts
        shared = len(posixpath.commonprefix([self._parts, parts]))
        if shared < len(self._parts):
            self._inner = {self._parts[shared]: None}
            self._parts = self._parts[:shared]
        if len(self._inner) < _FOLDERS_KEPT:
            self._inner[parts[shared] if shared < len(parts) else name] = None

    def prefix_to_drop(self, root: Path) -> str | None:
        """What to take off each path so that it lies below a root: the least that will do.

        Returns:
            "" where nothing is to be taken off, else text that ends with a slash; None where
            nothing is in the root, however much is taken off.
        """
        parts = self._parts or ()
        above = tuple(os.fspath(root.absolute()).split("/"))
        if parts[: len(above)] == above:
            return ""  # as `path_below` reads it
        for dropped in range(len(parts) + 1):
            rest = parts[dropped:]
            if rest[:1] in (("",), ("..",)):
                continue
            if root.joinpath(*rest).is_dir() if rest else self._is_any_in(root):
                return "".join(f"{part}/" for part in parts[:dropped])
        return None

    def _is_any_in(self, root: Path) -> bool:
        return any((root / name).exists() for name in self._inner if name not in ("", ".."))


def as_prefix(stated: str) -> str:
    """A prefix as a user writes it, as text that ends with a slash."""
    return f"{posixpath.normpath(with_forward_slashes(stated)).rstrip('/')}/"


def with_forward_slashes(path: str) -> str:
    """A path with backslashes alone is one of Windows; a backslash beside slashes is a name's."""
    return path.replace("\\", "/") if "\\" in path and "/" not in path else path


def path_below(path: str, root: Path, where: str, prefix: str = "") -> str:
    """A listed path as one below the root, with forward slashes.

    Args:
        path: as it is listed.
        root: of the collection.
        where: the file and row, for messages.
        prefix: what is taken off, "" for nothing; it ends with a slash.

    Raises:
        UnknownLayout: it is empty, has not the prefix, or leads out of the root: what lies
            elsewhere is not this collection's, and a list from another machine would be read as
            far as it happens to fit.
    """
    path = with_forward_slashes(path)
    plain = posixpath.normpath(path) if path else ""
    if prefix:
        if not plain.startswith(prefix):
            raise UnknownLayout(where, f"names {path!r}, which does not begin with {prefix!r}")
        plain = plain.removeprefix(prefix)
    if plain.startswith("/"):
        above = f"{posixpath.normpath(os.fspath(root.absolute()))}/"
        plain = plain.removeprefix(above)
    if not plain or plain.startswith(("/", "../")) or plain in (".", ".."):
        raise UnknownLayout(
            where,
            f"names {path!r}, which leads out of {root}",
            mend="Give as root a folder above all images, with the list in it, and write paths "
            "relative to it, or say what to take off by the layout's option, "
            "`prefix=/what/all/begin/with`",
        )
    return plain
