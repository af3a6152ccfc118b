"""The columns of an index: what a file holds, and what its place in the collection says of it."""

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from data.indexing.entry import FileEntry
from data.layouts import FoundImage

WORD = pa.dictionary(pa.int32(), pa.string())

# What is read from a file: the fields of FileEntry.
FACTS = pa.schema(
    [
        ("path", pa.string()),
        ("size", pa.int64()),
        ("mtime_ns", pa.int64()),
        ("image_id", pa.string()),
        ("format", WORD),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("jpeg_tables", WORD),
        ("subsampling", WORD),
        ("metadata_bytes", pa.int64()),
        ("problem", WORD),
        ("problem_kind", WORD),
        ("decoded", pa.bool_()),
    ]
)

# What the layout says of a file, from its path alone: the fields of FoundImage.
PLACES = pa.schema(
    [
        ("path", pa.string()),
        ("label", pa.int8()),
        ("generator", WORD),
        ("split", WORD),
        ("class", WORD),
        ("pair", pa.string()),
        ("real_set", WORD),
    ]
)


def table_of_entries(paths: Sequence[str], entries: Sequence[FileEntry]) -> Any:
    """Entries as a table with the columns FACTS."""
    columns = list(zip(*entries, strict=True)) or [()] * (len(FACTS) - 1)
    return _table(FACTS, [paths, *columns])


def table_of_places(found: Sequence[FoundImage]) -> Any:
    """Found images as a table with the columns PLACES."""
    columns = list(zip(*found, strict=True)) or [()] * len(PLACES)
    return _table(PLACES, columns)


def joined(schema: Any, tables: Iterable[Any]) -> Any:
    """Tables of one schema below each other, in one piece."""
    every = list(tables) or [schema.empty_table()]
    return pa.concat_tables(every).unify_dictionaries().combine_chunks()


def are_equal(one: Any, other: Any) -> bool:
    """Whether two tables hold the same, however their words are numbered."""
    if one.schema != other.schema or len(one) != len(other):
        return False
    return all(
        _same_words(one[field.name], other[field.name])
        if pa.types.is_dictionary(field.type)
        else one[field.name].equals(other[field.name])
        for field in one.schema
    )


def _same_words(one: Any, other: Any) -> bool:
    if len(one) == 0:
        return True
    one, other = (column.unify_dictionaries() for column in (one, other))
    translated = pc.index_in(one.chunk(0).dictionary, value_set=other.chunk(0).dictionary)
    translated = pc.fill_null(translated, -1)
    mine = pa.chunked_array([translated.take(chunk.indices) for chunk in one.chunks])
    return bool(mine.equals(pa.chunked_array([chunk.indices for chunk in other.chunks])))


def _table(schema: Any, columns: Sequence[Sequence[Any]]) -> Any:
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)
