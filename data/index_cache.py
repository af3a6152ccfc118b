"""What was read from the files of one root, kept between runs: a cache, never identity.

    index-<root>.parquet                 the collection as it was last indexed, whole
    index-<root>.shard-<i>-of-<n>.parquet one part of it, read by one machine of several
    index-<root>.part-<n>.parquet        what an index that goes on, or was killed, has read

An entry is trusted while the file's size and modification time are the same; decoding checks the
bytes again. A file that cannot be read is passed over: what it held is read again.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from data.indexing.columns import FACTS, PLACES, joined
from data.refusals import Refused

_VERSION = 4
_METADATA_KEY = b"crossgen index"
# Digests are all different; a dictionary of them would only be written to be given up.
_DICTIONARIES = [field.name for field in FACTS if pa.types.is_dictionary(field.type)] + [
    field.name for field in PLACES if pa.types.is_dictionary(field.type)
]
# What is read in one piece need not be put together, which would take its memory twice.
_ROWS_PER_GROUP = 2**23
INDEX = pa.schema([*FACTS, *(field for field in PLACES if field.name != "path")])

Shard = tuple[int, int]


@dataclass(frozen=True)
class IndexFacts:
    """What an index says of a whole collection, or of one part of it.

    Attributes:
        root: of the collection, resolved: for people, and to find what was moved.
        layout: as which it was scanned; "" where it has not been at this place.
        reason: why it has this layout.
        skipped: files left out by rule, by reason.
        simulated: as in `data.manifest.Manifest`.
        unread: files that could not be looked at or read, and are in no entry.
        shard: which part of the collection it is, None for all of it.
    """

    root: str
    layout: str = ""
    reason: str = ""
    skipped: dict[str, int] = field(default_factory=dict)
    simulated: bool = False
    unread: int = 0
    shard: Shard | None = None


@dataclass(frozen=True)
class KeptIndex:
    """An index as it was kept: a table with the columns INDEX, sorted by path, and its facts."""

    table: Any
    facts: IndexFacts


def cache_path(cache_dir: Path, root: Path, shard: Shard | None = None) -> Path:
    """Where the index of a root, or of a part of it, is kept."""
    digest = hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:20]
    part = "" if shard is None else f".shard-{shard[0]}-of-{shard[1]}"
    return cache_dir / f"index-{digest}{part}.parquet"


def read_index(path: Path) -> KeptIndex | None:
    """An index; None when it is missing, of another version or damaged."""
    found = _read(path, INDEX)
    if found is None:
        return None
    table, said = found
    shard = said.get("shard")
    try:
        facts = IndexFacts(**{**said, "shard": tuple(shard) if shard else None})
    except TypeError:  # facts that this version does not know
        return None
    return KeptIndex(table, facts)


def write_index(path: Path, table: Any, facts: IndexFacts) -> None:
    """Write an index, atomically: a reader finds the old one or the new one."""
    _write(path, table, asdict(facts))


class Parts:
    """What an index has read so far, kept file by file until it is whole."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._mine: list[Path] = []

    def add(self, table: Any) -> None:
        """Keep some entries, a table with the columns FACTS."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        stem = self._path.name.removesuffix(".parquet")
        descriptor, name = tempfile.mkstemp(
            dir=self._path.parent, prefix=f"{stem}.part-", suffix=".parquet"
        )
        os.close(descriptor)
        self._mine.append(Path(name))
        _write(Path(name), table, {})

    def read(self) -> list[Any]:
        """The tables of all parts, also of indexes that were killed, the newest first."""
        places = sorted(
            self._path.parent.glob(f"{self._path.name.removesuffix('.parquet')}.part-*.parquet"),
            key=lambda place: -place.stat().st_mtime_ns,
        )
        found = []
        for place in places:
            self._mine.append(place)
            if (read := _read(place, FACTS)) is not None:
                found.append(read[0])
        return found

    def remove(self) -> None:
        """Remove them: what they hold is in the index."""
        for place in self._mine:
            place.unlink(missing_ok=True)


def relocate(cache_dir: Path, old_root: Path, new_root: Path) -> int:
    """Let the index of a root that was moved serve at its new place; no file is read.

    Taken over is each file whose size and modification time are the same there. The old place's
    index stays as it is.

    Returns:
        How many entries were taken over; the other files are read by the next index.

    Raises:
        Refused: the old place has no index, or the new one is no folder.
    """
    from data.indexing.looking import same_sizes, statuses

    kept = read_index(cache_path(cache_dir, old_root))
    if kept is None:
        raise Refused.because(
            str(old_root),
            f"no index of it is kept in {cache_dir}, so there is nothing to take over",
            "Give the old root as it was called then, or index the new one",
        )
    if not new_root.is_dir():
        raise Refused.because(
            str(new_root), "is no folder that could be looked at", "Correct the new root"
        )
    table = kept.table
    sizes, times = statuses(str(new_root), table["path"].to_pylist())
    same = same_sizes(table["size"].to_numpy(), sizes)
    same &= times == table["mtime_ns"].to_numpy()
    taken = table.filter(pa.array(same))
    if taken.num_rows:
        # Its names may say other things at the new place: scanned is what has been looked at there.
        facts = IndexFacts(str(new_root.resolve()))
        write_index(cache_path(cache_dir, new_root), taken, facts)
    return int(taken.num_rows)


def merge_shards(cache_dirs: Sequence[Path], root: Path, into_cache_dir: Path) -> int:
    """Make one index of the parts that several machines have read.

    Args:
        cache_dirs: where the parts lie.
        root: of the collection, as it is called on all machines.
        into_cache_dir: where the whole index goes.

    Returns:
        The entries of the whole index.

    Raises:
        Refused: there are no parts, or one of them is missing, or they are not of one division.
    """
    shards = {kept.facts.shard: kept for kept in _shards(cache_dirs, root)}
    divisions = sorted({shard[1] for shard in shards if shard is not None})
    if len(divisions) != 1:
        raise Refused.because(
            str(root),
            "no part of its index was found"
            if not divisions
            else f"parts of several divisions were found (of {', '.join(map(str, divisions))})",
            "Index with `--shard i/n`, the same n on every machine, and name their cache folders",
            [f"looked in: {', '.join(map(str, cache_dirs))}"],
        )
    (of,) = divisions
    missing = [number for number in range(1, of + 1) if (number, of) not in shards]
    if missing:
        raise Refused.because(
            str(root),
            f"of its {of} parts {', '.join(f'{number}/{of}' for number in missing)} "
            f"{'is' if len(missing) == 1 else 'are'} missing, and a part is no collection",
            "Index them, or name the cache folders that hold them",
        )
    every = [shards[number, of] for number in range(1, of + 1)]
    table = joined(INDEX, [kept.table for kept in every]).sort_by("path")
    first = every[0].facts
    facts = IndexFacts(
        first.root,
        first.layout if len({kept.facts.layout for kept in every}) == 1 else "",
        first.reason,
        first.skipped,
        any(kept.facts.simulated for kept in every),
        sum(kept.facts.unread for kept in every),
    )
    write_index(cache_path(into_cache_dir, root), table, facts)
    return int(table.num_rows)


def _shards(cache_dirs: Sequence[Path], root: Path) -> Iterator[KeptIndex]:
    stem = cache_path(Path(), root).name.removesuffix(".parquet")
    for folder in cache_dirs:
        for path in sorted(Path(folder).glob(f"{stem}.shard-*.parquet")):
            kept = read_index(path)
            if kept is not None and kept.facts.shard is not None:
                yield kept


def _read(path: Path, schema: Any) -> tuple[Any, dict[str, Any]] | None:
    try:
        table = pq.ParquetFile(path).read()
        said = json.loads((table.schema.metadata or {}).get(_METADATA_KEY, b"{}"))
    except (OSError, ValueError, pa.ArrowException):
        return None
    # Up to version 3 this was the number alone.
    if not isinstance(said, dict) or said.pop("version", None) != _VERSION:
        return None
    if not table.schema.equals(schema, check_metadata=False):
        return None
    return joined(schema, [table.replace_schema_metadata(None)]), said


def _write(path: Path, table: Any, said: dict[str, Any]) -> None:
    content = json.dumps({**said, "version": _VERSION}).encode()
    table = table.replace_schema_metadata({_METADATA_KEY: content})
    dictionaries = [name for name in _DICTIONARIES if name in table.column_names]
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            pq.write_table(
                table,
                file,
                compression="zstd",
                use_dictionary=dictionaries,
                row_group_size=_ROWS_PER_GROUP,
            )
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
