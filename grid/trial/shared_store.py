"""Whether a worker sees the store that its driver writes to: a folder may be another one there."""

from __future__ import annotations

import functools
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from grid.records.places import driver_key
from grid.store.base import Store
from grid.store.errors import StoreError, StoreMissing
from grid.store.opening import open_store

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


@functools.lru_cache(maxsize=8)
def require_shared(store_url: str, token: str) -> None:
    """Read the driver's token, once per process.

    Raises:
        StoreNotShared: it is not there.
    """
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            open_store(store_url).get(token)
            return
        except StoreMissing as error:
            if time.monotonic() >= until:
                raise StoreNotShared(
                    f"this host {os.uname().nodename} does not see the store {store_url} that the "
                    "driver writes to; give a path that all nodes share, or s3://bucket/prefix"
                ) from error
        time.sleep(0.5)
