"""`artifacts/<kind>/<subject>/<digest>.parquet`: one artifact, named by what it is computed from.

The footer says `made_from` (everything that the numbers depend on, with a version of the
computation) and `measured` (what came out beside the table, such as how many images count). The
name is the digest of `made_from`, so what is there already need not be computed again, and another
version, another number of images or another view is another file.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from grid.records.identity import digest
from grid.records.places import artifact_key, artifacts_of_kind
from grid.records.proven.checksums import CorruptRecord
from grid.records.proven.parquet_files import open_parquet, parquet_bytes
from grid.store.base import Store
from grid.store.errors import StoreMissing

if TYPE_CHECKING:
    import pyarrow as pa

DIGEST_DIGITS = 20
MAKE_ANEW = "repeat the command that made it, which replaces it"


@dataclass(frozen=True)
class Artifact:
    """An artifact that is read and proved.

    Attributes:
        key: where it lies.
        subject: the pool or fit that it is about.
        made_from: what its numbers depend on, plain JSON.
        measured: what came out beside the table, plain JSON.
        table: its rows.
    """

    key: str
    subject: str
    made_from: Mapping[str, Any]
    measured: Mapping[str, Any]
    table: pa.Table


def key_of(kind: str, subject: str, made_from: Mapping[str, Any]) -> str:
    """Return where the artifact that is made from this lies."""
    return artifact_key(kind, subject, digest(dict(made_from))[:DIGEST_DIGITS])


def write_artifact(
    store: Store,
    kind: str,
    subject: str,
    made_from: Mapping[str, Any],
    measured: Mapping[str, Any],
    table: pa.Table,
) -> str:
    """Store an artifact and return its key; a damaged file in its place is replaced.

    Args:
        store: gets it.
        kind: of artifact, the first folder.
        subject: the pool or fit that it is about.
        made_from: all that the numbers depend on.
        measured: what came out beside the table.
        table: its rows.

    Raises:
        StoreUnwritable: it cannot be written.
    """
    key = key_of(kind, subject, made_from)
    facts = {"key": key, "made_from": dict(made_from), "measured": dict(measured)}
    data = parquet_bytes(table, facts)
    if not store.put_new(key, data) and sound_artifact(store, key) is None:
        store.put_checkpoint(key, data)
    return key


def sound_artifact(store: Store, key: str) -> Artifact | None:
    """Return an artifact, None where it is not there or not as it was written."""
    try:
        return read_artifact(store, key)
    except (StoreMissing, CorruptRecord):
        return None


def read_artifact(store: Store, key: str) -> Artifact:
    """Return an artifact.

    Raises:
        StoreMissing: there is none.
        CorruptRecord: it is not the one that was written under this name.
    """
    return artifact_of_bytes(key, store.get(key))


def artifact_of_bytes(key: str, data: bytes) -> Artifact:
    """Return an artifact that is read already, proved by its checksum and its name."""
    content = open_parquet(key, data)
    facts = content.facts or {}
    made_from, measured = facts.get("made_from"), facts.get("measured")
    if not content.proven or not isinstance(made_from, dict) or not isinstance(measured, dict):
        raise CorruptRecord(key, "it is no artifact that proves itself", MAKE_ANEW)
    kind, subject = _kind_and_subject(key)
    if facts.get("key") != key or key_of(kind, subject, made_from) != key:
        raise CorruptRecord(key, f"it was written as {facts.get('key')}", MAKE_ANEW)
    return Artifact(key, subject, made_from, measured, content.read())


def readable_artifacts(
    store: Store, kind: str, subjects: Collection[str]
) -> tuple[list[Artifact], dict[str, CorruptRecord]]:
    """Return the artifacts of one kind about some pools or fits, by key, and the damaged ones.

    Args:
        store: has them.
        kind: of artifact.
        subjects: pools or fits; those of others are not opened.
    """
    wanted = [
        key
        for key in store.list(artifacts_of_kind(kind))
        if key.endswith(".parquet") and _kind_and_subject(key)[1] in subjects
    ]
    found, damaged = [], {}
    for key, data in store.get_many(wanted).items():
        try:
            found.append(artifact_of_bytes(key, data))
        except CorruptRecord as error:
            damaged[key] = error
    return found, damaged


def _kind_and_subject(key: str) -> tuple[str, str]:
    parts = key.split("/")
    return (parts[1], parts[2]) if len(parts) == 4 else ("", "")
