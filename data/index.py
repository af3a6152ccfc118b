"""From a folder to a manifest: every file is read once, and again only when it changed.

Digest and header facts come from the same bytes, so they cannot disagree. A second index of an
unchanged root looks at each file's size and modification time and reads none.
"""

import time
import warnings
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data import layouts
from data.file_problems import ACCESS, FileProblem
from data.index_cache import (
    INDEX,
    IndexFacts,
    KeptIndex,
    Parts,
    cache_path,
    read_index,
    write_index,
)
from data.indexing.columns import FACTS, are_equal, joined, table_of_entries
from data.indexing.entry import FileEntry
from data.indexing.looking import Looked, Shard, check_shard, look, same_sizes
from data.indexing.reading import Outcomes, read_files
from data.indexing.rows import manifest_table, problems_of
from data.layout_detection import detect
from data.manifest import Manifest
from data.notices import Notice
from data.refusals import Refused
from data.simulated import is_simulated

Progress = Callable[[int, int], None]
# What was read is kept at the latest after so long: that much is lost to whatever ends a process.
_KEPT_AFTER_S = 30.0


def index_root(
    root: Path,
    layout: str | None,
    cache_dir: Path,
    *,
    rehash: bool = False,
    threads: int | None = None,
    progress: Progress | None = None,
    shard: Shard | None = None,
    decode: bool = False,
) -> Manifest:
    """Index a collection.

    Args:
        root: of the collection.
        layout: its name; None detects it.
        cache_dir: where what was read is kept between runs.
        rehash: read every file, also those whose size and modification time are unchanged.
        threads: files that are read at the same time; None for as many as suit this machine.
        progress: called with (files read, files to read), from this thread; with (0, 0) while
            folders are listed.
        shard: only the files of this part, the first of three being (1, 3): a collection may be
            indexed by several machines. See `data.index_cache.merge_shards`.
        decode: also decode every image once, so that broken pixels are known now and not when
            a training meets them.

    Returns:
        One row per usable file; every other file is in `problems` or counted in `skipped`.

    Raises:
        UnknownLayout: the layout's name is unknown, or none fits the folder, or it is no folder.
        OSError: the root itself cannot be listed; a folder below it is a problem instead.
        ValueError: the shard is none.
    """
    if shard is not None:
        check_shard(shard)
    if not root.is_dir():
        raise layouts.UnknownLayout(root, "is not a folder; give the root of the collection.")
    if progress:
        progress(0, 0)
    layout, reason = detect(root) if layout is None else (layout, "named by the user")
    skipped: Counter[str] = Counter()
    looked = look(str(root), layouts.load(layout).scan(root, skipped), shard)
    kept_at = cache_path(cache_dir, root, shard)
    files = _Files(root, looked, kept_at)
    files.recall(rehash=rehash, decode=decode)
    files.read(decode=decode, readers=threads, progress=progress)
    facts = IndexFacts(
        root=str(root.resolve()),
        layout=layout,
        reason=reason,
        skipped=dict(sorted(skipped.items())),
        simulated=is_simulated(root, _first_folders(looked)),
        unread=files.unread,
        shard=shard,
    )
    return _manifest(root, files.kept(facts), files.problems())


def indexed_manifest(root: Path, layout: str | None, cache_dir: Path) -> Manifest:
    """The collection as it was last indexed; neither its folders nor its files are looked at.

    Raises:
        Refused: it was never indexed whole, or as another layout, or files could not be read then.
    """
    kept = read_index(cache_path(cache_dir, root))
    why = ""
    if kept is None:
        why = f"no index of it is kept in {cache_dir}"
    elif not kept.facts.layout:
        why = "its index was taken over from another place and has not been held against this one"
    elif layout not in (None, kept.facts.layout):
        why = f"it was indexed as {kept.facts.layout}, and the file says `layout: {layout}`"
    elif kept.facts.unread:
        why = f"{kept.facts.unread} of its files could not be read when it was indexed"
    if kept is None or why:
        raise Refused.because(
            str(root),
            f"{why}, so it cannot be trusted unseen",
            "Index it once more, or leave out --trust-index",
        )
    return _manifest(root, kept, [])


