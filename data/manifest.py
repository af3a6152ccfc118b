"""The table of a collection's images, one row per usable file, sorted by path."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

COLUMNS = pa.schema(
    [
        ("image_id", pa.string()),
        ("path", pa.string()),  # relative to the root, with forward slashes
        ("label", pa.int8()),  # 0 real, 1 fake
        ("generator", pa.string()),  # of a real: the generator whose folder holds it, or ""
        ("family", pa.string()),
        ("generator_group", pa.string()),
        ("split", pa.string()),  # train, validation or test
        ("class", pa.string()),  # "" where unknown
        ("pair", pa.string()),  # "" where the image stands alone
        ("real_set", pa.string()),  # the collection of a real, "" for fakes
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("format", pa.string()),  # by content, Pillow's name
        ("bytes", pa.int64()),
        ("jpeg_tables", pa.dictionary(pa.int32(), pa.string())),  # "" where it is no JPEG
        ("subsampling", pa.string()),  # 4:2:0, ..., grey, other; "" where it is no JPEG
        ("metadata_bytes", pa.int64()),  # EXIF, ICC, XMP, comments, texts
    ]
)


class FileProblem(NamedTuple):
    """A file that could not be used."""

    path: str
    reason: str


@dataclass(frozen=True)
class Manifest:
    """What was found below a root. Every file is a row, a problem or counted in `skipped`."""

    root: Path
    layout: str
    reason: str  # why this layout
    table: Any  # pyarrow.Table with COLUMNS
    problems: list[FileProblem]
    skipped: dict[str, int] = field(default_factory=dict)  # left out by rule: reason -> files
    simulated: bool = False  # all or some images are a program's of ours: see data/simulated.py
