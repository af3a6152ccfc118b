"""What can go wrong with a store.

OSError
└── StoreError               the store answered in a way that nothing can be built on
    ├── StoreMissing         there is no such key (also a KeyError)
    └── StoreUnwritable      full, read-only, not permitted, not reachable
ValueError
├── StoreUrlRefused          the address is of a kind that has not passed the put_new test
└── StoreKeyRefused          a key that would leave the store or hide in it
"""

from __future__ import annotations


class StoreError(OSError):
    """A store could not do what was asked; the message says what, why and how to mend it.

    `key` is the file that it is about, "" where it is about no single one. `passing` is the
    complaint without what to do, where waiting may mend it (a full disk, a server that is away), ""
    where it cannot (a permission, damage): see `grid.store.patience`.
    """

    def __init__(self, message: str, key: str = "", *, passing: str = "") -> None:
        super().__init__(message)
        self.key = key
        self.passing = passing


class StoreMissing(StoreError, KeyError):
    """The key is not in the store."""


class StoreUnwritable(StoreError):
    """Nothing can be written: a full disk, a read-only mount, no permission, no connection.

    This is never a trial's own failure: whoever catches it stops and says so (exit code 3).
    """


class StoreUrlRefused(ValueError):
    """A store's address cannot be used."""


class StoreKeyRefused(ValueError):
    """A key is not a plain relative path of visible names."""
