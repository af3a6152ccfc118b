"""Which images of stored pools lie below some folders today, by their content alone.

A bundle holds no image and says no place of any: an image is found by its digest, wherever it lies
and whatever it is called.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from data.counts import counted
from data.folder_walk import files_below
from data.image_digest import image_id_of
from data.parquet_images import DamagedParquet, image_column, open_parquet
from data.regular_files import read_regular
from grid.records.experiments import ExperimentRecord, PoolRecord
from grid.records.places import PATHS, bundled_files_key
from grid.records.pools.file_tables import files_bytes
from grid.records.pools.manifests import read_pool
from grid.records.proven import parquet_files
from grid.refusal import Refused
from grid.store.base import Keys, Store

Progress = Callable[[str], None]


@dataclass(frozen=True)
class ImagesFound:
    """Images by image_id: the path of each that is a file, and the ids of rows of Parquet files."""

    files: Mapping[str, Path]
    rows: frozenset[str]

    def __contains__(self, image_id: object) -> bool:
        """Whether an image is at hand, as a file or as a row."""
        return image_id in self.files or image_id in self.rows


@dataclass(frozen=True)
class PoolAtHand:
    """How much of a pool is at hand; `pairs` and `whole_pairs` of images that belong together."""

    pool: PoolRecord
    images: int
    found: int
    pairs: int
    whole_pairs: int


def find_images(
    store: Store,
    experiment: ExperimentRecord,
    roots: Iterable[Path],
    progress: Progress = lambda text: None,
) -> ImagesFound:
    """Look for an experiment's images below folders; only files of a wanted size are read.

    Raises:
        Refused: a root is no folder.
        StoreError: a manifest is damaged or gone.
    """
    wanted: set[str] = set()
    sizes: set[int | None] = set()
    for pool in experiment["pools"]:
        rows = read_pool(store, pool["pool_id"], ["image_id", "bytes"])
        wanted.update(rows["image_id"].to_pylist())
        sizes.update(rows["bytes"].to_pylist())
    files: dict[str, Path] = {}
    in_rows: set[str] = set()
    for root in roots:
        if not root.is_dir():
            raise Refused.because(f"--images {root}", "it is no folder", "Name one with images")
        for path in _files(root, sizes):
            try:
                image_id = image_id_of(read_regular(path))
            except OSError:  # gone or unreadable: it is not at hand
                continue
            if image_id in wanted:
                files.setdefault(image_id, path)
                progress(f"{root}: {len(files):,} of {counted(len(wanted), 'image')} found")
        for path in sorted(root.rglob("*.parquet")):
            in_rows.update(each for each in _ids_of_rows(path) if each in wanted)
    return ImagesFound(files, frozenset(in_rows))


def pools_at_hand(
    store: Store, experiment: ExperimentRecord, found: ImagesFound
) -> list[PoolAtHand]:
    """Return how much of each pool of an experiment is at hand."""
    counts = []
    for pool in experiment["pools"]:
        rows = read_pool(store, pool["pool_id"], ["image_id", "pair"])
        there = [image_id in found for image_id in rows["image_id"].to_pylist()]
        pairs = rows["pair"].to_pylist()
        members = Counter(pair for pair in pairs if pair)
        present = Counter(pair for pair, is_there in zip(pairs, there, strict=True) if is_there)
        counts.append(
            PoolAtHand(
                pool=pool,
                images=len(there),
                found=sum(there),
                pairs=len(members),
                whole_pairs=sum(present[pair] == count for pair, count in members.items()),
            )
        )
    return counts


class WithImages:
    """A store that says where images lie today: its tables of files are made of what was found.

    Classes and pairs are those by which rows were chosen then: a bundle keeps them, else they are
    the manifest's.
    """

    def __init__(self, store: Store, found: ImagesFound) -> None:
        self._store, self._found = store, found

    def __getattr__(self, name: str) -> Any:
        """Everything else is the store's."""
        return getattr(self._store, name)

    def list(self, prefix: str = "") -> Keys:
        """Return the store's keys but for tables of files: none of old is of use."""
        return [] if prefix.startswith(PATHS) else self._store.list(prefix)

    def get(self, key: str) -> bytes:
        """Return the bytes of a key, of a table of files one with the places of today.

        Raises:
            Refused: not all images of the pool are at hand as files.
        """
        if not key.startswith(PATHS):
            return self._store.get(key)
        pool_id = key.removeprefix(PATHS).partition("/")[0]
        rows = read_pool(self._store, pool_id, ["image_id", "class", "pair"])
        ids = rows["image_id"].to_pylist()
        absent = sum(image_id not in self._found.files for image_id in ids)
        if absent:
            raise Refused.because(
                f"images of {pool_id}",
                f"{absent:,} of {counted(len(ids), 'image')} are not at hand as files",
                "Name the folders that they lie below with --images",
            )
        bundled = bundled_files_key(key)
        if self._store.exists(bundled):
            then = parquet_files.open_parquet(bundled, self._store.get(bundled)).read()
        else:
            then = rows.select(["class", "pair"])
        paths = pa.array([str(self._found.files[image_id].absolute()) for image_id in ids])
        columns = {name: then[name].cast(pa.string()) for name in ("class", "pair")}
        return files_bytes(key, pa.table({"path": paths, **columns}))


def _files(root: Path, sizes: set[int | None]) -> Iterator[Path]:
    for name in files_below(root, "", Counter()):
        path = root / name
        try:
            if None in sizes or path.stat().st_size in sizes:
                yield path
        except OSError:
            continue


def _ids_of_rows(path: Path) -> Iterator[str]:
    """Yield the image_ids of a Parquet file's rows; of one that holds no images none."""
    try:
        opened = open_parquet(str(path))
        column = image_column(opened.schema_arrow)
        for batch in opened.iter_batches(256, columns=[column]) if column is not None else ():
            images = batch.column(0)
            values = images.field("bytes") if pa.types.is_struct(images.type) else images
            yield from (image_id_of(value) for value in values.to_pylist() if value)
    except (OSError, DamagedParquet, pa.ArrowException):
        return
