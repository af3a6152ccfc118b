"""Which listed frames are there: each folder is listed once, many at a time.

To list a video's folder takes a shared disk one round trip, to look for each of its frames one per
frame.
"""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from data.frame_lists.joining import Video

_THREADS = 32  # they wait for the disk, not for a core
_AT_ONCE = 1024  # folders


class FoundFolder(NamedTuple):
    """A listed folder of frames and what is in it."""

    video: Video
    folder: str
    names: Sequence[str]  # that are listed
    there: frozenset[str] | None  # that are there; None where the folder is not
    is_refused: bool = False  # it is there and cannot be listed


def found_folders(root: Path, videos: Sequence[Video]) -> Iterator[FoundFolder]:
    """Every listed folder of every video, in their order."""

    def looked(each: tuple[Video, str, Sequence[str]]) -> FoundFolder:
        video, folder, names = each
        try:
            with os.scandir(root / folder) as entries:
                there = frozenset(entry.name for entry in entries)
            return FoundFolder(video, folder, names, there)
        except (FileNotFoundError, NotADirectoryError):
            return FoundFolder(video, folder, names, None)
        except OSError:
            return FoundFolder(video, folder, names, None, is_refused=True)

    listed = ((video, *each) for video in videos for each in video.folders.items())
    with ThreadPoolExecutor(_THREADS, "frames") as pool:
        while batch := list(islice(listed, _AT_ONCE)):
            yield from pool.map(looked, batch)
