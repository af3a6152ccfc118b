"""One slab: the kept images of a pool in one sparse file, read and written without locks.

Read and written by position, not mapped: bytes are proved in the process's own copy, a file that
shrinks is a short read instead of a SIGBUS, and a full disk is an error that can be caught. The
page cache holds the bytes once for all processes either way.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import struct
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from data.decoded.checksum import CHECKSUM_BYTES, checksum
from data.pipelines import Image

Sizes = npt.NDArray[np.int32]
"""Height and width of each image by rank, shape (n, 2); 0 x 0 where it is not kept."""

PAGE = 4096
TOUCHED_EVERY_S = 3600.0
"""A slab in use is touched this often: its time of change says when it was used last."""

_MAGIC = b"xgenslab"
_HEAD = struct.Struct("<8sIQ32s")  # magic, bytes of JSON, images, SHA-256 of JSON and sizes
_HOLE = bytes(CHECKSUM_BYTES)  # no checksum is all zero
_FLAGS = os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY


class SlabDamaged(Exception):
    """The head of a slab is not what was written; it is to be removed and made anew."""


def slot_starts(sizes: Sizes, first: int = 0) -> npt.NDArray[np.int64]:
    """Where each image's slot begins and the last one ends, shape (n + 1,).

    A slot is the image's pixels and its checksum, up to the next whole page, so that a hole in the
    file is a whole image and two machines on one NFS folder never write to the same page.
    """
    pixels = sizes.astype(np.int64).prod(axis=1) * 3
    slots = np.where(pixels > 0, -(-(pixels + CHECKSUM_BYTES) // PAGE) * PAGE, 0)
    return first + np.concatenate([[0], np.cumsum(slots)])


class Slab:
    """An open slab. Reading and writing may go on in many threads and processes at once.

    It holds one file handle, which is closed when nobody refers to the slab any more.

    Raises:
        SlabDamaged: its head is not whole.
        OSError: it cannot be opened or read.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor = -1
        self.path = path
        try:
            self._descriptor = os.open(path, os.O_RDWR | _FLAGS)
            self.is_writable = True
        except PermissionError:
            self._descriptor = os.open(path, os.O_RDONLY | _FLAGS)
            self.is_writable = False
        if not stat.S_ISREG(os.fstat(self._descriptor).st_mode):
            raise SlabDamaged(f"{path} is no regular file")
        self._sizes, first = self._read_head()
        self._starts = slot_starts(self._sizes, first)
        self._touched = 0.0
        self._touch()

    def __del__(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)

    def __len__(self) -> int:
        return len(self._sizes)

    @property
    def head_bytes(self) -> int:
        """What lies before the first image."""
        return int(self._starts[0])

    def read(self, rank: int, image_id: str) -> Image | None:
        """The pixels of an image, proved; None where they are missing, torn or damaged.

        Raises:
            OSError: the file cannot be read.
        """
        height, width = self._sizes[rank].tolist()
        if height * width == 0:
            return None
        content = np.empty(height * width * 3 + CHECKSUM_BYTES, np.uint8)
        if os.preadv(self._descriptor, [content.data], int(self._starts[rank])) != len(content):
            return None  # the file ends before
        image_HWC = content[:-CHECKSUM_BYTES].reshape(height, width, 3)
        found = content[-CHECKSUM_BYTES:].tobytes()
        if found == _HOLE or found != checksum(image_HWC, image_id):
            return None
        self._touch()
        return image_HWC

    def write(self, rank: int, image_id: str, image_HWC: Image) -> int:
        """Write an image and then its checksum; return the bytes, 0 where it has no place here.

        Whoever is killed in between leaves no checksum, or one that does not fit: a reader then
        decodes and writes again. Two who write at once write the same.

        Raises:
            OSError: the file cannot be written.
        """
        if not self.is_writable or image_HWC.shape != (*self._sizes[rank], 3):
            return 0  # the second: a table of sizes that is not the file's
        if image_HWC.nbytes == 0:
            return 0
        start = int(self._starts[rank])
        pixels = np.ascontiguousarray(image_HWC).reshape(-1)
        self._write_all(pixels.data, start)
        self._write_all(memoryview(checksum(pixels, image_id)), start + len(pixels))
        return int(self._starts[rank + 1]) - start

    def _write_all(self, content: memoryview, position: int) -> None:
        while content:
            written = os.pwrite(self._descriptor, content, position)
            content, position = content[written:], position + written

    def _read_head(self) -> tuple[Sizes, int]:
        head = os.pread(self._descriptor, _HEAD.size, 0)
        if len(head) < _HEAD.size:
            raise SlabDamaged(f"{self.path} ends within its head")
        magic, length, count, digest = _HEAD.unpack(head)
        expected = length + 8 * count
        size = os.fstat(self._descriptor).st_size
        if magic != _MAGIC or expected > size:
            raise SlabDamaged(f"{self.path} begins like no slab")
        body = os.pread(self._descriptor, expected, _HEAD.size)
        if hashlib.sha256(body).digest() != digest:
            raise SlabDamaged(f"{self.path} has a damaged head")
        sizes = np.frombuffer(body, "<i4", 2 * count, length).reshape(-1, 2)
        return sizes.astype(np.int32), _up_to_page(_HEAD.size + expected)

    def _touch(self) -> None:
        now = time.monotonic()
        if self._touched and now - self._touched < TOUCHED_EVERY_S:
            return
        self._touched = now
        with contextlib.suppress(OSError):  # only tells when it was used
            os.utime(self._descriptor)


def create(path: Path, facts: Mapping[str, Any], sizes: Sizes) -> None:
    """Make an empty slab, unless another process was faster; its name appears when it is whole.

    Args:
        path: of the slab, in a folder that exists.
        facts: what its name is made of, written into it for people.
        sizes: of the images, by rank.

    Raises:
        OSError: it cannot be written.
    """
    text = json.dumps(facts, sort_keys=True).encode()
    body = text + sizes.astype("<i4").tobytes()
    head = _HEAD.pack(_MAGIC, len(text), len(sizes), hashlib.sha256(body).digest())
    temporary = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    try:
        with temporary.open("xb") as file:
            file.write(head + body)
            file.flush()
            end = int(slot_starts(sizes, _up_to_page(len(head) + len(body)))[-1])
            os.ftruncate(file.fileno(), end)
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)
        except FileExistsError:
            pass
        except OSError:  # a file system without hard links: one that was made just now gives way
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _up_to_page(size: int) -> int:
    return -(-size // PAGE) * PAGE
