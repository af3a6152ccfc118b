"""The slabs of one folder, as one process uses them: opened when needed, bounded, never in the way.

Nothing here fails a trial: what cannot be read is decoded, what cannot be written is not kept, and
the first time this is said.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection
from pathlib import Path

from data.decoded import tidying
from data.decoded.slab import Sizes, Slab, SlabDamaged, create
from data.decoded.slab_key import Key
from data.pipelines import Image

log = logging.getLogger(__name__)

MOST_OPEN = 64
"""Slabs, and so file handles, that a process keeps open."""

MEASURED_EVERY = 64 * 1024**2
"""Bytes that a process writes before it looks again at what all slabs take: so far, times the
processes of a node, they may go beyond the bound."""


class SlabShelf:
    """Slabs by their key.

    Args:
        folder: where they lie; made when the first one is.
        max_bytes: what all of them together may take on disk; 0 keeps nothing and reads nothing.
        what: is kept in them, for people.
    """

    def __init__(self, folder: Path, max_bytes: int, what: str = "decoded images") -> None:
        self.folder, self.max_bytes, self._what = folder, max_bytes, what
        self._open: OrderedDict[str, Slab | None] = OrderedDict()
        self._lock = threading.Lock()
        self._room = 0
        self._is_full = False
        self._has_failed = False
        self._is_said = False

    def __reduce__(self) -> tuple[object, ...]:
        # What is open belongs to a process.
        return SlabShelf, (self.folder, self.max_bytes, self._what)

    def slab(self, key: Key, sizes: Callable[[], Sizes]) -> Slab | None:
        """The slab of a key, made where there is none; None where that is not possible.

        Args:
            key: what is wanted.
            sizes: gives the images' sizes by rank, asked only where it has to be made.
        """
        if self.max_bytes <= 0:
            return None
        name = key.file_name
        with self._lock:
            if name not in self._open:
                self._open[name] = self._opened(key, sizes)
                while len(self._open) > MOST_OPEN:
                    self._open.popitem(last=False)
            self._open.move_to_end(name)
            return self._open[name]

    def read(self, slab: Slab, rank: int, image_id: str) -> Image | None:
        """An image of a slab; None where it has to be decoded."""
        try:
            return slab.read(rank, image_id)
        except OSError as error:
            self._say(error)
            self._forget(slab)  # opened anew, or made anew where it was deleted
            return None

    def write(self, slab: Slab, rank: int, image_id: str, image_HWC: Image) -> bool:
        """Keep an image if there is room; return whether it is kept."""
        if self._has_failed or not self._has_room(image_HWC.nbytes):
            return False
        try:
            written = slab.write(rank, image_id, image_HWC)
        except OSError as error:
            self._failed(error)
            return False
        with self._lock:
            self._room -= written
        return written > 0

    def room_beside(self, names: Collection[str]) -> int:
        """Bytes that slabs with these names may take: the bound, less what others take."""
        return max(self.max_bytes - tidying.used_bytes(self.folder, but=names), 0)

    def _has_room(self, count: int) -> bool:
        """Whether so many bytes more keep within the bound, measured once in a while."""
        with self._lock:
            if not self._is_full and self._room < count:
                free = self.max_bytes - tidying.used_bytes(self.folder)
                self._is_full = free < count
                self._room = max(min(free, MEASURED_EVERY), count)
            return not self._is_full

    def _opened(self, key: Key, sizes: Callable[[], Sizes]) -> Slab | None:
        path = self.folder / key.file_name
        for _ in range(2):  # a damaged one is removed and made anew, once
            try:
                if not path.exists():
                    self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                    table = sizes()
                    tidying.make_room(
                        self.folder,
                        3 * int(table.astype("int64").prod(axis=1).sum()),
                        self.max_bytes,
                        keep=self._open.keys(),
                    )
                    self._is_full = False
                    create(path, key.facts, table)
                return Slab(path)
            except SlabDamaged as error:
                log.warning("%s; it is made anew", error)
                try:
                    path.unlink()
                except OSError as unremovable:
                    self._failed(unremovable)
                    return None
            except OSError as error:
                self._failed(error)
                return None
        return None

    def _forget(self, slab: Slab) -> None:
        with self._lock:
            self._open = OrderedDict(
                (name, known) for name, known in self._open.items() if known is not slab
            )

    def _failed(self, error: OSError) -> None:
        """Keep nothing more in this process."""
        self._has_failed = True
        self._say(error)

    def _say(self, error: OSError) -> None:
        if not self._is_said:
            log.warning(
                "%s cannot be kept in %s: %s. What is missing there is made each time; "
                "CROSSGEN_SCRATCH names another folder",
                self._what,
                self.folder,
                error.strerror or error,
            )
        self._is_said = True
