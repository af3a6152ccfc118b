"""One file of a collection, read once: its digest, its header's facts, whether it decodes."""

import os
from io import BufferedReader

from data.file_problems import HEADER, PIXELS
from data.image_files import (
    MOST_BYTES_AT_ONCE,
    FileFacts,
    UnreadableImage,
    facts_of,
    id_of,
)
from data.indexing.entry import FileEntry
from data.indexing.quick_header import quick_facts
from data.regular_files import open_descriptor


def read_entry(root: str, path: str, *, decode: bool) -> FileEntry | str:
    """The entry of a file, or why it could not be read this time.

    Args:
        root: of the collection.
        path: of a file that was a regular one when it was looked at, below the root.
        decode: also decode its pixels.
    """
    try:
        if "#" in path and (found := _entry_of_row(root, path, decode=decode)) is not None:
            return found
        descriptor, status = open_descriptor(f"{root}/{path}")
        try:
            size, mtime_ns = status.st_size, status.st_mtime_ns
            if size > MOST_BYTES_AT_ONCE:
                with os.fdopen(descriptor, "rb", closefd=False) as file:
                    return _entry(file, path, size, mtime_ns, decode=decode)
            content = _content(descriptor, size)
        finally:
            os.close(descriptor)
        return _entry(content, path, size, mtime_ns, decode=decode)
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    except MemoryError:
        return "cannot be read (no memory for it here)"


def facts_in(content: bytes | BufferedReader, path: str) -> FileFacts:
    """The facts of a file with these bytes, read in the quickest way that is exact.

    Raises:
        UnreadableImage: as `data.image_files.facts_of`.
    """
    quick = quick_facts(content) if isinstance(content, bytes) else None
    return FileFacts(id_of(content), *quick) if quick is not None else facts_of(content, path)


def _entry_of_row(root: str, path: str, *, decode: bool) -> FileEntry | None:
    """The entry of an image in a row of a Parquet file; None where the path is a file's."""
    from data.image_sources import opened_image, row_of, status_of

    place = f"{root}/{path}"
    if row_of(place) is None:
        return None
    stamp = status_of(place).st_mtime_ns
    try:
        with opened_image(place) as content:
            size = len(content) if isinstance(content, bytes) else 0
            return _entry(content, path, size, stamp, decode=decode)
    except UnreadableImage as error:
        return _no_image(0, stamp, error.reason, decode=decode)


def _no_image(size: int, mtime_ns: int, reason: str, *, decode: bool) -> FileEntry:
    return FileEntry(size, mtime_ns, "", "", 0, 0, "", "", 0, reason, HEADER, decode)


def _content(descriptor: int, size: int) -> bytes:
    """All bytes of an open file that should have so many."""
    content = os.read(descriptor, size + 1)
    if len(content) == size:
        return content
    # It grows, shrinks or comes in pieces.
    parts = [content]
    while part := os.read(descriptor, MOST_BYTES_AT_ONCE):
        parts.append(part)
    return b"".join(parts)


def _entry(
    content: bytes | BufferedReader, path: str, size: int, mtime_ns: int, *, decode: bool
) -> FileEntry:
    try:
        facts = facts_in(content, path)
    except UnreadableImage as error:
        return _no_image(size, mtime_ns, error.reason, decode=decode)
    problem = _fault_of_pixels(content, path) if decode else ""
    return FileEntry(size, mtime_ns, *facts, problem, PIXELS if problem else "", decode)


def _fault_of_pixels(content: bytes | BufferedReader, path: str) -> str:
    """Why an image with a sound header does not decode, "" where it does."""
    from data.decode import decoded

    try:
        decoded(content, path)
    except UnreadableImage as error:
        return error.reason
    return ""
