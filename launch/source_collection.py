"""The collection that a command makes images from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from data.index import index_root
from data.layouts import UnknownLayout
from data.manifest import Manifest
from data.refusals import Refused
from grid.cache_folder import default_cache_dir
from grid.sources.roots import unknown_folder
from launch.waiting import images_read, waiting


def indexed_source(source: Path, layout: str | None, command: str, otherwise: str = "") -> Manifest:
    """Return the collection in a folder, of which only what changed is read.

    Args:
        source: the folder.
        layout: its layout; None detects it.
        command: the command line, to be shown for a folder that it would be right for.
        otherwise: what else can be done where the folder has no layout that is known.

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
        problem = unknown_folder(error, command)
        if otherwise and type(error) is UnknownLayout:  # not where it is one folder too high
            problem = replace(problem, mend=f"{problem.mend}; {otherwise}")
        raise Refused([problem]) from error
    except OSError as error:
        why = f"{error.filename or root} cannot be listed ({error.strerror})"
        raise Refused.because(str(root), why, "Check its permissions and its disk") from error
