"""`audits/<digest>.json`: what an audit found, comparison by comparison."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict, cast

from grid.records.identity import digest
from grid.records.places import AUDITS, audit_key
from grid.records.proven.checksums import CorruptRecord
from grid.records.proven.json_records import SCHEMA, from_json, to_json
from grid.store.base import Store

DIGEST_DIGITS = 20
RULES_VERSION = 1
"""Raised where the same images would be given other numbers."""


class RuleRecord(TypedDict):
    """How well one rule tells the label: balanced accuracy, and the level that chance may reach.

    A level of 1 or more says that the images are too few.
    """

    rule: str
    accuracy: float
    level: float


class HistoryRecord(TypedDict):
    """A history that pixels show; see `data.audit.pixel_tests.HistoryResult`."""

    test: str
    reals: int
    fakes: int
    too_small: int
    real_share: float | None
    fake_share: float | None
    auc: float | None
    tells: bool


class ViewAudit(TypedDict):
    """What the pixels of a sample say, as the files hold them or after an equalise.

    `left_out` counts the images that the equalise leaves out. `undecodable` are images of the
    sample that do not decode, with the reason; they count nowhere.
    """

    equalise: str
    operations: dict[str, int]
    left_out: int
    reals: int
    fakes: int
    undecodable: list[str]
    histories: list[HistoryRecord]
    size: RuleRecord | None
    low_level: RuleRecord | None


class FactRow(TypedDict):
    """How often a value occurs in either class."""

    value: str
    reals: int
    fakes: int


class ComparisonAudit(TypedDict):
    """Reals held against fakes: the pools of a generator, a training set or a test set."""

    name: str
    pools: list[str]
    reals: int
    fakes: int
    tables: dict[str, list[FactRow]]
    headers: list[RuleRecord]
    lengths: list[RuleRecord]
    views: list[ViewAudit]


class PoolAudit(TypedDict):
    """One pool: how many images, and how many files more have the bytes of one of them."""

    pool_id: str
    name: str
    images: int
    duplicates: int


class DatasetAudit(TypedDict):
    """One dataset: its pools, the files that cannot be read, and those left out by rule."""

    name: str
    layout: str
    pools: list[PoolAudit]
    unreadable: list[str]
    unreadable_files: int
    left_out: dict[str, int]


class SharedRecord(TypedDict):
    """Images that two pools have both: across labels, splits or generators."""

    first: str
    second: str
    across: str
    images: int


class LookAlikes(TypedDict):
    """Images of one pool that look like one of another: hashes at most `bits` apart of 64."""

    bits: int
    images: int
    undecodable: int
    by_chance: float
    found: list[SharedRecord]


class AuditRecord(TypedDict):
    """One call of `crossgen audit`. `sample` is how many images of each pool were decoded."""

    schema: int
    digest: str
    rules: int
    name: str
    sample: int
    datasets: list[DatasetAudit]
    comparisons: list[ComparisonAudit]
    shared: list[SharedRecord]
    look_alikes: LookAlikes | None


_REQUIRED = frozenset(AuditRecord.__required_keys__)


def with_digest(record: Mapping[str, Any]) -> AuditRecord:
    """Return a record with schema, version of the rules and the digest of what it holds."""
    whole = {**record, "schema": SCHEMA, "rules": RULES_VERSION}
    return cast(AuditRecord, {**whole, "digest": _digest_of(whole)})


def write_audit(store: Store, record: AuditRecord) -> bool:
    """Store an audit; False where this very one is there already."""
    return store.put_new(audit_key(record["digest"]), to_json(record))


def read_audits(store: Store) -> list[AuditRecord]:
    """Return every audit of a store, by digest; none in a store of an earlier version.

    Raises:
        CorruptRecord: one is not as it was written.
    """
    keys = [key for key in store.list(AUDITS) if key.endswith(".json")]
    return [audit_of_bytes(key, data) for key, data in sorted(store.get_many(keys).items())]


def audit_of_bytes(key: str, data: bytes) -> AuditRecord:
    """Return an audit that is read already, proved by its digest."""
    record = cast(AuditRecord, from_json(key, data, _REQUIRED, AuditRecord))
    if audit_key(record["digest"]) != key or _digest_of(record) != record["digest"]:
        raise CorruptRecord(key, "its digest is not that of what it holds")
    return record


def _digest_of(record: Mapping[str, Any]) -> str:
    return digest({k: v for k, v in record.items() if k != "digest"})[:DIGEST_DIGITS]
