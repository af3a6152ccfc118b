"""JSON records: how they are written and read, and what is said of one that cannot be used.

A record carries the checksum of its bytes (`checksums`). One of an earlier version does not; of
it at least the shape is held against the fields that are known, and nothing is guessed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from grid.records.proven.checksums import (
    BLANK,
    FIELD,
    CorruptRecord,
    has_lost_it,
    is_proven,
    with_checksum,
)
from grid.records.proven.record_types import misfit

__all__ = ["SCHEMA", "CorruptRecord", "from_json", "is_proven_record", "to_json"]

SCHEMA = 1
_MARK = f'\n "{FIELD}": "'.encode()  # one blank deep: a field of the record itself


def to_json(record: Mapping[str, Any]) -> bytes:
    """Return a record as JSON, indented for people; the same record gives the same bytes."""
    text = json.dumps(
        {**record, FIELD: BLANK}, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False
    )
    return with_checksum((text + "\n").encode(), _MARK)


def is_proven_record(key: str, data: bytes) -> bool:
    """Say whether a record's bytes are those that were written; see `is_proven`."""
    return is_proven(key, data, _MARK)


def from_json(key: str, data: bytes, required: Iterable[str], shape: Any = None) -> dict[str, Any]:
    """Return the record in `data`, without its checksum.

    Args:
        key: where it lies.
        data: its bytes.
        required: fields that it must have.
        shape: the TypedDict that a record without a checksum is held against.

    Raises:
        CorruptRecord: it is not as written, not whole, or not of our schema.
    """
    proven = is_proven_record(key, data)
    try:
        record = json.loads(data, **({} if proven else _STRICT))
    except (ValueError, RecursionError) as error:
        raise CorruptRecord(key, f"it is not JSON ({error})") from error
    if not isinstance(record, dict):
        raise CorruptRecord(key, f"it holds a {type(record).__name__}, not a record")
    if record.get("schema") != SCHEMA:
        raise CorruptRecord(
            key,
            f"its schema is {record.get('schema')!r} and this version reads {SCHEMA}",
            "use the version of crossgen that wrote it, or a newer one",
        )
    missing = sorted(set(required) - record.keys())
    if missing:
        raise CorruptRecord(
            key, f"it lacks {', '.join(missing)}, so it was not written by crossgen or was cut"
        )
    if proven:
        del record[FIELD]
    elif has_lost_it(record):
        raise CorruptRecord(key, f"it has lost its {FIELD}")
    elif shape is not None and (wrong := misfit(record, shape)) is not None:
        raise CorruptRecord(key, f"{wrong}, so it is not as crossgen wrote it")
    return record


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one mapping")
    return found


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number of JSON")


# Twice as slow on a record of ten thousand fits, and proven bytes are our own.
_STRICT: dict[str, Any] = {"object_pairs_hook": _once, "parse_constant": _no_number}
