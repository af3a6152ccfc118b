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
final name: link(2) refuses an existing name, rename(2) would replace it. On S3 (`grid.s3_store`)
it is a PUT with If-None-Match. Other addresses are refused until they pass that test.
"""

from __future__ import annotations

import contextlib
import os
import stat
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from grid.store_errors import (
    StoreError,
    StoreKeyRefused,
    StoreMissing,
    StoreUnwritable,
    StoreUrlRefused,
)

__all__ = [
    "TEMPORARY_PREFIX",
    "Entry",
    "LocalStore",
    "Store",
    "StoreError",
    "StoreKeyRefused",
    "StoreMissing",
    "StoreUnwritable",
    "StoreUrlRefused",
    "inside_ray_job",
    "open_store",
]

TEMPORARY_PREFIX = ".tmp-"
_FOLDER_TRIES = 1000  # far more than a race with a tidying process needs; a dangling link ends it
Keys = list[str]  # inside the classes below the name `list` is a verb
# Ray sets the first for what `ray job submit` starts (and strips the second from it), the second
# in every worker.
_RAY_JOB_VARIABLES = ("RAY_JOB_CONFIG_JSON_ENV_VAR", "RAY_JOB_ID")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One stored file as `gc` sees it; `modified_s` is the storage's own time, not this host's."""

    key: str
    bytes: int
    modified_s: float
    temporary: bool = False


class Store(ABC):
    """Five verbs. Keys are relative POSIX paths such as `commits/npr-s0-0123456789abcdef.json`."""

    url: str

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
    def entries(self, prefix: str = "") -> Sequence[Entry]:
        """Return size and time of every key below the folder `prefix`, temporaries included."""

    def sizes(self, prefix: str = "") -> dict[str, int]:
        """Return the bytes of every key below the folder `prefix`, temporaries left out."""
        return {each.key: each.bytes for each in self.entries(prefix) if not each.temporary}

    @abstractmethod
    def now_s(self) -> float:
        """Return the time by the clock that stamps `Entry.modified_s`, as near as can be had."""

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


def open_store(url: str | os.PathLike[str]) -> Store:
    """Open a store by its address: a folder, `file:///...` or `s3://bucket/prefix`.

    A relative folder is made absolute here, at the door, since Tune changes its workers' working
    directory. Inside a Ray job it is refused: it would land in the job's disposable copy of the
    code. Nothing is created before the first write. Raises StoreUrlRefused.
    """
    text = os.fspath(url)
    if not text:
        raise StoreUrlRefused(
            "store '': no address was given; pass --store, set CROSSGEN_STORE or write `store:`."
        )
    scheme, found, rest = text.partition("://")
    if not found:
        return LocalStore(_absolute(text))
    if scheme == "file":
        return LocalStore(_absolute("/" + rest.lstrip("/")))
    if scheme == "s3":
        from grid.s3_store import S3Store

        return S3Store(text)
    raise StoreUrlRefused(
        f"store {text!r}: `{scheme}://` has not passed the test that a file is never overwritten "
        "when two processes create it at once; use a folder (local or NFS) or s3://bucket/prefix."
    )


def inside_ray_job() -> str:
    """Return the variable that tells that this process belongs to a Ray job, "" outside of one."""
    return next((name for name in _RAY_JOB_VARIABLES if os.environ.get(name)), "")


