"""DeepfakeBench's lists of frames (arXiv 2307.01426), which ForensicHub reads too: JSON.

The lists lie in the root, or in `dataset_json` or `preprocessing/dataset_json` as in DeepfakeBench;
all of them are one collection. Labels are manipulations or real, compressions (raw, c23, c40) are
generators of their own, splits are the lists'. A video and those that were made of it are a pair.
Options: `file` (one of the lists), `compression`, `prefix` (what is taken off each path),
`repeated` (the split of videos that stand in several), `real` (a label).
"""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from data.folder_walk import FolderListing
from data.frame_lists.evidence import FrameCollection, in_words, samples
from data.frame_lists.joining import BEFORE, PlacedList, joined_videos
from data.frame_lists.labels import compressions_of, labels_of
from data.frame_lists.on_disk import FoundFolder, found_folders
from data.frame_lists.reading import FrameList, is_frame_list, opened_frame_list
from data.layout_refusals import UnclearList, UnknownLayout
from data.layouts import FoundImage, Inside, LayoutEvidence, refused_folder
from data.lists.listed_images import checked_options
from data.lists.listed_paths import as_prefix
from data.suggestions import did_you_mean

TREE = """\
[[preprocessing/]dataset_json/]DATASET.json    its frames: dataset, label, split, [c23,] video
FaceForensics++/.../VIDEO/*.png, ...           the frames, anywhere below the root"""
_OPTIONS = ("file", "compression", "prefix", "repeated", "real")
_LOOKED_AT = 500  # JSON files of a folder; where there are more, each is of an image


class DeepfakeBenchLayout:
    """The layout with what the user states of it."""

    TREE = TREE

    def __init__(self, options: Mapping[str, str]) -> None:
        self.options = checked_options("deepfakebench", options, _OPTIONS)
        repeated = options.get("repeated", "")
        if repeated and repeated not in BEFORE:
            raise UnknownLayout(
                f"layout deepfakebench: repeated={repeated}",
                f"is no split. {did_you_mean(repeated, BEFORE)}",
            )

    def evidence(self, root: Path, listed: FolderListing) -> LayoutEvidence:
        """Name the lists, labels and compressions, and what was decided of paths and splits."""
        files = self._files(root, listed)
        if not files:
            words = "looked for lists of frames in DATASET.json, found none"
            return LayoutEvidence(False, words)
        try:
            collection = self._read(files, root)
        except _NothingThere as error:
            return LayoutEvidence(False, str(error), len(files), refusal=error)
        except UnknownLayout as error:
            return LayoutEvidence(True, str(error))  # and `scan` refuses it
        return LayoutEvidence(True, in_words(collection), samples=samples(collection.videos))

    def inside(self, root: Path, listed: FolderListing) -> Inside:
        """Lists speak of their own root."""
        return Inside([], [])

    def scan(self, root: Path, skipped: Counter[str]) -> Iterator[FoundImage]:
        """Yield the listed frames that are there; the others are counted by source.

        Raises:
            UnknownLayout: there is no list, one is damaged or unclear, or nothing of it is here.
            OSError: the root cannot be listed, or a list not read.
        """
        files = self._files(root, FolderListing(root))
        if not files:
            raise UnknownLayout(root, f"holds no {self.options.get('file', 'list of frames')}")
        collection = self._read(files, root)
        for listed, _ in collection.lists:
            for word, frames in listed.other_splits.items():
                skipped[f"frame of split {word!r} in {listed.file.name}"] += frames
        for video in collection.left_out:
            skipped[f"frame of compression {video.compression}"] += video.frames
        for video in collection.videos:
            for split in video.also_in:
                skipped[f"frame listed in {split} as well, taken as {video.split}"] += video.frames
            if video.nowhere:
                skipped[f"frame of {video.source}, of whose list nothing is here"] += video.nowhere
        for each in found_folders(root, collection.videos):
            if each.is_refused:
                yield refused_folder(root, root / each.folder)
            elif each.there is None:
                skipped[f"frame of {each.video.source}, whose folder is not here"] += len(
                    each.names
                )
            else:
                yield from _images(each, each.there, skipped)

    def _files(self, root: Path, listed: FolderListing) -> list[Path]:
        """The lists of a root, or the one that is stated."""
        folders = [root]
        for folder in listed(root):
            if folder.name == "preprocessing":
                folders += [each for each in listed(folder) if _holds_lists(each)]
            elif _holds_lists(folder):
                folders.append(folder)
        wanted = self.options.get("file")
        files = [
            file
            for folder in folders
            for file in ([folder / wanted] if wanted else _json_files(folder))
        ]
        return [file for file in files if file.is_file() and is_frame_list(file)]

    def _read(self, files: Sequence[Path], root: Path) -> FrameCollection:
        lists = [opened_frame_list(file) for file in files]
        labels = labels_of(lists, self.options.get("real", ""))
        placed = [PlacedList(each, self._prefix(each, root)) for each in lists]
        if not any(each.videos and prefix is not None for each, prefix in placed):
            raise _nothing_there(root, lists)
        wanted, there = self.options.get("compression"), compressions_of(lists)
        if wanted not in (None, *there):
            raise UnknownLayout(
                f"compression {wanted!r}",
                f"is in none of the lists. {did_you_mean(str(wanted), there)}",
            )
        videos = joined_videos(placed, labels, root, self.options.get("repeated", ""))
        # A video without a stated compression has but one.
        kept = [v for v in videos if wanted is None or v.compression in ("", wanted)]
        left_out = [v for v in videos if wanted and v.compression not in ("", wanted)]
        return FrameCollection(placed, labels, kept, left_out)

    def _prefix(self, listed: FrameList, root: Path) -> str | None:
        if "prefix" in self.options:
            return as_prefix(self.options["prefix"])
        return listed.folder.prefix_to_drop(root)


