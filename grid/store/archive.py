"""A store in one zip file, to be read anywhere: what `crossgen bundle` writes.

Its files are the keys of a store, not compressed (tables are already, and any part can be read by
its place), and `SHA256SUMS` names the digest of each, as `sha256sum -c` reads it. Each file is held
against that list when it is read. Nothing can be written.
"""

from __future__ import annotations

import hashlib
import re
import time
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any, NoReturn

from grid.store.base import Keys, Store, StoredFile, checked_key
from grid.store.errors import (
    StoreError,
    StoreKeyRefused,
    StoreMissing,
    StoreUnwritable,
    StoreUrlRefused,
)

SUMS = "SHA256SUMS"
_LINE = re.compile(r"([0-9a-f]{64})  (.+)")
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the same files give the same archive, whenever it is made
_MEND = "get the file again, or bundle the experiment again"


class CorruptArchive(StoreError):
    """A file of a bundle is not what was packed."""


class ArchiveStore(Store):
    """The store in a bundle, read-only."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.url = str(path)
        if not path.is_file():
            raise StoreUrlRefused(f"store {self.url!r}: there is no such file; correct its name.")
        try:
            self._zip = zipfile.ZipFile(path)
            _refuse_strange(self._zip, self.url)
            sums = self._zip.read(SUMS).decode()
        except (zipfile.BadZipFile, KeyError, UnicodeDecodeError, EOFError, OSError) as error:
            raise StoreUrlRefused(
                f"store {self.url!r}: it is no bundle, or damaged ({error}); {_MEND}."
            ) from error
        lines = [_LINE.fullmatch(line) for line in sums.splitlines()]
        self._sums = {line[2]: line[1] for line in lines if line is not None}
        self._sizes = {each.filename: each.file_size for each in self._zip.infolist()}
        self.holds_weights = any(key.endswith(".safetensors") for key in self._sums)
        if None in lines or not all(map(_is_plain, self._sums)):
            raise StoreUrlRefused(f"store {self.url!r}: its {SUMS} is damaged; {_MEND}.")

    def get(self, key: str) -> bytes:
        """Return the bytes of `key`; raise CorruptArchive where they are not those packed."""
        if checked_key(key) not in self._sums:
            raise StoreMissing(f"{key}: the bundle {self.url} has no such file.", key)
        try:
            data = self._zip.read(key)
        except (KeyError, zipfile.BadZipFile, EOFError, OSError, NotImplementedError) as error:
            raise self._corrupt(key, str(error)) from error
        if hashlib.sha256(data).hexdigest() != self._sums[key]:
            raise self._corrupt(key, f"its sha256 is not that in {SUMS}")
        return data

    def damage(self) -> Iterable[str]:
        """Yield a sentence for each file that is not what was packed; every byte is read."""
        for key in sorted(self._sums):
            try:
                self.get(key)
            except CorruptArchive as error:
                yield str(error)
        for key in sorted(self._sizes.keys() - self._sums.keys() - {SUMS}):
            yield f"{key}: {SUMS} of the bundle {self.url} does not name it; {_MEND}."

    def list(self, prefix: str = "") -> Keys:
        """Return the keys that start with `prefix`."""
        return sorted(key for key in self._sums if key.startswith(prefix))

    def exists(self, key: str) -> bool:
        """Say whether `key` is there."""
        return checked_key(key) in self._sums

    def entries(self, prefix: str = "") -> Sequence[StoredFile]:
        """Return the size of everything below the folder `prefix`."""
        folder = f"{prefix.rstrip('/')}/" if prefix else ""
        return [
            StoredFile(key=key, bytes=self._sizes.get(key, 0), modified_s=0.0)
            for key in self.list(folder)
        ]

    def now_s(self) -> float:
        """Return this host's time."""
        return time.time()

    def arrow_location(self) -> tuple[Any, str]:
        """Return the archive as a file system of pyarrow's."""
        from fsspec.implementations.zip import ZipFileSystem
        from pyarrow.fs import FSSpecHandler, PyFileSystem

        return PyFileSystem(FSSpecHandler(ZipFileSystem(self.url, skip_instance_cache=True))), ""

    def put_new(self, key: str, data: bytes) -> bool:
        """Refuse."""
        self._refuse_writing(key)

    def put_checkpoint(self, key: str, data: bytes) -> None:
        """Refuse."""
        self._refuse_writing(key)

    def delete(self, key: str) -> None:
        """Refuse."""
        self._refuse_writing(key)

    def _refuse_writing(self, key: str) -> NoReturn:
        raise StoreUnwritable(
            f"{key}: the bundle {self.url} can only be read; `crossgen merge STORE {self.url}` "
            "takes its results into a store that can be written.",
            key,
        )

    def _corrupt(self, key: str, why: str) -> CorruptArchive:
        return CorruptArchive(f"{key}: damaged in the bundle {self.url} ({why}); {_MEND}.", key)


def _refuse_strange(archive: zipfile.ZipFile, url: str) -> None:
    """Refuse what no bundle has: names that lead out of it, files that grow when they are read.

    A few kilobytes of zeros, packed, are gigabytes in memory; what is stored as it is cannot be.
    """
    for entry in archive.infolist():
        if not _is_plain(entry.filename):
            raise StoreUrlRefused(
                f"store {url!r}: it names {entry.filename!r}, which leads out of it; {_MEND}."
            )
        if entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size:
            raise StoreUrlRefused(
                f"store {url!r}: {entry.filename} is packed to {entry.compress_size:,} bytes and "
                f"would be {entry.file_size:,}; files of a bundle are stored as they are, so "
                "take the file that `crossgen bundle` wrote."
            )


def _is_plain(key: str) -> bool:
    try:
        checked_key(key)
    except StoreKeyRefused:
        return False
    return True


def write_archive(file: IO[bytes], content: Iterable[tuple[str, bytes]]) -> int:
    """Write keys and their bytes, in the order given, as an archive; return how many there are.

    The same content gives the same bytes.
    """
    sums = []
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for key, data in content:
            archive.writestr(_entry(checked_key(key)), data)
            sums.append(f"{hashlib.sha256(data).hexdigest()}  {key}\n")
        archive.writestr(_entry(SUMS), "".join(sums))
    return len(sums)


def _entry(key: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(key, _LONG_AGO)
    entry.external_attr = 0o644 << 16
    entry.create_system = 3  # else it says on which kind of system it was made
    return entry