def _absolute(folder: str) -> Path:
    path = Path(folder).expanduser()
    if path.is_absolute():
        return Path(os.path.normpath(path))
    inside = inside_ray_job()
    if inside:
        raise StoreUrlRefused(
            f"store {folder!r}: it is relative, and inside a Ray job ({inside} is set) it would "
            "land in the job's disposable copy of the code; give an absolute path or s3://."
        )
    return Path(os.path.normpath(Path.cwd() / path))


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

    def local_path(self, key: str) -> Path:
        """Return the file of `key`, whether or not it is there."""
        return self.root / checked_key(key)

    def get(self, key: str) -> bytes:
        """Return the bytes of `key`."""
        try:
            return self.local_path(key).read_bytes()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise StoreMissing(
                f"{key}: the store {self.url} has no such file; run `crossgen status FILE` to see "
                "what is there."
            ) from error
        except OSError as error:
            raise self._unreadable(key, error) from error

    def exists(self, key: str) -> bool:
        """Say whether `key` is there."""
        return self.local_path(key).is_file()

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
        keys = [key for key, _ in _walk(self.root / folder, folder + "/" if folder else "", start)]
        return sorted(key for key in keys if not _is_temporary(key))

    def entries(self, prefix: str = "") -> Sequence[Entry]:
        """Return size and time of everything below the folder `prefix`."""
        folder = prefix.rstrip("/")
        if folder:
            checked_key(folder)
        found = []
        for key, entry in _walk(self.root / folder, folder + "/" if folder else "", ""):
            try:
                facts = entry.stat(follow_symlinks=False)
            except FileNotFoundError:  # removed by another process since the walk saw it
                continue
            found.append(
                Entry(
                    key=key,
                    bytes=facts.st_size,
                    modified_s=facts.st_mtime,
                    temporary=_is_temporary(key),
                )
            )
        return sorted(found, key=lambda entry: entry.key)

    def sizes(self, prefix: str = "") -> dict[str, int]:
        """Return the bytes of every key below the folder `prefix`: for plans of 30,000 pieces."""
        folder = prefix.rstrip("/")
        if folder:
            checked_key(folder)
        found = {}
        for key, entry in _walk(self.root / folder, folder + "/" if folder else "", ""):
            if not entry.name.startswith(TEMPORARY_PREFIX):
                try:  # of what a link leads to: weights may lie on a bigger disk
                    found[key] = entry.stat().st_size
                except FileNotFoundError:  # removed by another process since the walk saw it
                    continue
                except OSError as error:
                    raise self._unreadable(key, error) from error
        return found

    def now_s(self) -> float:
        """Return the file system's time: on NFS the server's clock, which stamps the files."""
        probe = self.root / f"{TEMPORARY_PREFIX}{_writer()}-clock"
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
        if path.exists():  # the common case of a repeated run; the link below decides
            return False
        temporary = self._write_temporary(path, data)
        try:
            return _link(temporary, path)
        except OSError as error:
            raise self._unwritable(key, error) from error
        finally:
            _remove(temporary)

    def put_checkpoint(self, key: str, data: bytes) -> None:
        """Create or replace `key`: a temporary file, fsync, rename over the final name."""
        path = self.local_path(key)
        temporary = self._write_temporary(path, data)
        try:
            temporary.replace(path)
            _sync_folder(path.parent)
        except OSError as error:
            _remove(temporary)
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
        """Remove a temporary file that a killed writer left; only `grid.gc` asks for it."""
        path = self.root / key
        if not path.name.startswith(TEMPORARY_PREFIX) or ".." in path.parts:
            raise StoreKeyRefused(f"key {key!r}: it is not a temporary file; use delete().")
        _remove(path)

    def _write_temporary(self, path: Path, data: bytes) -> Path:
        """Write and fsync a temporary file beside `path`."""
        temporary = path.with_name(f"{TEMPORARY_PREFIX}{_writer()}-{path.name}")
        try:
            descriptor = self._open_new(temporary)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
            except BaseException:
                _remove(temporary)
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
            _sync_folder(path.parent)

    def _remove_empty_folders(self, folder: Path) -> None:
        while folder != self.root and self.root in folder.parents:
            try:
                folder.rmdir()
            except OSError:  # not empty, or another process was quicker
                return
            folder = folder.parent

    def _unreadable(self, key: str, error: OSError) -> StoreError:
        return StoreError(
            f"{key}: the store {self.url} could not read it ({error.strerror or error}); check the "
            "disk and the permissions."
        )

    def _unwritable(self, key: str, error: OSError) -> StoreUnwritable:
        return StoreUnwritable(
            f"{key}: the store {self.url} cannot be written ({error.strerror or error}); free "
            "space, check that the mount is writable and yours, then run the same command again."
        )


def _link(temporary: Path, path: Path) -> bool:
    try:
        os.link(temporary, path)
    except FileExistsError:
        # An NFS client that repeats a lost request is told "exists" about its own success: then
        # the temporary file has two names.
        if temporary.stat().st_nlink < 2:
            return False
    _sync_folder(path.parent)
    return True


def _writer() -> str:
    """Return host, process and a random part, so that a listing tells whose temporary it is."""
    host = "".join(letter if letter.isalnum() else "_" for letter in os.uname().nodename)[:40]
    return f"{host}-{os.getpid()}-{uuid.uuid4().hex[:8]}"


def _sync_folder(folder: Path) -> None:
    """Make a new name durable. Some network file systems refuse to fsync a folder: then not."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        return
    finally:
        os.close(descriptor)


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:  # what is left is hidden, and `gc` removes it
        return


def _is_temporary(key: str) -> bool:
    return key.rpartition("/")[2].startswith(TEMPORARY_PREFIX)


def _walk(folder: Path, base: str, start: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield (key, entry) of every file below `folder` whose first part begins with `start`.

    scandir tells files from folders without a stat, which is what keeps 30,000 files under half a
    second.
    """
    waiting: list[tuple[str, str, str]] = [(str(folder), base, start)]
    while waiting:
        directory, base, start = waiting.pop()
        try:
            listing = os.scandir(directory)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise StoreError(
                f"{directory}: the store's folder cannot be listed ({error.strerror}); check the "
                "permissions and the mount."
            ) from error
        with listing:
            for entry in listing:
                if not entry.name.startswith(start):
                    continue
                if _is_folder(entry):
                    waiting.append((entry.path, f"{base}{entry.name}/", ""))
                else:
                    yield base + entry.name, entry


def _is_folder(entry: os.DirEntry[str]) -> bool:
    # A store may hold symbolic links to folders that were moved to a bigger disk.
    if not entry.is_symlink():
        return entry.is_dir(follow_symlinks=False)
    try:
        return stat.S_ISDIR(entry.stat().st_mode)
    except OSError:
        return False
