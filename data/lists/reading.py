"""The rows of a list, whatever its file format, as text and one after the other."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from data.layout_refusals import DAMAGED_FILE, UnknownLayout
from data.parquet_images import DamagedParquet, open_parquet
from data.regular_files import open_regular

SUFFIXES = (".csv", ".tsv", ".json", ".jsonl", ".parquet")
_HEAD = 64 * 1024  # characters that are read to recognise a list
_BATCH_ROWS = 8192


@dataclass(frozen=True)
class ImageList:
    """A file with rows and named columns.

    `class_names` are the names of whole numbers, by column, where the file states them, as the
    ClassLabel of Hugging Face's `datasets` does.
    """

    file: Path
    columns: tuple[str, ...]
    delimiter: str = ""
    class_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def rows(self, columns: Sequence[str]) -> Iterator[tuple[str, ...]]:
        """The values of some columns of every row; a missing one is "", whole numbers are digits.

        Raises:
            UnknownLayout: the file is damaged.
            OSError: it cannot be read.
        """
        read = {".json": _json_rows, ".jsonl": _json_lines, ".parquet": _parquet_rows}
        try:
            if self.delimiter:
                yield from _csv_rows(self, columns)
            else:
                yield from read[self.file.suffix.lower()](self.file, columns)
        except (ValueError, csv.Error) as error:
            if isinstance(error, UnknownLayout):
                raise
            raise UnknownLayout(self.file, f"is damaged ({error})", mend=DAMAGED_FILE) from error


def opened_list(file: Path) -> ImageList | None:
    """The list that a file is, None where it is none; only its beginning is read.

    Raises:
        OSError: it cannot be read.
    """
    suffix = file.suffix.lower()
    if suffix == ".parquet":
        return _opened_parquet(file)
    if suffix not in SUFFIXES:
        return None
    try:
        with _text(file) as text:
            head = text.read(_HEAD)
    except UnicodeDecodeError:
        return None
    if suffix in (".csv", ".tsv"):
        lines = head.splitlines()
        delimiter = "\t" if suffix == ".tsv" else _delimiter(lines[0]) if lines else ","
        header = next(csv.reader(lines[:1], delimiter=delimiter), [])
        names = tuple(name.strip() for name in header)
        return ImageList(file, names, delimiter) if len(set(names)) == len(names) > 1 else None
    first = _first_object(head if suffix == ".jsonl" else head.lstrip().removeprefix("["))
    return ImageList(file, tuple(first)) if first else None


def _delimiter(header: str) -> str:
    return max(",;\t|", key=header.count)


def _first_object(text: str) -> dict[str, Any]:
    try:
        found, _ = json.JSONDecoder().raw_decode(text.lstrip())
    except ValueError:
        return {}
    is_row = isinstance(found, dict) and not any(isinstance(v, dict) for v in found.values())
    return found if is_row else {}


def _opened_parquet(file: Path) -> ImageList | None:
    try:
        schema = open_parquet(str(file)).schema_arrow
    except DamagedParquet:
        return None
    # Images are no values of a list, and reading them to look for labels would read everything.
    names = tuple(field.name for field in schema if not _is_nested_or_bytes(field.type))
    return ImageList(file, names, class_names=_class_names(schema.metadata or {}))


def _is_nested_or_bytes(kind: Any) -> bool:
    is_bytes = pa.types.is_binary(kind) or pa.types.is_large_binary(kind)
    return bool(pa.types.is_nested(kind) or is_bytes)


def _class_names(metadata: Mapping[bytes, bytes]) -> dict[str, tuple[str, ...]]:
    """The names of ClassLabel columns, from the metadata that `datasets` writes."""
    try:
        features = json.loads(metadata[b"huggingface"])["info"]["features"]
        return {
            column: tuple(feature["names"])
            for column, feature in features.items()
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
        }
    except (KeyError, ValueError, TypeError, AttributeError):
        return {}


def _text(file: Path) -> TextIOWrapper:
    return TextIOWrapper(open_regular(file), encoding="utf-8-sig", newline="")


def _csv_rows(image_list: ImageList, columns: Sequence[str]) -> Iterator[tuple[str, ...]]:
    places = [image_list.columns.index(column) for column in columns]
    with _text(image_list.file) as text:
        for row in islice(csv.reader(text, delimiter=image_list.delimiter), 1, None):
            if row:  # an empty line is no row
                yield tuple(row[n].strip() if n < len(row) else "" for n in places)


def _json_rows(file: Path, columns: Sequence[str]) -> Iterator[tuple[str, ...]]:
    with _text(file) as text:
        rows = json.load(text)
    for row in rows:
        yield tuple(as_text(row.get(column)) for column in columns)


def _json_lines(file: Path, columns: Sequence[str]) -> Iterator[tuple[str, ...]]:
    with _text(file) as text:
        for line in text:
            if line.strip():
                row = json.loads(line)
                yield tuple(as_text(row.get(column)) for column in columns)


def _parquet_rows(file: Path, columns: Sequence[str]) -> Iterator[tuple[str, ...]]:
    opened = open_parquet(str(file))
    for batch in opened.iter_batches(batch_size=_BATCH_ROWS, columns=list(dict.fromkeys(columns))):
        values = {name: [as_text(v) for v in batch.column(name).to_pylist()] for name in columns}
        yield from zip(*(values[name] for name in columns), strict=True)


def as_text(value: Any) -> str:
    """A value of JSON or Parquet as CSV would have it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
