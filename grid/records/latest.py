"""Which expansion of an experiment was run last, told by numbered markers and by no clock.

Each run leaves `latest/<name>/<n>.json` with the digest of what it runs, n one above the highest,
unless the highest names this digest already. Markers are only added, so a run that goes back to an
older expansion makes it the latest again.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import TypedDict

from grid.records.places import latest_key, markers_of
from grid.records.proven.json_records import SCHEMA, CorruptRecord, from_json, to_json
from grid.store.base import Store
from grid.store.errors import StoreMissing

log = logging.getLogger(__name__)


class _Marker(TypedDict):
    schema: int
    name: str
    digest: str


def mark_latest(store: Store, name: str, digest: str) -> None:
    """Say that this expansion, which is in the store, is what is run now.

    Raises:
        StoreUnwritable: the marker cannot be written.
    """
    number = max(_numbers(store, name), default=0)
    if number and _marked(store, name, number) == digest:
        return
    marker = to_json({"schema": SCHEMA, "name": name, "digest": digest})
    # Of several runs that begin at once each gets a number of its own; without a fresh listing.
    while not store.put_new(latest_key(name, number + 1), marker):
        number += 1
        if _marked(store, name, number) == digest:
            return


def latest_digest(store: Store, name: str, among: Collection[str]) -> str | None:
    """Return which of some expansions' digests was marked last; None where none ever was.

    A marker that cannot be read, or whose expansion is none of them, is passed over.
    """
    for number in sorted(_numbers(store, name), reverse=True):
        digest = _marked(store, name, number)
        if digest in among:
            return digest
    return None


def _numbers(store: Store, name: str) -> list[int]:
    prefix = markers_of(name)
    texts = [key.removeprefix(prefix).removesuffix(".json") for key in store.list(prefix)]
    return [int(text) for text in texts if text.isdecimal()]


def _marked(store: Store, name: str, number: int) -> str | None:
    key = latest_key(name, number)
    try:
        marker = from_json(key, store.get(key), ("name", "digest"), _Marker)
        if marker["name"] != name:
            raise CorruptRecord(key, f"it marks an expansion of {marker['name']}")
        return str(marker["digest"])
    except StoreMissing:  # someone tidied up by hand
        return None
    except CorruptRecord as error:
        log.warning("passed over: %s", error)
        return None