class _NothingThere(UnclearList):
    """Lists of frames, and none of their folders."""


def _nothing_there(root: Path, lists: Sequence[FrameList]) -> UnknownLayout:
    listed = next((each for each in lists if each.videos), lists[0])
    folders = [folder for video in listed.videos for folder in video.folders]
    if not folders:
        return UnknownLayout(listed.file, "lists no frame")
    first = f"{folders[0].folder}/{folders[0].names[0]}"
    return _NothingThere(
        root,
        f"holds nothing of what {listed.file.name} lists, whatever is taken off its paths; the "
        f"first is {first}",
        "deepfakebench(prefix=PREFIX)",
        "PREFIX being what all listed paths begin with",
        otherwise="Give as root the folder above the frames, with the list or a link to it in it",
    )


def _holds_lists(folder: Path) -> bool:
    return folder.name.startswith("dataset_json")


def _json_files(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            names = [each.name for each in entries if each.name.lower().endswith(".json")]
    except OSError:
        return []
    return [folder / name for name in sorted(names)] if len(names) <= _LOOKED_AT else []


def _images(
    each: FoundFolder, there: frozenset[str], skipped: Counter[str]
) -> Iterator[FoundImage]:
    video = each.video
    above = f"{each.folder}/" if each.folder else ""
    for name in each.names:
        if name not in there:
            skipped[f"frame of {video.source}, not in its folder"] += 1
            continue
        of, real_set = (video.source, "") if video.is_fake else (video.beside, video.source)
        yield FoundImage(
            f"{above}{name}", int(video.is_fake), of, video.split, "", video.pair, real_set
        )


def configured(options: Mapping[str, str]) -> DeepfakeBenchLayout:
    """The layout with options."""
    return DeepfakeBenchLayout(options)


_PLAIN = DeepfakeBenchLayout({})
evidence, inside, scan = _PLAIN.evidence, _PLAIN.inside, _PLAIN.scan
