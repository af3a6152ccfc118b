"""The store: five verbs over keys, on a disk or on S3.

    get             the bytes of a key
    list            the keys below a prefix, in one walk
    put_new         create a key, whole or not at all; never overwrites (True = created here)
    put_checkpoint  the one verb that overwrites
    delete          forget a key

Two promises carry everything above: a final name exists only when its file is whole, and of many
writers of one key exactly one is told True. So for a piece *existence is the commit*, any tool may
glob, and no lock, clock or fresh listing is needed.

On POSIX and NFS `put_new` writes a temporary file beside its goal, fsyncs it and links it to the
final name: link(2) refuses an existing name, rename(2) would replace it. On S3 (`grid.store.s3`)
it is a PUT with If-None-Match. Other addresses are refused until they pass that test.
"""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from grid.store.errors import StoreKeyRefused, StoreMissing, StoreUnwritable

TEMPORARY_PREFIX = ".tmp-"
Keys = list[str]  # inside the classes below the name `list` is a verb


@dataclass(frozen=True, kw_only=True)
class StoredFile:
    """One stored file as `gc` sees it; `modified_s` is the storage's own time, not this host's."""

    key: str
    bytes: int
    modified_s: float
    temporary: bool = False


class Store(ABC):
    """Five verbs. Keys are relative POSIX paths such as `commits/npr-s0-0123456789abcdef.json`."""

    url: str
    holds_weights = True
    """Whether weights of commits are kept here; a bundle may have been packed without them."""

    @abstractmethod
    def get(self, key: str) -> bytes:
        """Return the bytes of `key`; raise StoreMissing where there is none."""

    @abstractmethod
    def list(self, prefix: str = "") -> Keys:
        """Return every key that starts with `prefix`, sorted, in one walk; temporaries hidden."""

    @abstractmethod
    def put_new(self, key: str, data: bytes) -> bool:
        """Create `key` with `data`: True when created here, False when it exists already.

        Never overwrites, and never leaves a part under the final name. Raises StoreUnwritable.
        """

    @abstractmethod
    def put_checkpoint(self, key: str, data: bytes) -> None:
        """Create or replace `key`, whole or not at all. Raises StoreUnwritable."""

    @abstractmethod
    def delete(self, key: str) -> None:
        """Remove `key`; one that is not there is no error."""

    @abstractmethod
    def exists(self, key: str) -> bool:
        """Say whether `key` is there."""

    @abstractmethod
    def entries(self, prefix: str = "") -> Sequence[StoredFile]:
        """Return size and time of every key below the folder `prefix`, temporaries included."""

    def sizes(self, prefix: str = "") -> dict[str, int]:
        """Return the bytes of every key below the folder `prefix`, temporaries left out."""
        return {each.key: each.bytes for each in self.entries(prefix) if not each.temporary}

    @abstractmethod
    def now_s(self) -> float:
        """Return the time by the clock that stamps `modified_s`, as near as can be had."""

    def local_path(self, key: str) -> Path | None:
        """Return where `key` lies on this machine's disk, None where it does not."""
        return None

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        """Return the bytes of several keys; one that vanished meanwhile is left out."""
        found = {}
        for key in keys:
            try:
                found[key] = self.get(key)
            except StoreMissing:
                continue
        return found

    def get_tails(self, keys: Sequence[str], size: int) -> dict[str, bytes]:
        """Return the last `size` bytes of several keys: where a Parquet file keeps its footer."""
        return {key: data[-size:] for key, data in self.get_many(keys).items()}

    @abstractmethod
    def arrow_location(self) -> tuple[Any, str]:
        """Return a pyarrow file system and the path of the store's root in it."""

    def check_writable(self) -> None:
        """Write, refuse to overwrite and remove a probe; raise StoreUnwritable where one fails.

        The second put_new is the test that some S3-speaking servers fail: they ignore
        If-None-Match, and on them two drivers would overwrite each other's results.
        """
        key = f"claims/probe-{uuid.uuid4().hex}"
        created, again = self.put_new(key, b"first"), self.put_new(key, b"second")
        kept = self.get(key)
        self.delete(key)
        if not created or again or kept != b"first":
            raise StoreUnwritable(
                f"store {self.url}: it overwrote a key that must never be overwritten, so results "
                "could be lost silently; use a local or NFS folder, or an S3 service that honours "
                "If-None-Match."
            )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and isinstance(other, Store) and other.url == self.url

    def __hash__(self) -> int:
        return hash((type(self).__name__, self.url))


def checked_key(key: str) -> str:
    """Return `key` when it is a plain relative path of visible names; raise StoreKeyRefused."""
    path = PurePosixPath(key)
    parts = path.parts
    if (
        not parts
        or path.is_absolute()
        or ".." in parts
        or str(path) != key
        or any(part.startswith(TEMPORARY_PREFIX) for part in parts)
    ):
        raise StoreKeyRefused(
            f"key {key!r}: it is not a plain relative path inside the store; use names joined by "
            f"'/', without '..' and without a leading '{TEMPORARY_PREFIX}'."
        )
    return key
