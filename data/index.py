"""From a folder to a manifest: every file is read once, and again only when it changed.

Digest and header facts come from the same bytes, so they cannot disagree. A second index of an
unchanged root looks at each file's size and modification time and reads none.
"""

import stat
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from data import generators, layouts
from data.image_files import UnreadableImage, facts_of
from data.image_sources import SIZE_UNKNOWN, SourceStatus, opened_image, status_of
from data.index_cache import IndexedFile, cache_path, read_entries, write_entries
from data.layouts import FoundImage
from data.manifest import COLUMNS, FileProblem, Manifest
from data.simulated import is_simulated

Progress = Callable[[int, int], None]
_FILES_PER_TASK = 32


def index_root(
    root: Path,
    layout: str | None,
    cache_dir: Path,
    rehash: bool = False,
    threads: int = 4,
    progress: Progress | None = None,
) -> Manifest:
    """Index a collection.

    Args:
        root: of the collection.
        layout: its name; None detects it.
        cache_dir: where what was read is kept between runs.
        rehash: read every file, also those whose size and modification time are unchanged.
        threads: that read files at the same time.
        progress: called with (files read, files to read), from this thread; with (0, 0) while
            folders are listed.

    Returns:
        One row per usable file; every other file is in `problems` or counted in `skipped`.

    Raises:
        UnknownLayout: the layout's name is unknown, or none fits the folder, or it is no folder.
        OSError: the root itself cannot be listed; a folder below it is a problem instead.
    """
    if not root.is_dir():
        raise layouts.UnknownLayout(root, "is not a folder; give the root of the collection.")
    if progress:
        progress(0, 0)
    reason = "named by the user"
    if layout is None:
        layout, reason = layouts.detect(root)
    skipped: Counter[str] = Counter()
    found = list(layouts.load(layout).scan(root, skipped))
    cached_at = cache_path(cache_dir, root)
    files = _Files(root, {} if rehash else read_entries(cached_at))
    try:
        files.look_at([image.path for image in found], threads, progress)
    finally:
        # Also when interrupted: what was read of three million files is not read again.
        if files.has_news:
            _keep_entries(cached_at, files.entries)
    return _manifest(root, layout, reason, found, files, dict(sorted(skipped.items())))


@dataclass
class _Files:
    """The files of a root as they are now."""

    root: Path
    known: dict[str, IndexedFile]  # as they were at the last time
    entries: dict[str, IndexedFile] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)  # may succeed next time: never kept
    has_news: bool = False

    def look_at(self, paths: Sequence[str], threads: int, progress: Progress | None) -> None:
        """Fill `entries` and `failures`; read what is new or changed."""
        to_read: list[tuple[str, SourceStatus]] = []
        for path in paths:
            try:
                path.encode()
                status = status_of(f"{self.root}/{path}")
            except UnicodeEncodeError:
                self.failures[path] = "the file's name is not UTF-8; rename it"
                continue
            except OSError as error:
                self.failures[path] = f"cannot be looked at ({error.strerror})"
                continue
            entry = self.known.get(path)
            if entry and _is_unchanged(entry, status):
                self.entries[path] = entry
            elif stat.S_ISREG(status.st_mode):
                to_read.append((path, status))
            elif stat.S_ISDIR(status.st_mode):
                self.failures[path] = "a folder that cannot be listed"
            else:
                self.failures[path] = "not a regular file"
        self.has_news = bool(to_read) or len(self.entries) != len(self.known)
        self._read(to_read, threads, progress)

    def _read(
        self,
        to_read: list[tuple[str, SourceStatus]],
        threads: int,
        progress: Progress | None,
    ) -> None:
        done = 0
        if progress and to_read:
            progress(0, len(to_read))
        with ThreadPoolExecutor(threads, "index") as pool:
            tasks = [pool.submit(self._read_all, part) for part in _parts(to_read)]
            try:
                for task in as_completed(tasks):
                    done += self._keep(task)
                    if progress:
                        progress(done, len(to_read))
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise

    def _keep(self, task: "Future[list[tuple[str, IndexedFile | str]]]") -> int:
        outcomes = task.result()
        for path, outcome in outcomes:
            if isinstance(outcome, IndexedFile):
                self.entries[path] = outcome
            else:
                self.failures[path] = outcome
        return len(outcomes)

    def _read_all(
        self, part: list[tuple[str, SourceStatus]]
    ) -> list[tuple[str, "IndexedFile | str"]]:
        return [(path, self._read_one(path, status)) for path, status in part]

    def _read_one(self, path: str, status: SourceStatus) -> IndexedFile | str:
        """The entry of a file, or why it could not be read this time."""
        size = 0 if status.st_size == SIZE_UNKNOWN else status.st_size
        mtime_ns = status.st_mtime_ns
        try:
            with opened_image(f"{self.root}/{path}") as content:
                size = len(content) if isinstance(content, bytes) else status.st_size
                facts = facts_of(content, path)
        except UnreadableImage as error:
            return IndexedFile(size, mtime_ns, "", "", 0, 0, "", "", 0, error.reason)
        except OSError as error:
            return f"cannot be read ({error.strerror})"
        return IndexedFile(size, mtime_ns, *facts, "")


