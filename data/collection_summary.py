"""What a collection holds, counted: by source, split and label; copies of the same bytes."""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from data.jpeg_tables import quality_of
from data.manifest import Manifest
from data.pools import label_conflicts, pools_of

Counts = dict[str, int]


@dataclass(frozen=True)
class SourceSummary:
    """The images of one source, split and label; counts of values, the most frequent first."""

    source: str  # the generator of fakes, the real_set of reals
    split: str
    label: int  # 0 real, 1 fake
    images: int
    bytes: int
    formats: Counts
    sizes: Counts  # "WIDTHxHEIGHT" in pixels as stored
    qualities: Counts  # of JPEGs: libjpeg's quality 1-100, "other" where no tables of it fit


@dataclass(frozen=True)
class CollectionSummary:
    """A manifest in figures.

    Attributes:
        sources: by source, split and label; their images are the manifest's rows.
        duplicates: files left out of pools because another file of the pool has the same bytes.
        copies: images that are in more than one pool, counted once for each further pool.
        conflicts: a sentence for each image that is real in one place and fake in another.
    """

    sources: list[SourceSummary]
    duplicates: int
    copies: int
    conflicts: list[str]

    @property
    def images(self) -> int:
        """All rows."""
        return sum(each.images for each in self.sources)

    @property
    def bytes(self) -> int:
        """The size of all files that are rows."""
        return sum(each.bytes for each in self.sources)


def summary_of(manifest: Manifest) -> CollectionSummary:
    """Count what a manifest holds."""
    pools = pools_of(manifest)
    kept = sum(len(pool) for pool in pools)
    distinct = pc.count_distinct(manifest.table["image_id"]).as_py()
    return CollectionSummary(
        sources=_sources(manifest.table),
        duplicates=sum(pool.duplicates for pool in pools),
        copies=kept - distinct,
        conflicts=label_conflicts(pools),
    )


def _sources(table: Any) -> list[SourceSummary]:
    if not table.num_rows:
        return []
    is_fake = pc.equal(table["label"], 1)
    keys = {
        "source": pc.if_else(is_fake, _plain(table["generator"]), _plain(table["real_set"])),
        "split": _plain(table["split"]),
        "label": table["label"],
    }
    size = pc.binary_join_element_wise(
        *(table[side].cast(pa.string()) for side in ("width", "height")), "x"
    )
    rows = pa.table(
        {**keys, "format": _plain(table["format"]), "size": size, "quality": _qualities(table)}
    )
    bytes_of = pa.table({**keys, "bytes": table["bytes"]})
    totals = bytes_of.group_by(list(keys)).aggregate([([], "count_all"), ("bytes", "sum")])
    counted = {name: _counted(rows, list(keys), name) for name in ("format", "size", "quality")}
    found = []
    for row in totals.sort_by([(name, "ascending") for name in keys]).to_pylist():
        key = tuple(row[name] for name in keys)
        qualities = counted["quality"][key]
        qualities.pop("", None)  # no JPEG
        found.append(
            SourceSummary(
                source=row["source"],
                split=row["split"],
                label=row["label"],
                images=row["count_all"],
                bytes=row["bytes_sum"],
                formats=counted["format"][key],
                sizes=counted["size"][key],
                qualities=qualities,
            )
        )
    return found


def _plain(column: Any) -> Any:
    return column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column


def _counted(rows: Any, keys: list[str], name: str) -> dict[tuple[Any, ...], Counts]:
    """How often each value of a column occurs below each key, the most frequent first."""
    groups = rows.group_by([*keys, name]).aggregate([([], "count_all")])
    order = [("count_all", "descending"), (name, "ascending")]
    found: dict[tuple[Any, ...], Counts] = {}
    for row in groups.sort_by(order).to_pylist():
        found.setdefault(tuple(row[key] for key in keys), {})[row[name]] = row["count_all"]
    return found


def _qualities(table: Any) -> Any:
    """Of each image the libjpeg quality that its tables are those of, as text; "" of no JPEG."""
    coded = table["jpeg_tables"].unify_dictionaries().combine_chunks()
    names = [_quality_name(tables) for tables in coded.dictionary.to_pylist()]
    return pa.array(names, pa.string()).take(coded.indices)


def _quality_name(tables: str) -> str:
    quality = quality_of(tables)
    return "" if not tables else "other" if quality is None else str(quality)
