"""The table of a collection's images, one row per usable file, sorted by path."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from data.file_problems import FileProblem

_WORD = pa.dictionary(pa.int32(), pa.string())  # what repeats, stored once: of millions of rows

COLUMNS = pa.schema(
    [
        ("image_id", pa.string()),
        ("path", pa.string()),  # relative to the root, with forward slashes
        ("label", pa.int8()),  # 0 real, 1 fake
        ("generator", _WORD),  # of a real: the generator whose folder holds it, or ""
        ("family", _WORD),
        ("generator_group", _WORD),
        ("split", _WORD),  # train, validation or test
        ("class", _WORD),  # "" where unknown
        ("pair", pa.string()),  # "" where the image stands alone
        ("real_set", _WORD),  # the collection of a real, "" for fakes
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("format", _WORD),  # by content, Pillow's name
        ("bytes", pa.int64()),
        ("jpeg_tables", _WORD),  # see data/jpeg_tables.py; "" where it is no JPEG
        ("subsampling", pa.string()),  # 4:2:0, ..., grey, other; "" where it is no JPEG
        ("metadata_bytes", pa.int64()),  # EXIF, ICC, XMP, comments, texts
    ]
)


@dataclass(frozen=True)
class Manifest:
    """What was found below a root. Every file is a row, a problem or counted in `skipped`.

    `shard` says that this is the n-th of so many parts of the collection, and no whole one.
    """

    root: Path
    layout: str
    reason: str  # why this layout
    table: Any  # pyarrow.Table with COLUMNS
    problems: list[FileProblem]
    skipped: dict[str, int] = field(default_factory=dict)  # left out by rule: reason -> files
    simulated: bool = False  # all or some images are a program's of ours: see data/simulated.py
    shard: tuple[int, int] | None = None
