"""JSON records: how they are read, and what is said of one that cannot be used."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from grid.store_errors import StoreError

SCHEMA = 1


class CorruptRecord(StoreError):
    """A file of the store is not what its name says; it is named, never guessed at."""


def to_json(record: object) -> bytes:
    """Return a record as JSON, indented for people; the same record gives the same bytes."""
    text = json.dumps(record, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode()


def from_json(key: str, data: bytes, required: Iterable[str]) -> dict[str, Any]:
    """Return the record in `data`; raise CorruptRecord unless it is whole and of our schema."""
    try:
        record = json.loads(data)
    except ValueError as error:
        raise CorruptRecord(
            f"{key}: it is not JSON ({error}); restore it from a copy, or delete it and run again."
        ) from error
    if not isinstance(record, dict):
        raise CorruptRecord(
            f"{key}: it holds a {type(record).__name__}, not a record; delete it and run again."
        )
    if record.get("schema") != SCHEMA:
        raise CorruptRecord(
            f"{key}: its schema is {record.get('schema')!r} and this version reads {SCHEMA}; "
            "use the version of crossgen that wrote it, or a newer one."
        )
    missing = sorted(set(required) - record.keys())
    if missing:
        raise CorruptRecord(
            f"{key}: it lacks {', '.join(missing)}, so it was not written by crossgen or was cut; "
            "delete it and run again."
        )
    return record
