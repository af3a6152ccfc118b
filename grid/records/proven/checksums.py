"""Files that prove themselves: each carries the SHA-256 of its own bytes.

The digest stands in the file as the text of a JSON field, `file_sha256`. It is taken of the whole
file with its 64 digits as zeros, so every bit is covered, in one pass and before anything of the
file is parsed: a reader of damaged Parquet may crash, and one of JSON may take `1.5` for `1.7`.
A file of an earlier version has no such field. It is read, and it is unproven.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping

from grid.store.errors import StoreError

FIELD = "file_sha256"
BLANK = "0" * 64
_DIGEST = re.compile("[0-9a-f]{64}")


MEND = "restore it from a copy, or move it out of the store and run again"


class UnusableFile(StoreError):
    """A file of the store that nothing may be made of: its key, why, and what to do."""

    def __init__(self, key: str, why: str, mend: str = MEND) -> None:
        super().__init__(f"{key}: {why}; {mend}.", key)
        self.why, self.mend = why, mend


class CorruptRecord(UnusableFile):
    """A file of the store is not what its name says; it is named, never guessed at."""


def with_checksum(data: bytes, mark: bytes) -> bytes:
    """Return a file, written with BLANK behind `mark`, with its own digest in that place."""
    start = data.rindex(mark) + len(mark)
    digits = hashlib.sha256(data).hexdigest().encode()
    return b"".join((data[:start], digits, data[start + len(BLANK) :]))


def is_proven(key: str, data: bytes, mark: bytes) -> bool:
    """Say whether a file's bytes are those that were written; False where it carries no digest.

    Raises:
        CorruptRecord: they are not, or there are none.
    """
    if not data:
        raise CorruptRecord(key, "it is empty, 0 bytes")
    start = data.rfind(mark) + len(mark)
    if start < len(mark):
        return False
    end = start + len(BLANK)
    digest = hashlib.sha256(data[:start])
    digest.update(BLANK.encode())
    digest.update(memoryview(data)[end:])
    if digest.hexdigest().encode() != data[start:end]:
        raise CorruptRecord(key, "its bytes are not those that were written (its checksum differs)")
    return True


def has_lost_it(facts: Mapping[str, object], digests: Collection[str] = ()) -> bool:
    """Say whether facts without a checksum hold one under a name that is damaged.

    Args:
        facts: what a record or footer says, without FIELD.
        digests: the names of those facts that are a SHA-256.
    """
    return any(
        isinstance(value, str) and name not in digests and _DIGEST.fullmatch(value)
        for name, value in facts.items()
    )
