"""DeepfakeBench's JSON: dataset, label, split, compression where there are several, video, frames.

    {"FF-DF": {"FF-real": {"train": {"c23": {"071": {"label": "FF-real", "frames": [PATH, ...]}}},
                           "val": ..., "test": ...},
               "FF-DF": ...}}

That is what its `preprocessing/rearrange.py` writes. Of DFDC it writes one video in the place of
all of `val`, without a name; its folder has it.
"""

import functools
import json
import posixpath
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Any, NamedTuple

from data.label_folders import SPLITS
from data.layout_refusals import UnknownLayout
from data.lists.listed_paths import CommonFolder
from data.regular_files import open_regular

_HEAD = 4096  # characters that are read to recognise a list
_WORD = r'\s*"(?:[^"\\]|\\.)*"\s*:\s*\{'
_SPLIT = r'\s*"(?:train|val|valid|validation|test)"\s*:\s*\{'
_BEGINS = re.compile(r"\s*\{" + _WORD + _WORD + _SPLIT)


class FrameFolder(NamedTuple):
    """Frames of a video that lie in one folder."""

    folder: str  # as listed, with forward slashes
    names: tuple[str, ...]


class ListedVideo(NamedTuple):
    """A video as one list and split has it."""

    dataset: str
    label: str  # FF-real, FF-DF, CelebDFv2_fake, ...: where it stands
    own_label: str  # what it says of itself
    split: str  # train, validation or test
    compression: str  # raw, c23 or c40; "" where none is stated
    name: str
    folders: tuple[FrameFolder, ...]

    @property
    def frames(self) -> int:
        """How many there are."""
        return sum(len(each.names) for each in self.folders)


class FrameList(NamedTuple):
    """What a file lists."""

    file: Path
    videos: tuple[ListedVideo, ...]
    folder: CommonFolder  # of all frames
    other_splits: Mapping[str, int]  # frames of splits whose names say nothing


def is_frame_list(file: Path) -> bool:
    """Whether a file begins as such a list; no more of it is read.

    Raises:
        OSError: it cannot be read.
    """
    try:
        with TextIOWrapper(open_regular(file), encoding="utf-8-sig") as text:
            return _BEGINS.match(text.read(_HEAD)) is not None
    except UnicodeDecodeError:
        return False


def opened_frame_list(file: Path) -> FrameList:
    """A list, read once for as long as its size and time are the same.

    Raises:
        UnknownLayout: it is damaged, or something else stands in the place of videos.
        OSError: it cannot be read.
    """
    status = file.stat()
    return _read_once(file, status.st_size, status.st_mtime_ns)


@functools.lru_cache(maxsize=32)
def _read_once(file: Path, size: int, mtime_ns: int) -> FrameList:
    """`size` and `mtime_ns` are those of the file: a changed one is read again."""
    try:
        with TextIOWrapper(open_regular(file), encoding="utf-8-sig") as text:
            # Each video is made small as soon as it is read: of millions of frames only the
            # names stay, and of equal names one.
            document = json.load(text, object_hook=_made_small)
    except ValueError as error:
        raise UnknownLayout(file, f"is damaged ({error})") from error
    others: Counter[str] = Counter()
    videos = []
    common = CommonFolder()
    for video in _videos(document, file):
        split = SPLITS.get(video.split.lower(), "")
        if not split:
            others[video.split] += video.frames
            continue
        videos.append(video._replace(split=split))
        for folder, names in video.folders:
            common.add(f"{folder}/{names[0]}")
    return FrameList(file, tuple(videos), common, dict(others))


class _Frames(NamedTuple):
    """What stands below a video's name."""

    label: str
    folders: tuple[FrameFolder, ...]


def _made_small(found: dict[str, Any]) -> Any:
    frames = found.get("frames")
    if not isinstance(frames, list):
        return found
    video = _Frames(str(found.get("label", "")), _by_folder(frames))
    beside = {name: each for name, each in found.items() if isinstance(each, _Frames)}
    return {**beside, "": video} if beside else video


def _by_folder(frames: Sequence[Any]) -> tuple[FrameFolder, ...]:
    names_of: dict[str, dict[str, None]] = {}
    for path in frames:
        if not isinstance(path, str) or not path:
            raise ValueError(f"a frame is {path!r} and no path")
        # Lists of Windows mix both slashes, and no frame has one in its name.
        folder, _, name = path.replace("\\", "/").rpartition("/")
        names_of.setdefault(folder, {})[sys.intern(name)] = None
    return tuple(
        FrameFolder(posixpath.normpath(folder) if folder else "", _the_same(tuple(names)))
        for folder, names in names_of.items()
    )


@functools.lru_cache(maxsize=4096)
def _the_same(names: tuple[str, ...]) -> tuple[str, ...]:
    """Equal names as one object: most videos have frames of the same numbers."""
    return names


def _videos(document: Any, file: Path) -> Iterator[ListedVideo]:
    for dataset, labels in _items(document, file, ()):
        for label, splits in _items(labels, file, (dataset,)):
            for split, inner in _items(splits, file, (dataset, label)):
                for compression, name, found in _of_split(inner, file, (dataset, label, split)):
                    yield ListedVideo(
                        dataset,
                        label,
                        found.label,
                        split,
                        compression,
                        name or _last_folder(found),
                        found.folders,
                    )


def _of_split(inner: Any, file: Path, where: tuple[str, ...]) -> Iterator[tuple[str, str, _Frames]]:
    """Compression, name and frames of each video of a split."""
    if isinstance(inner, _Frames):
        yield "", "", inner
        return
    for key, value in _items(inner, file, where):
        if isinstance(value, _Frames):
            yield "", key, value
            continue
        for name, found in _items(value, file, (*where, key)):
            if not isinstance(found, _Frames):
                raise _is_no_video(found, file, (*where, key, name))
            yield key, name, found


def _items(found: Any, file: Path, where: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    if not isinstance(found, dict):
        raise _is_no_video(found, file, where)
    yield from found.items()


def _is_no_video(found: Any, file: Path, where: tuple[str, ...]) -> UnknownLayout:
    place = " / ".join(where) or "its beginning"
    is_video = isinstance(found, _Frames)
    what = "a video" if is_video else "no frames" if isinstance(found, dict) else repr(found)[:40]
    return UnknownLayout(
        file,
        f"has {what} at {place}. Correct it: below dataset, label and split "
        "(and compression, where there are several) belong videos, each with `label` and `frames`",
    )


def _last_folder(found: _Frames) -> str:
    return posixpath.basename(found.folders[0].folder) if found.folders else ""
