"""What the attempts at one fit leave below `fits/<fit_id>/`, found without knowing their ids."""

from __future__ import annotations

from grid.records.places import FITS, attempt_prefix, checkpoint_key, fit_folder
from grid.store.base import Store


def checkpoint_keys(store: Store, fit_id: str) -> list[str]:
    """Return the keys of every attempt's checkpoint, by one listing."""
    name = checkpoint_key(fit_id, "").rpartition("/")[2]
    return [key for key in store.list(fit_folder(fit_id)) if key.endswith(f"/{name}")]


def begun_fits(store: Store) -> dict[str, list[str]]:
    """Return the fits that some attempt left a checkpoint of, with these keys, by one listing."""
    name = checkpoint_key("", "").rpartition("/")[2]
    found: dict[str, list[str]] = {}
    for key in store.list(FITS):
        if key.endswith(f"/{name}"):
            found.setdefault(key.split("/")[1], []).append(key)
    return found


def discard_attempt(store: Store, fit_id: str, attempt: str) -> None:
    """Delete all that an attempt wrote: it lost the race to commit."""
    for key in store.list(attempt_prefix(fit_id, attempt)):
        store.delete(key)
