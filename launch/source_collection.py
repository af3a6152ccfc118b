"""The collection that a command makes images from."""

from __future__ import annotations

from pathlib import Path

from data.index import index_root
from data.layouts import UnknownLayout
from data.manifest import Manifest
from data.refusals import Refused
from grid.cache_folder import default_cache_dir
from grid.sources.roots import unknown_folder
from launch.waiting import images_read, waiting


def indexed_source(source: Path, layout: str | None, command: str) -> Manifest:
    """Return the collection in a folder, of which only what changed is read.

    Args:
        source: the folder.
        layout: its layout; None detects it.
        command: to be shown where the folder has no layout, with what is to be added.

    Raises:
        Refused: it is no folder, has no known layout, or cannot be listed.
    """
    root = source.expanduser().resolve()
    if not root.is_dir():
        why = "it is a file" if root.exists() else "there is no such folder"
        raise Refused.because(str(root), why, "Give the folder of a collection of images")
    try:
        with waiting(f"listing {root}") as say:
            return index_root(
                root,
                layout,
                default_cache_dir(),
                progress=lambda done, total: say(images_read(done, total)),
            )
    except UnknownLayout as error:
        raise Refused([unknown_folder(error, command)]) from error
    except OSError as error:
        why = f"{error.filename or root} cannot be listed ({error.strerror})"
        raise Refused.because(str(root), why, "Check its permissions and its disk") from error
