"""One video of what several lists, splits and compressions say of it.

DeepfakeBench's lists overlap: FaceForensics++'s reals stand in six of them, and several lists have
one video in more than one split. Of Celeb-DF `train` holds all videos and `val` those of `test`;
of UADFV and DFD all three are the same; of DFDC `val` holds those of `train`. Each video is taken
once: as test where a list tests on it, else as train, so nothing that is tested on is trained on.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from data.frame_lists.labels import source_name
from data.frame_lists.originals import pairs_of
from data.frame_lists.reading import FrameList
from data.generators import SEVERAL
from data.layout_refusals import UnknownLayout
from data.lists.listed_paths import path_below

BEFORE = ("test", "train", "validation")  # which split counts where a video stands in several

Key = tuple[str, str, str]
"""Label, compression and name of a video."""


class PlacedList(NamedTuple):
    """A list and what is taken off its paths; None where nothing of it is in the root."""

    listed: FrameList
    prefix: str | None


class Video(NamedTuple):
    """A video of a collection, in one compression."""

    source: str  # the generator of a fake, the set of a real
    is_fake: bool
    compression: str  # "" where none is stated
    beside: str  # of a real: the generators of its datasets; "" of fakes
    split: str
    also_in: tuple[str, ...]  # the other splits that lists have it in
    pair: str  # the group that must not be parted
    folders: Mapping[str, Sequence[str]]  # names of frames by folder, relative to the root
    nowhere: int  # frames of lists of which nothing is in the root

    @property
    def frames(self) -> int:
        """How many are listed."""
        return self.nowhere + sum(map(len, self.folders.values()))


def joined_videos(
    lists: Sequence[PlacedList], labels: Mapping[str, int], root: Path, repeated: str = ""
) -> list[Video]:
    """Every listed video once for each compression, in the order of the lists.

    Args:
        lists: with what is taken off their paths.
        labels: 0 real, 1 fake of each label.
        root: of the collection.
        repeated: the split that counts where a video stands in it and others; "" for `BEFORE`.

    Raises:
        UnknownLayout: a frame is of two videos, or leads out of the root.
    """
    splits: dict[tuple[str, str], set[str]] = {}
    beside: dict[tuple[str, str], set[str]] = {}  # generators, by real label and compression
    folders: dict[Key, dict[str, dict[str, None]]] = {}
    nowhere: dict[Key, int] = {}
    for each, prefix in lists:
        fakes = _fakes(each, labels)
        for video in each.videos:
            key = (video.label, video.compression, video.name)
            splits.setdefault((video.label, video.name), set()).add(video.split)
            of_video = folders.setdefault(key, {})
            if labels[video.label] == 0:
                generators = fakes.get((video.dataset, video.compression), set())
                beside.setdefault(key[:2], set()).update(generators)
            for folder, names in video.folders:
                if prefix is None:
                    nowhere[key] = max(nowhere.get(key, 0), video.frames)
                    continue
                first = path_below(f"{folder}/{names[0]}", root, str(each.file), prefix)
                of_video.setdefault(first.rpartition("/")[0], {}).update(dict.fromkeys(names))
    _require_one_owner(folders)
    pairs = pairs_of(splits)
    found = []
    for (label, compression, name), of_video in folders.items():
        stated = splits[label, name]
        split = repeated if repeated in stated else min(stated, key=BEFORE.index)
        is_fake = labels[label] == 1
        found.append(
            Video(
                source_name(label, compression, is_fake),
                is_fake,
                compression,
                SEVERAL.join(sorted(beside.get((label, compression), ()))),
                split,
                tuple(sorted(stated - {split})),
                pairs[label, name],
                {folder: tuple(names) for folder, names in of_video.items()},
                # A list of which something is there has these frames as well.
                0 if of_video else nowhere.get((label, compression, name), 0),
            )
        )
    return found


def parted_pairs(videos: Sequence[Video]) -> int:
    """How many groups the lists themselves part: some of their videos are in other splits."""
    splits: dict[str, set[str]] = {}
    for video in videos:
        splits.setdefault(video.pair, set()).add(video.split)
    return sum(len(each) > 1 for each in splits.values())


def _fakes(listed: FrameList, labels: Mapping[str, int]) -> dict[tuple[str, str], set[str]]:
    """The generators of a list, by dataset and compression."""
    found: dict[tuple[str, str], set[str]] = {}
    for video in listed.videos:
        if labels[video.label] == 1:
            name = source_name(video.label, video.compression, is_fake=True)
            found.setdefault((video.dataset, video.compression), set()).add(name)
    return found


def _require_one_owner(folders: Mapping[Key, Mapping[str, Mapping[str, None]]]) -> None:
    owner: dict[str, list[Key]] = {}
    for key, of_video in folders.items():
        for folder in of_video:
            others = owner.setdefault(folder, [])
            for other in others:
                shared = of_video[folder].keys() & folders[other][folder].keys()
                if shared:
                    raise UnknownLayout(
                        f"frame {folder}/{min(shared)}",
                        f"is listed for two videos, {_said(other)} and {_said(key)}. Correct the "
                        "list, or name the one that counts, as in "
                        '`layout: "deepfakebench(file=FaceForensics++.json)"`',
                    )
            others.append(key)


def _said(key: Key) -> str:
    return "/".join(part for part in key if part)
