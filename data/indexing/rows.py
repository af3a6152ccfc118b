"""From an index to the rows of a manifest, and to the files that are none."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.file_problems import FileProblem
from data.generators import Generator, of_column
from data.manifest import COLUMNS


def manifest_table(index: Any) -> Any:
    """The rows of all files that are images, with the columns of a manifest.

    Families and groups are those that are known of the generators' names now.
    """
    is_image = pc.not_equal(index["image_id"], "")
    rows = index if pc.all(is_image).as_py() else index.filter(is_image)
    made = {
        "bytes": rows["size"],
        "family": _mapped(rows["generator"], lambda known: known.family),
        "generator_group": _mapped(rows["generator"], lambda known: known.group),
    }
    return pa.Table.from_arrays(
        [
            (made[field.name] if field.name in made else rows[field.name]).cast(field.type)
            for field in COLUMNS
        ],
        schema=COLUMNS,
    )


def problems_of(index: Any) -> list[FileProblem]:
    """The files that are no images, and those whose pixels are known not to decode."""
    found = index.select(["path", "problem", "problem_kind"])
    coded = _in_one_piece(found["problem"])
    # The few different words are compared, not those of millions of files.
    is_reason = np.array([word != "" for word in coded.dictionary.to_pylist()], bool)
    found = found.take(pa.array(np.flatnonzero(is_reason[coded.indices.to_numpy()])))
    columns = (found[name].to_pylist() for name in found.column_names)
    return [FileProblem(*row) for row in zip(*columns, strict=True)]


def _mapped(names: Any, what: Callable[[Generator], str]) -> Any:
    """A column of words about the generators of another column."""
    chunk = _in_one_piece(names)
    words = pa.array([what(of_column(n)) for n in chunk.dictionary.to_pylist()])
    encoded = words.cast(pa.string()).dictionary_encode()  # several generators have one family
    return pa.DictionaryArray.from_arrays(encoded.indices.take(chunk.indices), encoded.dictionary)


def _in_one_piece(words: Any) -> Any:
    """A column of words as one array with one dictionary."""
    words = words.combine_chunks()
    (chunk,) = words.chunks if isinstance(words, pa.ChunkedArray) else (words,)
    return chunk
