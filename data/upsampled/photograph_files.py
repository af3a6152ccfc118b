"""The files of one photograph and its fakes, written once, whole or not at all.

A fake's name holds the image_id of its photograph and its own, so whether it is whole and still
what was written can be seen without a record of it: what is interrupted goes on where it was.
"""

import os
import threading
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from data.decode import decoded
from data.derived.derived_folder import UNFINISHED
from data.derived.marked_png import put
from data.image_files import UnreadableImage, facts_of, opened
from data.image_ids import image_id_of
from data.image_sources import opened_image, row_of
from data.upsampled.coded_alike import SUFFIXES, NotCodedAlike, coded_alike
from data.upsampled.traces import upsampled

REALS = "real"
# Pixels of an image that is worked on alone: about 120 bytes of memory for each.
_LARGE = 4_000_000


def generator_name(upsampler: str) -> str:
    """What an up-sampler's fakes are called, in lists, folders and results."""
    return f"upsampled_{upsampler}"


def fakes_there(out: Path, names: Sequence[str]) -> dict[tuple[str, str], list[str]]:
    """The files that may be a photograph's fake, by up-sampler and image_id."""
    found: dict[tuple[str, str], list[str]] = {}
    for name in names:
        for shard in sorted((out / generator_name(name)).iterdir()):
            for file in sorted(os.listdir(shard)) if shard.is_dir() else ():  # noqa: PTH208
                key = name, file.partition(".")[0]
                found.setdefault(key, []).append(f"{generator_name(name)}/{shard.name}/{file}")
    return found


class PhotographFiles(NamedTuple):
    """What became of one photograph: the files of it and of its fakes."""

    real: str  # its path in the folder
    fakes: tuple[str, ...]  # theirs, none where there is a problem
    problem: str
    written: int  # fakes written just now


@dataclass(frozen=True)
class PhotographWriter:
    """Makes the files of one photograph at a time.

    Args:
        source: root of the collection.
        out: the folder.
        table: of `photographs_of`.
        upsamplers: of UPSAMPLERS.
        seed: of their weights.
        there: from `fakes_there`.
    """

    source: Path
    out: Path
    table: Any
    upsamplers: Sequence[str]
    seed: int
    there: dict[tuple[str, str], list[str]]
    alone: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, index: int) -> PhotographFiles:
        """Make what is missing of the photograph in this row of the table.

        Raises:
            OSError: the folder cannot be written to.
        """
        [row] = self.table.slice(index, 1).to_pylist()
        image_id, suffix = row["image_id"], SUFFIXES.get(row["format"], "")
        real = f"{REALS}/{image_id[:2]}/{image_id}{suffix}"
        written = 0
        try:
            content = self._content(row)
            self._put_real(content, row, real)
            fakes = {name: self._fake_there(name, image_id) for name in self.upsamplers}
            missing = [name for name, path in fakes.items() if not path]
            if missing:
                made = self._made(content, row, missing)
                for name, fake in made.items():
                    fakes[name], is_new = self._put_fake(fake, name, image_id, suffix)
                    written += is_new
        except (_NoImage, NotCodedAlike) as error:
            return PhotographFiles(real, (), str(error), written)
        return PhotographFiles(real, tuple(fakes.values()), "", written)

    def _content(self, row: dict[str, Any]) -> bytes:
        path = self.source / row["path"]
        try:
            with opened_image(path) as content:
                whole = content if isinstance(content, bytes) else content.read()
        except UnreadableImage as error:
            raise _NoImage(error.reason) from error
        except OSError as error:
            raise _NoImage(f"cannot be read just now ({error.strerror})") from error
        if (found := image_id_of(whole)) != row["image_id"]:
            raise _NoImage(f"changed since it was indexed, holds {found} now")
        return whole

    def _put_real(self, content: bytes, row: dict[str, Any], real: str) -> None:
        """The photograph itself: a second name of its file where that is possible, else a copy."""
        place, path = self.out / real, self.source / row["path"]
        if place.exists():
            _require_bytes(place, row["image_id"])
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            if row_of(path) is None:
                os.link(path.resolve(), place)
                return
        except OSError:  # another file system, one without links, or a file of somebody else
            pass
        if not put(content, place, self.out / UNFINISHED):
            _require_bytes(place, row["image_id"])

    def _fake_there(self, name: str, image_id: str) -> str:
        """The path of a fake that was written before and is what it was, else ""."""
        for path in self.there.get((name, image_id), ()):
            parts = path.rpartition("/")[2].split(".")
            if len(parts) == 3 and image_id_of((self.out / path).read_bytes()) == parts[1]:
                return path
        return ""

    def _made(self, content: bytes, row: dict[str, Any], names: Sequence[str]) -> dict[str, bytes]:
        path = self.source / row["path"]
        if row["format"] not in SUFFIXES:
            raise _NoImage(
                f"{row['format']} is no format in which a fake can be coded as its photograph is "
                f"({', '.join(SUFFIXES)} are)"
            )
        try:
            facts = facts_of(content, path)
            with self.alone if facts.width * facts.height > _LARGE else nullcontext():
                image_HWC = decoded(content, path)
                with opened(content, path) as photograph:
                    photograph.load()
                    return {
                        name: coded_alike(
                            upsampled(image_HWC, name, row["image_id"], self.seed),
                            photograph,
                            facts,
                            content,
                        )
                        for name in names
                    }
        except UnreadableImage as error:
            raise _NoImage(error.reason) from error
        except MemoryError as error:
            raise _NoImage("there was no room in memory for its pixels") from error

    def _put_fake(self, fake: bytes, name: str, image_id: str, suffix: str) -> tuple[str, bool]:
        own_id = image_id_of(fake)
        path = f"{generator_name(name)}/{image_id[:2]}/{image_id}.{own_id}{suffix}"
        place = self.out / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if put(fake, place, self.out / UNFINISHED):
            return path, True
        _require_bytes(place, own_id)  # another run was faster
        return path, False


class _NoImage(ValueError):
    """A photograph of which no fakes are made, and why."""


def _require_bytes(place: Path, image_id: str) -> None:
    if image_id_of(place.read_bytes()) != image_id:
        raise _NoImage(f"another file lies at {place} and is kept")
