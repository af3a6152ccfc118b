"""The data that an experiment names: its roots indexed, cut into pools, its generators found.

Names (aliases, generators, folders) live here and in what people read; identity is made of pool
digests only, so renaming a folder or an alias retrains nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from data.counts import counted
from data.file_problems import PIXELS, FileProblem
from data.index import index_root, indexed_manifest
from data.inventory import Comparison, compare
from data.layouts import UnknownLayout
from data.manifest import COLUMNS, Manifest
from data.pools import Pool, label_conflicts, pools_of
from grid.cache_folder import default_cache_dir
from grid.experiment_file.schema import DatasetSpec
from grid.refusal import Problems, Refused, did_you_mean
from grid.sources.aliases import with_aliases
from grid.sources.families import check_groups, with_stated
from grid.sources.limited import limited
from grid.sources.named_reals import with_named_reals
from grid.sources.roots import unknown_root, without_images
from grid.sources.source import Source, sources_of
from grid.sources.twin_pools import told_apart
from grid.sources.undecodable import Undecodable, known_undecodable


@dataclass(frozen=True)
class IndexedDataset:
    """One dataset of the file: what was found below its root."""

    alias: str
    root: Path
    manifest: Manifest  # without its rows, which the pools hold
    pools: tuple[Pool, ...]
    sources: tuple[Source, ...]
    classes: tuple[str, ...] = ()
    comparisons: tuple[Comparison, ...] = ()  # with published collections that it is

    @property
    def left_out(self) -> list[str]:
        """Files that cannot be opened, with the reason; none where the file says `refuse`.

        One whose pixels are broken stays in its pool: its score is null.
        """
        problems = [p for p in self.manifest.problems if p.kind != PIXELS]
        return [f"{self.alias}/{p.path}: {p.reason}" for p in problems]


@dataclass(frozen=True)
class Catalog:
    """All datasets of an experiment.

    `undecodable` are images that no fit trains or is validated on, by id: they are known not to
    decode, and the file says `unreadable: leave_out`. They stay rows of their pools.
    """

    datasets: Mapping[str, IndexedDataset] = field(default_factory=dict)
    undecodable: Mapping[str, Undecodable] = field(default_factory=dict)

    def sources(self, name: str) -> list[Source]:
        """Resolve `dataset` (all its generators) or `dataset/generator` (one).

        Raises:
            KeyError: with a sentence that suggests the nearest name.
        """
        alias, _, generator = name.partition("/")
        if alias not in self.datasets:
            raise KeyError(f"there is no dataset {alias!r}. {did_you_mean(alias, self.datasets)}")
        sources = self.datasets[alias].sources
        if not generator:
            return list(sources)
        found = [s for s in sources if s.generator == generator]
        if not found:
            known = did_you_mean(generator, [s.generator for s in sources])
            raise KeyError(f"dataset {alias} has no generator {generator!r}. {known}")
        return found

    def all_sources(self) -> list[Source]:
        """Return the sources of every dataset, in the file's order."""
        return [source for dataset in self.datasets.values() for source in dataset.sources]

    def pool(self, pool_id: str) -> Pool:
        """Return one pool by its id."""
        return self._pool_by_id()[pool_id][1]

    def dataset_of(self, pool_id: str) -> IndexedDataset:
        """Return the dataset that a pool's files lie in."""
        return self._pool_by_id()[pool_id][0]

    def located(self, pool_ids: Iterable[str] | None = None) -> list[tuple[str, Path, Pool]]:
        """Return pools, all unless told, each with its dataset's alias and root."""
        by_id = self._pool_by_id()
        chosen = by_id if pool_ids is None else pool_ids
        return [(by_id[p][0].alias, by_id[p][0].root, by_id[p][1]) for p in chosen]

    def known_undecodable(
        self, image_ids: Collection[str], pool_ids: Iterable[str] | None = None
    ) -> list[Undecodable]:
        """Return the images of pools that do not decode, as far as it is known.

        Args:
            image_ids: of images that did not decode in an earlier run; what an index that decoded
                has found is known besides.
            pool_ids: to look into; None for all.
        """
        reasons = {alias: _broken(dataset.manifest) for alias, dataset in self.datasets.items()}
        return known_undecodable(self.located(pool_ids), reasons, image_ids)

    def without_undecodable(self, image_ids: Collection[str]) -> Catalog:
        """Return the catalog with what `known_undecodable` finds kept out of training."""
        found = self.known_undecodable(image_ids)
        return replace(self, undecodable={image.image_id: image for image in found})

    def trainable(self, pool: Pool) -> Pool:
        """Return a pool without the images that no fit trains on; its id stays."""
        ids = self.left_out_of([pool.pool_id])
        if not ids:
            return pool
        held = pc.is_in(pool.table["image_id"], value_set=pa.array(ids, pa.string()))
        return replace(pool, table=pool.table.filter(pc.invert(held)))

    def left_out_of(self, pool_ids: Collection[str]) -> list[str]:
        """Return the ids of the undecodable images of some pools, sorted."""
        held = (u for u in self.undecodable.values() if not set(pool_ids).isdisjoint(u.pools))
        return sorted(image.image_id for image in held)

    def _pool_by_id(self) -> dict[str, tuple[IndexedDataset, Pool]]:
        if "_by_id" not in self.__dict__:
            by_id = {p.pool_id: (d, p) for d in self.datasets.values() for p in d.pools}
            object.__setattr__(self, "_by_id", by_id)
        found: dict[str, tuple[IndexedDataset, Pool]] = self.__dict__["_by_id"]
        return found


