"""What an index keeps of one file. Loads nothing: it is exchanged with processes that only read."""

from typing import NamedTuple


class FileEntry(NamedTuple):
    """What was read from one file, while it had this size and modification time."""

    size: int
    mtime_ns: int
    image_id: str  # "" where the file is no image
    format: str
    width: int
    height: int
    jpeg_tables: str
    subsampling: str
    metadata_bytes: int
    problem: str  # why the file cannot be used, else ""
    problem_kind: str  # see `data.file_problems`
    decoded: bool  # whether its pixels were decoded as well
