"""From an index to the rows of a manifest, and to the files that are none."""

from collections.abc import Callable
from typing import Any

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
    found = found.filter(pc.not_equal(found["problem"], ""))
    columns = (found[name].to_pylist() for name in found.column_names)
    return [FileProblem(*row) for row in zip(*columns, strict=True)]


def _mapped(names: Any, what: Callable[[Generator], str]) -> Any:
    """A column of words about the generators of another column."""
    names = names.combine_chunks()
    (chunk,) = names.chunks if isinstance(names, pa.ChunkedArray) else (names,)
    words = pa.array([what(of_column(n)) for n in chunk.dictionary.to_pylist()])
    encoded = words.cast(pa.string()).dictionary_encode()  # several generators have one family
    return pa.DictionaryArray.from_arrays(encoded.indices.take(chunk.indices), encoded.dictionary)