def open_catalog(
    data: Mapping[str, DatasetSpec],
    *,
    image_limit: int | None,
    problems: Problems,
    cache_dir: Path | None = None,
    rehash: bool = False,
    trust_index: bool = False,
    unreadable: str = "refuse",
    left_out: Collection[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Catalog:
    """Index every root and form its pools. What is wrong is noted in `problems`, all of it.

    Args:
        data: the datasets of the file, with absolute roots.
        image_limit: at most so many images per pool; the rows change, and identity with them.
        problems: receives missing roots, unknown layouts, unreadable files, label conflicts.
        cache_dir: where the index of each root is kept.
        rehash: read every file again instead of trusting size and modification time.
        trust_index: take each root as it was last indexed, without looking at its folders.
        unreadable: `refuse` makes every file that cannot be opened a problem.
        left_out: of images that a limit does not count; see `limited`.
        progress: called with (files done, files in all).
    """
    cache = cache_dir or default_cache_dir()
    found: dict[str, IndexedDataset] = {}
    for alias, spec in data.items():
        manifest = _manifest(alias, spec, _Indexing(cache, rehash, trust_index, progress), problems)
        if manifest is None:
            continue
        manifest = with_aliases(alias, spec.aliases, manifest, problems)
        unusable = [p for p in manifest.problems if p.kind != PIXELS]
        if unusable and unreadable == "refuse":
            problems.add(*_unreadable(alias, unusable))
        located = [(alias, spec.root, pool) for pool in pools_of(manifest)]
        pools = limited(located, image_limit, {alias: _broken(manifest)}, left_out)
        comparisons = compare(manifest)
        # From here on the pools hold the rows: of millions they are not kept twice.
        manifest = replace(manifest, table=COLUMNS.empty_table())
        pa.default_memory_pool().release_unused()
        if not pools:
            problems.extend([without_images(f"data.{alias}.root = {manifest.root}", manifest)])
            continue
        pools = with_stated(alias, spec.families, spec.groups, pools, problems)
        sources = tuple(sources_of(alias, pools))
        found[alias] = IndexedDataset(
            alias, spec.root, manifest, tuple(pools), sources, spec.classes, tuple(comparisons)
        )
    found = _beside_named_reals(_as_each_says(found), data, problems)
    every = [source for dataset in found.values() for source in dataset.sources]
    check_groups({alias: data[alias].groups for alias in found}, every, problems)
    for conflict in label_conflicts([p for d in found.values() for p in d.pools]):
        problems.add(
            "data: one image has two labels", conflict, "Remove the file from where it is wrong"
        )
    return Catalog(found)


def _as_each_says(found: Mapping[str, IndexedDataset]) -> dict[str, IndexedDataset]:
    """The datasets, where two hold one pool each with what it says of it itself."""
    apart = told_apart({alias: dataset.pools for alias, dataset in found.items()})
    return {
        alias: replace(dataset, pools=apart[alias], sources=tuple(sources_of(alias, apart[alias])))
        if alias in apart
        else dataset
        for alias, dataset in found.items()
    }


def _beside_named_reals(
    found: Mapping[str, IndexedDataset], data: Mapping[str, DatasetSpec], problems: Problems
) -> dict[str, IndexedDataset]:
    beside = with_named_reals(
        {alias: dataset.sources for alias, dataset in found.items()},
        {alias: dataset.pools for alias, dataset in found.items()},
        data,
        problems,
    )
    return {alias: replace(d, sources=beside[alias]) for alias, d in found.items()}


@dataclass(frozen=True)
class _Indexing:
    """How roots are indexed."""

    cache_dir: Path
    rehash: bool
    trust_index: bool
    progress: Callable[[int, int], None] | None

    def manifest(self, spec: DatasetSpec) -> Manifest:
        if self.trust_index:
            return indexed_manifest(spec.root, spec.layout, self.cache_dir)
        return index_root(
            spec.root, spec.layout, self.cache_dir, rehash=self.rehash, progress=self.progress
        )


def _manifest(
    alias: str, spec: DatasetSpec, indexing: _Indexing, problems: Problems
) -> Manifest | None:
    """Index one root; None, with a problem noted, where it is no collection or cannot be listed."""
    if not spec.root.is_dir():
        problems.add(
            f"data.{alias}.root = {spec.root}",
            "there is no such folder",
            "Correct the path, or set the variable that it is made of",
        )
        return None
    try:
        return indexing.manifest(spec)
    except UnknownLayout as error:
        problems.extend([unknown_root(alias, spec, error)])
    except Refused as error:
        problems.extend(error.problems)
    except OSError as error:
        problems.add(
            f"data.{alias}",
            f"{error.filename or spec.root} cannot be listed ({error.strerror})",
            "Check its permissions and its disk, then run again",
        )
    return None


def _unreadable(alias: str, files: Sequence[FileProblem]) -> tuple[str, str, str]:
    shown = "; ".join(f"{p.path} ({p.reason})" for p in files[:5])
    more = f" and {len(files) - 5} more" if len(files) > 5 else ""
    return (
        f"data.{alias}: {counted(len(files), 'unreadable file')}",
        f"{shown}{more}",
        "Repair or remove them; `unreadable: null_score` and `leave_out` leave them out, counted",
    )


def _broken(manifest: Manifest) -> dict[str, str]:
    """Return why a file's pixels do not decode, by path, as an index that decoded has found."""
    return {p.path: p.reason for p in manifest.problems if p.kind == PIXELS}
