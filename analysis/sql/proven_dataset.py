"""Parquet files of a store as one Arrow dataset that reads no damaged file in silence.

DuckDB asks a dataset for a scanner with the columns and the filter of a query. Here the files that
this filter can be about are proved at that moment, each read whole and held against its checksum
and its place; Arrow then reads those that are sound, as it reads any dataset. What was proved once
is not remembered: damage at rest changes neither the size nor the time of a file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow.dataset as ds

from grid.store.base import Store
from grid.store.errors import StoreError

_AT_ONCE = 16  # files fetched side by side from a store that is not on this machine's disk
Check = Callable[[str, bytes], object]  # of a file's key and bytes; raises StoreError


class ProvenDataset(ds.FileSystemDataset):  # type: ignore[misc]
    """Files by key, with what each stands for, proved whenever they are scanned."""

    def __init__(
        self,
        store: Store,
        places: Mapping[str, Any],
        schema: Any,
        check: Check,
        leave_out: Callable[[str, StoreError], object],
        instead: Callable[[str], Mapping[str, Any]] = lambda key: {},
    ) -> None:
        """Take files and how they are proved.

        Args:
            store: where they lie.
            places: an expression for each key: what all rows of the file have in common.
            schema: the columns, those of the expressions among them.
            check: proves a file.
            leave_out: is told of a damaged file that no others are read in place of.
            instead: the files to read in place of a damaged one.
        """
        self._store, self._check = store, check
        self._leave_out, self._instead = leave_out, instead
        self._filesystem, self._root = store.arrow_location()
        self._format = ds.ParquetFileFormat()
        super().__init__(self._fragments(places), schema, self._format, self._filesystem)

    def scanner(self, columns: Any = None, filter: Any = None, **options: Any) -> Any:
        """Return a scanner of the sound files that the filter can be about."""
        places = {
            each.path.removeprefix(f"{self._root}/"): each.partition_expression
            for each in self.get_fragments(filter)
        }
        sound = dict(self._sound(places))
        dataset = ds.FileSystemDataset(
            self._fragments(sound), self.schema, self._format, self._filesystem
        )
        return dataset.scanner(columns=columns, filter=filter, **options)

    def _fragments(self, places: Mapping[str, Any]) -> list[Any]:
        return [
            self._format.make_fragment(
                f"{self._root}/{key}", self._filesystem, partition_expression=expression
            )
            for key, expression in places.items()
        ]

    def _sound(self, places: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        wanted, step = list(places), self._at_once(places)
        for start in range(0, len(wanted), step):
            keys = wanted[start:][:step]
            content = self._fetched(keys)
            for key in keys:
                try:
                    self._check(key, content[key] if key in content else self._store.get(key))
                except StoreError as error:
                    others = self._instead(key)
                    if not others:
                        self._leave_out(key, error)
                    yield from self._sound(others)
                else:
                    yield key, places[key]

    def _at_once(self, places: Mapping[str, Any]) -> int:
        on_disk = self._store.local_path(next(iter(places), "none")) is not None
        return 1 if on_disk else _AT_ONCE

    def _fetched(self, keys: Sequence[str]) -> dict[str, bytes]:
        try:
            return self._store.get_many(keys)
        except StoreError:  # one of them: each is asked for alone
            return {}
