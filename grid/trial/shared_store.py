"""Whether a worker sees the store that its driver writes to: a folder may be another one there."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from grid.records.places import driver_key
from grid.store.base import Store
from grid.store.errors import StoreError, StoreMissing

PATIENCE_S = 3.0
"""A new file may reach an NFS client late."""


class StoreNotShared(StoreError):
    """What is the store on the driver's host is another folder, or none, on this one."""


@contextmanager
def store_token(store: Store) -> Iterator[str]:
    """Write a file that only this driver's store has; yield its key, remove it afterwards."""
    key = driver_key(uuid.uuid4().hex)
    store.put_new(key, b"")
    try:
        yield key
    finally:
        with suppress(StoreError):  # safe to be left
            store.delete(key)


_seen: set[tuple[str, str]] = set()


def require_shared(store: Store, token: str) -> None:
    """Read the driver's token, once per process.

    Raises:
        StoreNotShared: it is not there.
        StoreError: the store cannot be read.
    """
    if (store.url, token) in _seen:
        return
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            store.get(token)
            _seen.add((store.url, token))
            return
        except StoreMissing as error:
            if time.monotonic() >= until:
                raise StoreNotShared(
                    f"this host {os.uname().nodename} does not see the store {store.url} that the "
                    "driver writes to; give a path that all nodes share, or s3://bucket/prefix"
                ) from error
        time.sleep(0.5)
