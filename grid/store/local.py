"""The store in a folder, on a disk or on NFS."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from grid.store.base import TEMPORARY_PREFIX, Keys, Store, StoredFile, checked_key
from grid.store.errors import (
    StoreError,
    StoreKeyRefused,
    StoreMissing,
    StoreUnwritable,
    StoreUrlRefused,
)
from grid.store.local_files import (
    in_words,
    is_temporary,
    link,
    may_pass,
    remove,
    sync_folder,
    walk,
    writer,
)

_FOLDER_TRIES = 1000  # far more than a race with a tidying process needs; a dangling link ends it


class LocalStore(Store):
    """A folder on a disk or on NFS."""

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = Path(root)
        if not self.root.is_absolute():
            raise StoreUrlRefused(
                f"store {os.fspath(root)!r}: it is relative, and workers run in other folders; "
                "open it with open_store(), which makes it absolute."
            )
        self.url = str(self.root)
        self._was_there = False
        self._look_at_root()

    def local_path(self, key: str) -> Path:
        """Return the file of `key`, whether or not it is there."""
        return self.root / checked_key(key)

    def get(self, key: str) -> bytes:
        """Return the bytes of `key`."""
        try:
            return self.local_path(key).read_bytes()
        except (FileNotFoundError, NotADirectoryError) as error:
            self._look_at_root()
            raise StoreMissing(
                f"{key}: the store {self.url} has no such file; run `crossgen status FILE` to see "
                "what is there.",
                key,
            ) from error
        except OSError as error:
            raise self._unreadable(key, error) from error

    def exists(self, key: str) -> bool:
        """Say whether `key` is there."""
        try:
            found = self.local_path(key).is_file()
        except OSError as error:
            raise self._unreadable(key, error) from error
        return found or self._look_at_root()

    def get_tails(self, keys: Sequence[str], size: int) -> dict[str, bytes]:
        """Return the last `size` bytes of several keys; one that vanished is left out."""
        found = {}
        for key in keys:
            try:
                with self.local_path(key).open("rb", buffering=0) as file:
                    end = file.seek(0, os.SEEK_END)
                    file.seek(max(0, end - size))
                    found[key] = file.read()
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                raise self._unreadable(key, error) from error
        return found

    def arrow_location(self) -> tuple[Any, str]:
        """Return pyarrow's file system of this machine and the folder."""
        from pyarrow.fs import LocalFileSystem

        return LocalFileSystem(), str(self.root)

    def list(self, prefix: str = "") -> Keys:
        """Return the keys that start with `prefix`."""
        folder, _, start = prefix.rpartition("/")
        if folder:
            checked_key(folder)
        keys = [key for key, _ in walk(self.root / folder, folder + "/" if folder else "", start)]
        if not keys:
            self._look_at_root()
        return sorted(key for key in keys if not is_temporary(key))

    def entries(self, prefix: str = "") -> Sequence[StoredFile]:
        """Return size and time of everything below the folder `prefix`."""
        folder = prefix.rstrip("/")
        if folder:
            checked_key(folder)
        found = []
        for key, entry in walk(self.root / folder, folder + "/" if folder else "", ""):
            try:
                facts = entry.stat(follow_symlinks=False)
            except FileNotFoundError:  # removed by another process since the walk saw it
                continue
            except OSError as error:
                raise self._unreadable(key, error) from error
            found.append(
                StoredFile(
                    key=key,
                    bytes=facts.st_size,
                    modified_s=facts.st_mtime,
                    temporary=is_temporary(key),
                )
            )
        if not found:
            self._look_at_root()
        return sorted(found, key=lambda entry: entry.key)

    def sizes(self, prefix: str = "") -> dict[str, int]:
        """Return the bytes of every key below the folder `prefix`: for plans of 30,000 pieces."""
        folder = prefix.rstrip("/")
        if folder:
            checked_key(folder)
        found = {}
        for key, entry in walk(self.root / folder, folder + "/" if folder else "", ""):
            if not entry.name.startswith(TEMPORARY_PREFIX):
                try:  # of what a link leads to: weights may lie on a bigger disk
                    found[key] = entry.stat().st_size
                except FileNotFoundError:  # removed by another process since the walk saw it
                    continue
                except OSError as error:
                    raise self._unreadable(key, error) from error
        if not found:
            self._look_at_root()
        return found

    def now_s(self) -> float:
        """Return the file system's time: on NFS the server's clock, which stamps the files."""
        probe = self.root / f"{TEMPORARY_PREFIX}{writer()}-clock"
        try:
            probe.touch()
            now = probe.stat().st_mtime
            probe.unlink()
        except OSError:  # a read-only store can still be looked at
            return time.time()
        return now

    def put_new(self, key: str, data: bytes) -> bool:
        """Create `key`: a temporary file, fsync, link to the final name, fsync of the folder."""
        path = self.local_path(key)
        try:
            if path.exists():  # the common case of a repeated run; the link below decides
                return False
        except OSError as error:
            raise self._unwritable(key, error) from error
        temporary = self._write_temporary(path, data)
        try:
            return link(temporary, path)
        except OSError as error:
            raise self._unwritable(key, error) from error
        finally:
            remove(temporary)

    def put_checkpoint(self, key: str, data: bytes) -> None:
        """Create or replace `key`: a temporary file, fsync, rename over the final name."""
        path = self.local_path(key)
        temporary = self._write_temporary(path, data)
        try:
            temporary.replace(path)
            sync_folder(path.parent)
        except OSError as error:
            remove(temporary)
            raise self._unwritable(key, error) from error

    def delete(self, key: str) -> None:
        """Remove `key` and the folders that it leaves empty."""
        path = self.local_path(key)
        try:
            path.unlink(missing_ok=True)
        except NotADirectoryError:
            return
        except OSError as error:
            raise self._unwritable(key, error) from error
        self._remove_empty_folders(path.parent)

    def delete_temporary(self, key: str) -> None:
        """Remove a temporary file that a killed writer left; only `grid.upkeep.gc` asks for it."""
        path = self.root / key
        if not path.name.startswith(TEMPORARY_PREFIX) or ".." in path.parts:
            raise StoreKeyRefused(f"key {key!r}: it is not a temporary file; use delete().")
        remove(path)

    def _write_temporary(self, path: Path, data: bytes) -> Path:
        """Write and fsync a temporary file beside `path`."""
        temporary = path.with_name(f"{TEMPORARY_PREFIX}{writer()}-{path.name}")
        try:
            descriptor = self._open_new(temporary)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
            except BaseException:
                remove(temporary)
                raise
        except StoreError:
            raise
        except OSError as error:
            raise self._unwritable(str(path.relative_to(self.root)), error) from error
        return temporary

    def _open_new(self, temporary: Path) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        for _ in range(_FOLDER_TRIES):
            try:
                return os.open(temporary, flags, 0o666)
            except FileNotFoundError:
                # No folder yet, or another process has just removed the empty one: make it (again).
                # Any folder on the way may go while the next is made, so that fails likewise.
                self._look_at_root()
                with contextlib.suppress(FileNotFoundError, FileExistsError):
                    self._make_folder(temporary.parent)
        return os.open(temporary, flags, 0o666)

    def _make_folder(self, folder: Path) -> None:
        missing = []
        while not folder.is_dir() and folder != folder.parent:
            missing.append(folder)
            folder = folder.parent
        for path in reversed(missing):
            path.mkdir(exist_ok=True)
            sync_folder(path.parent)
        self._was_there = True

    def _look_at_root(self) -> bool:
        """Return False; raise StoreUnwritable where the store's folder was there and is not now.

        Its file system was unmounted, or somebody moved it. What is there no more is not missing,
        and what is written now would land below an empty mount point, where nobody looks for it.
        """
        try:
            is_there = self.root.is_dir()
        except OSError as error:
            if not self._was_there:
                return False  # whatever is done with it will say so
            raise self._unreadable(str(self.root), error) from error
        if self._was_there and not is_there:
            complaint = f"the store's folder {self.url} is gone"
            raise StoreUnwritable(
                f"{complaint}; mount its file system again or move it back, then run the same "
                "command again.",
                passing=complaint,
            )
        self._was_there = is_there
        return False

    def _remove_empty_folders(self, folder: Path) -> None:
        while folder != self.root and self.root in folder.parents:
            try:
                folder.rmdir()
            except OSError:  # not empty, or another process was quicker
                return
            folder = folder.parent

    def _unreadable(self, key: str, error: OSError) -> StoreError:
        complaint = f"the store {self.url} could not read it ({error.strerror or error})"
        return StoreError(
            f"{key}: {complaint}; check the disk and the permissions.",
            key,
            passing=f"{key}: {complaint}" if may_pass(error) else "",
        )

    def _unwritable(self, key: str, error: OSError) -> StoreUnwritable:
        complaint = f"the store {self.url} cannot be written ({in_words(error, self.root)})"
        return StoreUnwritable(
            f"{key}: {complaint}; free space, check that the mount is writable and yours, then run "
            "the same command again.",
            key,
            passing=complaint if may_pass(error) else "",
        )
