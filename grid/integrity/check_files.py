"""One file of a store, looked at: whether it is what its name says.

A file that is damaged and one that cannot be read at all (a permission, a bad sector) are two
things: the first can be set aside and made again, the second is for the one who keeps the storage.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from data.pools import pool_digest
from grid.records.artifacts.artifact_files import read_artifact
from grid.records.audits.audit_records import audit_of_bytes
from grid.records.commits import Commit, read_commit
from grid.records.failures import read_failures
from grid.records.identity import canonical_json
from grid.records.memory_profiles import profile_of_bytes
from grid.records.pieces import Piece
from grid.records.places import latest_key
from grid.records.pools.manifests import ADDED_LATER, manifest_schema, read_pool
from grid.records.proven.json_records import CorruptRecord, from_json
from grid.records.readable import only_keys
from grid.records.runs import read_runs
from grid.records.scores.score_reading import (
    ForeignScores,
    check_weights,
    read_score_footer,
    read_scores,
)
from grid.records.stored_experiments import experiment_digest, read_experiments
from grid.records.table_lists import read_table_list
from grid.store.base import Store
from grid.store.errors import StoreError, StoreMissing

Content = TypeVar("Content")

_CHUNK = 8 * 2**20
_TAIL = 64 * 1024  # where a Parquet file carries its checksum; in JSON it stands anywhere
_CHECKSUM = b'"file_sha256"'
# Whatever a library raises over damaged bytes; none of it may end a check.
_RAISED = (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OSError)


@dataclass(frozen=True)
class Checked(Generic[Content]):
    """What came of a file: its content, or why it is damaged, or that it cannot be read at all."""

    content: Content | None = None
    why: str = ""
    unreadable: str = ""
    unproven: bool = False


class FileCheck:
    """Looks at single files; with `deep` at every byte, else at records, footers and names."""

    def __init__(self, store: Store, *, deep: bool) -> None:
        self.store = store
        self.deep = deep
        self.is_local = store.local_path("x") is not None

    def _carries_checksum(self, key: str) -> bool:
        if key.endswith(".json"):
            return _CHECKSUM in self.store.get(key)
        return _CHECKSUM in self.store.get_tails([key], _TAIL).get(key, _CHECKSUM)

    def look(self, key: str, read: Callable[[], Content]) -> Checked[Content]:
        """Read a file as a reader does, and say what became of it; one that vanished is none."""
        try:
            return Checked(read(), unproven=not self._carries_checksum(key))
        except StoreMissing:
            return Checked()
        except (CorruptRecord, ForeignScores) as error:
            why = error.why
        except StoreError as error:
            return Checked(unreadable=str(error))
        except _RAISED as error:
            why = " ".join(f"it cannot be read ({type(error).__name__}: {error})".split())[:200]
        return self.damaged(key, why)

    def damaged(self, key: str, why: str) -> Checked[Any]:
        """Return that a file is damaged, once its bytes were read: an I/O error is no damage."""
        try:
            self.store.get(key)
        except StoreMissing:
            return Checked()
        except StoreError as error:
            return Checked(unreadable=str(error))
        return Checked(why=why)

    def commit(self, place: re.Match[str]) -> Checked[Commit]:
        """Look at a commit."""

        def read() -> Commit:
            commit = read_commit(self.store, place["fit"])
            if commit is None:
                raise StoreMissing(f"{place.string}: it vanished during the check.")
            if commit["fit_id"] != place["fit"]:
                raise _wrong(place.string, f"it is the commit of {commit['fit_id']}")
            return commit

        return self.look(place.string, read)

    def experiment(self, place: re.Match[str]) -> Checked[tuple[dict[str, str], dict[str, int]]]:
        """Look at an expansion; return the parent of each fit that has one, and pools' images."""

        def read() -> tuple[dict[str, str], dict[str, int]]:
            [record] = read_experiments(only_keys(self.store, [place.string]))
            if (record["name"], record["digest"]) != (place["name"], place["digest"]):
                raise _wrong(place.string, f"it is {record['name']}, {record['digest']}")
            if experiment_digest(record) != place["digest"]:
                raise _wrong(place.string, "its content is not what its digest stands for")
            parents = {f["fit_id"]: f["parent"] for f in record["fits"] if f["parent"] is not None}
            return parents, {pool["pool_id"]: pool["n"] for pool in record["pools"]}

        return self.look(place.string, read)

    def manifest(self, place: re.Match[str]) -> Checked[int]:
        """Look at a manifest and return its rows; with `deep` its rows prove the pool."""

        def read() -> int:
            if not self.deep:
                names = set(manifest_schema().names) - set(ADDED_LATER)
                return self._footer(place.string, names)
            table = read_pool(self.store, place["pool"])
            found = pool_digest(table["image_id"].to_pylist(), table["label"].to_numpy())
            if found != place["pool"]:
                raise _wrong(place.string, f"its rows are those of pool {found}")
            return int(table.num_rows)

        return self.look(place.string, read)

    def piece(self, key: str, commit: Commit | None, rows: Mapping[str, int]) -> Checked[str]:
        """Look at a score file and return its pool.

        Args:
            key: The file.
            commit: Of its fit, where there is one.
            rows: The images of each pool, where known.
        """

        def read() -> str:
            footer = read_score_footer(self.store, key)
            names = ("fit_id", "epoch", "pool_id", "degradation", "test_pipeline", "equalise")
            piece = Piece(**{name: footer[name] for name in names}, operations=footer["operations"])
            if piece.key != key:
                raise _wrong(key, f"it is piece {piece.piece_id} of {piece.fit_id}")
            if footer["rows"] != rows.get(piece.pool_id, footer["rows"]):
                said = f"{footer['rows']:,} rows, and its pool {rows[piece.pool_id]:,} images"
                raise _wrong(key, f"it has {said}")
            if commit is not None:
                check_weights(key, footer, commit)
                if self.deep:
                    read_scores(self.store, key, commit)
            return piece.pool_id

        return self.look(key, read)

    def marker(self, place: re.Match[str]) -> Checked[str]:
        """Look at a marker of an experiment's latest expansion."""

        def read() -> str:
            key = place.string
            record = from_json(key, self.store.get(key), ("name", "digest"))
            if record["name"] != place["name"] or key != latest_key(
                record["name"], int(place["number"])
            ):
                raise _wrong(key, f"it is a marker of {record['name']}")
            return str(record["digest"])

        return self.look(place.string, read)

    def table_list(self, place: re.Match[str]) -> Checked[int]:
        """Look at a table list, whose name is the digest of its content; return its codings."""
        return self.look(
            place.string, lambda: len(read_table_list(self.store, place["digest"]).codings)
        )

    def failure(self, place: re.Match[str]) -> Checked[str]:
        """Look at the record of a failure."""

        def read() -> str:
            [record] = read_failures(only_keys(self.store, [place.string]))
            if (record["fit_id"], record["attempt"]) != (place["fit"], place["attempt"]):
                raise _wrong(place.string, f"it is a failure of {record['fit_id']}")
            return record["fit_id"]

        return self.look(place.string, read)

    def run(self, place: re.Match[str]) -> Checked[str]:
        """Look at the record of a run."""

        def read() -> str:
            [record] = read_runs(only_keys(self.store, [place.string]))
            return record["run"]

        return self.look(place.string, read)

    def profile(self, place: re.Match[str]) -> Checked[str]:
        """Look at a profile of memory, which bears its kind and device."""
        key = place.string
        return self.look(key, lambda: profile_of_bytes(key, self.store.get(key))["kind"])

    def audit(self, place: re.Match[str]) -> Checked[str]:
        """Look at the record of an audit, whose name is the digest of its content."""
        key = place.string
        return self.look(key, lambda: audit_of_bytes(key, self.store.get(key))["digest"])

    def artifact(self, place: re.Match[str]) -> Checked[str]:
        """Look at an artifact, whose name is the digest of what it is made from."""
        return self.look(place.string, lambda: read_artifact(self.store, place.string).subject)

    def paths(self, place: re.Match[str]) -> Checked[int]:
        """Look at a table of where a pool's files lie, whose name is the digest of its content."""

        def read() -> int:
            if not self.deep:
                return self._footer(place.string, ("path", "class", "pair"))
            table = self._table(place.string)
            content = {name: table[name].to_pylist() for name in ("path", "class", "pair")}
            digest = hashlib.sha256(canonical_json(content).encode()).hexdigest()[:16]
            if digest != place["digest"]:
                raise _wrong(place.string, "its content is not what its name stands for")
            return int(table.num_rows)

        return self.look(place.string, read)

    def cache(self, place: re.Match[str]) -> Checked[int]:
        """Look at a cache: whether it is a table, and with `deep` whether all of it can be read."""

        def read() -> int:
            if not place.string.endswith(".parquet"):
                return 0
            return len(self._table(place.string)) if self.deep else self._footer(place.string, ())

        checked = self.look(place.string, read)
        return Checked(checked.content, checked.why, checked.unreadable)

    def table(self, key: str, read: Callable[[], Any], names: list[str]) -> Checked[int]:
        """Look at another table: by its reader with `deep`, else at its footer."""
        return self.look(key, lambda: len(read()) if self.deep else self._footer(key, names))

    def sha256(self, key: str) -> Checked[str]:
        """Return the digest of a file's bytes, which are never held at once."""

        def read() -> str:
            filesystem, root = self.store.arrow_location()
            digest = hashlib.sha256()
            with filesystem.open_input_stream(f"{root}/{key}") as stream:
                while chunk := stream.read(_CHUNK):
                    digest.update(chunk)
            return digest.hexdigest()

        try:
            return Checked(read())
        except FileNotFoundError:
            return Checked()
        except OSError as error:
            return Checked(unreadable=f"{key}: it could not be read ({error}).")

    def _footer(self, key: str, names: Any) -> int:
        import pyarrow.parquet as pq

        filesystem, root = self.store.arrow_location()
        metadata = pq.read_metadata(f"{root}/{key}", filesystem=filesystem)
        missing = sorted(set(names) - set(metadata.schema.to_arrow_schema().names))
        if missing:
            raise _wrong(key, f"it lacks the columns {', '.join(missing)}")
        return int(metadata.num_rows)

    def _table(self, key: str) -> Any:
        import pyarrow as pa
        import pyarrow.parquet as pq

        return pq.ParquetFile(pa.BufferReader(self.store.get(key))).read()


def _wrong(key: str, why: str) -> CorruptRecord:
    return CorruptRecord(key, f"{why}", "see `crossgen check store`")
