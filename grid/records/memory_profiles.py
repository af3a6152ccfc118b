"""`profiles/<kind>/<device>.json`: how much memory some kind of work takes on a device.

Measured by `crossgen profile`, or by the first fit of its kind that was trained on a GPU. Advice
alone: trials are packed by it, and no identity or result depends on it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypedDict, cast

from grid.records.identity import digest
from grid.records.places import PROFILES, profile_key, profiles_of
from grid.records.proven.json_records import SCHEMA, CorruptRecord, from_json, to_json
from grid.store.base import Store

log = logging.getLogger(__name__)

KIND_DIGITS = 16


class MemoryProfile(TypedDict):
    """What was measured of one kind of work on one device; None: not measured.

    `work` is what `kind` is the digest of. `device` is "cpu" or the GPU's name. Bytes are the peak:
    on a GPU what torch reserved of its memory, beside `context_bytes` for CUDA itself, on a CPU the
    process's resident memory. `testing_bytes` are of a usual batch, `testing_one_bytes` of the
    largest image alone. `made_by` is "profile" or the id of a fit.
    """

    schema: int
    kind: str
    work: dict[str, Any]
    device: str
    made_by: str
    host: str
    when: str
    torch: str
    training_bytes: int | None
    testing_bytes: int | None
    testing_one_bytes: int | None
    context_bytes: int | None
    training_s_per_image: float | None
    testing_s_per_image: float | None


def kind_of_memory(work: Mapping[str, Any]) -> str:
    """Return the name of a kind of work: equal for what takes equal memory."""
    return digest(work)[:KIND_DIGITS]


def memory_profile(
    work: Mapping[str, Any], device: str, made_by: str, host: str, torch: str, **measured: Any
) -> MemoryProfile:
    """Return the record of what was measured just now; fields that are not given are None."""
    optional = MemoryProfile.__required_keys__ - _ALWAYS
    return cast(
        MemoryProfile,
        {
            "schema": SCHEMA,
            "kind": kind_of_memory(work),
            "work": dict(work),
            "device": device,
            "made_by": made_by,
            "host": host,
            "when": datetime.now(UTC).isoformat(timespec="seconds"),
            "torch": torch,
            **dict.fromkeys(optional),
            **measured,
        },
    )


_ALWAYS = {"schema", "kind", "work", "device", "made_by", "host", "when", "torch"}


def replace_profile(store: Store, profile: MemoryProfile) -> None:
    """Keep a profile in place of an earlier one of its kind and device."""
    store.put_checkpoint(_key_of(profile), to_json(profile))


def add_profile(store: Store, profile: MemoryProfile) -> bool:
    """Keep a profile where there is none of its kind and device; say whether it was kept."""
    return store.put_new(_key_of(profile), to_json(profile))


def read_profiles(store: Store, kind: str | None = None) -> dict[str, list[MemoryProfile]]:
    """Return the profiles of one kind, or of all, by kind.

    Damaged ones are passed over, since they are advice alone.
    """
    found: dict[str, list[MemoryProfile]] = {}
    prefix = PROFILES if kind is None else profiles_of(kind)
    keys = [key for key in store.list(prefix) if key.endswith(".json")]
    for key, data in store.get_many(keys).items():
        try:
            profile = profile_of_bytes(key, data)
        except CorruptRecord as error:
            log.warning("%s", error)
        else:
            found.setdefault(profile["kind"], []).append(profile)
    return found


def profile_of_bytes(key: str, data: bytes) -> MemoryProfile:
    """Return the profile that lies under a key.

    Raises:
        CorruptRecord: it is not as it was written, or of another kind or device.
    """
    profile = cast(
        MemoryProfile, from_json(key, data, MemoryProfile.__required_keys__, MemoryProfile)
    )
    if key != _key_of(profile):
        raise CorruptRecord(key, f"it is a profile of {profile['kind']} on {profile['device']}")
    return profile


def _key_of(profile: MemoryProfile) -> str:
    return profile_key(profile["kind"], digest(profile["device"])[:8])