def _is_unchanged(entry: IndexedFile, status: SourceStatus) -> bool:
    return entry.mtime_ns == status.st_mtime_ns and status.st_size in (SIZE_UNKNOWN, entry.size)


def _keep_entries(path: Path, entries: dict[str, IndexedFile]) -> None:
    try:
        write_entries(path, entries)
    except OSError as error:
        # The manifest is whole without it; only the next index will be as slow as this one.
        warnings.warn(
            f"The index cache {path} cannot be written ({error.strerror}), so every file will be "
            "read again next time; free space there or choose a cache folder that can be written.",
            RuntimeWarning,
            stacklevel=2,
        )


def _parts(
    to_read: list[tuple[str, SourceStatus]],
) -> Iterator[list[tuple[str, SourceStatus]]]:
    for start in range(0, len(to_read), _FILES_PER_TASK):
        yield to_read[start : start + _FILES_PER_TASK]


def _manifest(
    root: Path,
    layout: str,
    reason: str,
    found: list[FoundImage],
    files: _Files,
    skipped: dict[str, int],
) -> Manifest:
    problems: list[FileProblem] = []
    usable: list[tuple[FoundImage, IndexedFile]] = []
    for image in sorted(found):
        entry = files.entries.get(image.path)
        if entry is None:
            name = image.path.encode(errors="backslashreplace").decode()
            problems.append(FileProblem(name, files.failures[image.path]))
        elif entry.problem:
            problems.append(FileProblem(image.path, entry.problem))
        else:
            usable.append((image, entry))
    kinds = {name: generators.of_column(name) for name in {image.generator for image, _ in usable}}
    columns = {
        "image_id": [entry.image_id for _, entry in usable],
        "path": [image.path for image, _ in usable],
        "label": [image.label for image, _ in usable],
        "generator": [image.generator for image, _ in usable],
        "family": [kinds[image.generator].family for image, _ in usable],
        "generator_group": [kinds[image.generator].group for image, _ in usable],
        "split": [image.split for image, _ in usable],
        "class": [image.class_name for image, _ in usable],
        "pair": [image.pair for image, _ in usable],
        "real_set": [image.real_set for image, _ in usable],
        "width": [entry.width for _, entry in usable],
        "height": [entry.height for _, entry in usable],
        "format": [entry.format for _, entry in usable],
        "bytes": [entry.size for _, entry in usable],
        "jpeg_tables": [entry.jpeg_tables for _, entry in usable],
        "subsampling": [entry.subsampling for _, entry in usable],
        "metadata_bytes": [entry.metadata_bytes for _, entry in usable],
    }
    table = pa.Table.from_pydict(columns, schema=COLUMNS)
    folders = {image.path.partition("/")[0] for image in found if "/" in image.path}
    simulated = is_simulated(root, folders)
    return Manifest(root, layout, reason, table, problems, skipped, simulated)