class _Files:
    """The files of a root as they are now."""

    def __init__(self, root: Path, looked: Looked, kept_at: Path) -> None:
        self._root, self._looked, self._kept_at = str(root), looked, kept_at
        self._parts = Parts(kept_at)
        self._before: KeptIndex | None = None
        self._known: Any = FACTS.empty_table()
        # Of each file the row of its entry: in what was known, after that in what was read.
        self._row = np.full(len(looked), -1, np.int64)
        self._to_read = np.zeros(0, np.int64)
        self._read: list[Any] = []
        self._failures: dict[int, str] = {}  # may succeed next time: never kept

    def recall(self, *, rehash: bool, decode: bool) -> None:
        """Find what is known of the files as they are, and which are to be read."""
        looked = self._looked
        can_be_read = looked.can_be_read
        if not rehash:
            self._before = read_index(self._kept_at)
            known = [] if self._before is None else [self._before.table.select(FACTS.names)]
            self._known = joined(FACTS, [*self._parts.read(), *known])
            row = _rows_of(looked.table["path"], self._known["path"])
            at = np.maximum(row, 0)
            is_same = row >= 0
            if len(self._known):
                is_same &= same_sizes(self._known["size"].to_numpy()[at], looked.sizes)
                is_same &= self._known["mtime_ns"].to_numpy()[at] == looked.times
                if decode:
                    is_same &= self._known["decoded"].to_numpy(zero_copy_only=False)[at]
            self._row = np.where(is_same & can_be_read, row, -1)
        self._to_read = np.flatnonzero((self._row < 0) & can_be_read)

    def read(self, *, decode: bool, readers: int | None, progress: Progress | None) -> None:
        """Read what is not known, keeping it as it comes."""
        if not len(self._to_read):
            return
        paths = self._looked.table["path"].take(pa.array(self._to_read)).to_pylist()
        row_of = dict(zip(paths, self._to_read.tolist(), strict=True))
        waiting: list[tuple[str, FileEntry]] = []
        done, kept = 0, time.monotonic()
        if progress:
            progress(0, len(paths))
        left: list[Outcomes] = []
        batches = read_files(self._root, paths, left, decode=decode, readers=readers)
        try:
            with closing(batches):
                for outcomes in batches:
                    for path, outcome in outcomes:
                        if isinstance(outcome, FileEntry):
                            waiting.append((path, outcome))
                        else:
                            self._failures[row_of[path]] = outcome
                    done += len(outcomes)
                    if time.monotonic() - kept > _KEPT_AFTER_S:
                        self._set_aside(waiting, row_of)
                        waiting, kept = [], time.monotonic()
                    if progress:
                        progress(done, len(paths))
        except BaseException:
            read = [each for outcomes in left for each in outcomes]
            waiting += [(path, found) for path, found in read if isinstance(found, FileEntry)]
            self._set_aside(waiting, row_of)
            raise
        self._take(table_of_entries(*_columns(waiting)), row_of)

    @property
    def unread(self) -> int:
        """How many files could not be looked at or read."""
        return len(self._looked.faults) + len(self._looked.unnamed) + len(self._failures)

    def kept(self, facts: IndexFacts) -> KeptIndex:
        """The whole index, which is kept from now on, unless it is kept as it is already."""
        found, before = KeptIndex(self._table(), facts), self._before
        # A layout that is named the next time is the same one.
        is_kept = before is not None and before.facts == replace(facts, reason=before.facts.reason)
        if before is None or not is_kept or not are_equal(before.table, found.table):
            self._try(lambda: write_index(self._kept_at, found.table, facts))
        self._parts.remove()
        return found

    def problems(self) -> list[FileProblem]:
        """The files that have no entry, and why."""
        at_rows = {**self._looked.faults, **self._failures}
        paths = self._looked.table["path"]
        named = [FileProblem(paths[row].as_py(), why, ACCESS) for row, why in at_rows.items()]
        return [*self._looked.unnamed, *named]

    def _table(self) -> Any:
        """The entries of all files that have one: the columns INDEX, sorted by path."""
        is_there = self._row >= 0
        known = joined(FACTS, [self._known, *self._read])
        row = self._row[is_there]
        if len(row) != len(known) or (row != np.arange(len(known))).any():
            known = known.take(pa.array(row))
        places = self._looked.table
        if not is_there.all():
            places = places.filter(pa.array(is_there))
        return pa.Table.from_arrays(
            [(known if name in FACTS.names else places)[name] for name in INDEX.names],
            schema=INDEX,
        )

    def _set_aside(self, entries: list[tuple[str, FileEntry]], row_of: dict[str, int]) -> None:
        if entries:
            table = table_of_entries(*_columns(entries))
            self._take(table, row_of)
            self._try(lambda: self._parts.add(table))

    def _take(self, table: Any, row_of: dict[str, int]) -> None:
        start = len(self._known) + sum(map(len, self._read))
        rows = [row_of[path] for path in table["path"].to_pylist()]
        self._row[rows] = np.arange(start, start + len(rows))
        self._read.append(table)

    def _try(self, write: Callable[[], None]) -> None:
        try:
            write()
        except OSError as error:
            # The manifest is whole without it; only the next index will be as slow as this one.
            warnings.warn(
                f"The index cache {self._kept_at} cannot be written ({error.strerror}), so every "
                "file will be read again next time; free space there, or name a folder that can be "
                "written in CROSSGEN_CACHE.",
                Notice,
                stacklevel=2,
            )


def _columns(entries: list[tuple[str, FileEntry]]) -> tuple[list[str], list[FileEntry]]:
    """Paths and entries, by path: in whatever order they were read, a table is the same."""
    entries = sorted(entries)
    return [path for path, _ in entries], [entry for _, entry in entries]


def _rows_of(paths: Any, known: Any) -> np.ndarray:
    """The first row of each path among the known ones, -1 where it is not among them."""
    if len(paths) == len(known) and paths.equals(known):
        return np.arange(len(paths))
    found = pc.index_in(paths, value_set=known.combine_chunks())
    rows: np.ndarray = pc.fill_null(found, -1).to_numpy().astype(np.int64)
    return rows


def _first_folders(looked: Looked) -> set[str]:
    """The folders in the root that hold files of the collection."""
    paths = looked.table["path"]
    in_folders = paths.filter(pc.match_substring(paths, "/"))
    return set(pc.unique(pc.replace_substring_regex(in_folders, "/.*", "")).to_pylist())


def _manifest(root: Path, kept: KeptIndex, unread: list[FileProblem]) -> Manifest:
    facts = kept.facts
    problems = sorted([*unread, *problems_of(kept.table)])
    return Manifest(
        root,
        facts.layout,
        facts.reason,
        manifest_table(kept.table),
        problems,
        facts.skipped,
        facts.simulated,
        facts.shard,
    )
