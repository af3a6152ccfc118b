"""Copies of many small score files in few: one Parquet file per fit below `derived/scores/`.

A store of 30,720 pieces has 480 of them, and a query that looks at one pool of every fit opens a
sixty-fourth of the files. A copy is valid for exactly one set of pieces and weights, which its
name is the digest of; when a piece is added, the copy is passed over until the next `compact`.
So it can be deleted at any moment, and nothing is ever read from a stale one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from grid.records.commits import Commit, committed_pieces, read_commits
from grid.records.identity import digest
from grid.records.places import COMPACTED, SCORES, compacted_place, scores_key
from grid.records.pools.manifests import read_pool
from grid.records.proven.checksums import CorruptRecord
from grid.records.proven.parquet_files import open_parquet, parquet_of_groups
from grid.records.scores.score_reading import ForeignScores, read_score_footer, read_scores
from grid.store.base import Store
from grid.store.errors import StoreMissing

if TYPE_CHECKING:
    import pyarrow as pa

LAYOUT = 2
# Large enough to scan fast, small enough that a point query reads little of a file.
_ROWS_PER_GROUP = 65_536
_SORTED_BY = ("degradation", "test_pipeline", "equalise", "epoch", "pool_id", "piece_id")
_CONSTANT = (
    "piece_id",
    "epoch",
    "pool_id",
    "label",
    "degradation",
    "test_pipeline",
    "equalise",
)


@dataclass(frozen=True, kw_only=True)
class Compaction:
    """What `compact` did; bytes and files are of the pieces that have a copy, and of the copies."""

    fits: int
    pieces: int
    piece_bytes: int
    copy_bytes: int
    written: int
    removed: int
    refused: tuple[str, ...]


def compacted_key(fit_id: str, pieces: Collection[str], commit: Commit) -> str:
    """Return where the copy of exactly these pieces of a fit lies, by the weights of `commit`."""
    weights = {epoch: kept["sha256"] for epoch, kept in commit["weights"].items()}
    name = digest({"layout": LAYOUT, "pieces": sorted(pieces), "weights": weights})[:20]
    return compacted_place(fit_id, name)


def compacted_keys(store: Store) -> set[str]:
    """Return the copies there are, valid or not, by one listing."""
    return set(store.list(COMPACTED))


def compact(store: Store, progress: Callable[[int, int], None] | None = None) -> Compaction:
    """Copy the pieces of every committed fit into one file, and remove copies that are outdated.

    A fit with scores of foreign weights, or with an unreadable file, is not copied but named in
    `refused`, so that every reader meets the fault. Raises StoreUnwritable.
    """
    commits = read_commits(store)
    present = {fit: pieces for fit, pieces in committed_pieces(store).items() if fit in commits}
    existing = compacted_keys(store)
    labels = _Labels(store)
    valid: set[str] = set()
    copied: set[str] = set()
    refused: list[str] = []
    written = 0
    for number, (fit_id, pieces) in enumerate(sorted(present.items()), 1):
        key = compacted_key(fit_id, pieces, commits[fit_id])
        try:
            if key not in existing or not _is_valid(store, key):
                data = compacted_bytes(store, key, pieces, commits[fit_id], labels)
                store.put_checkpoint(key, data)
                written += 1
            valid.add(key)
            copied.update(scores_key(fit_id, piece) for piece in pieces)
        except (ForeignScores, CorruptRecord) as error:
            refused.append(str(error))
        if progress is not None:
            progress(number, len(present))
    stale = existing - valid
    for key in stale:
        store.delete(key)
    return Compaction(
        fits=len(valid),
        pieces=len(copied),
        piece_bytes=sum(entry.bytes for entry in store.entries(SCORES) if entry.key in copied),
        copy_bytes=sum(entry.bytes for entry in store.entries(COMPACTED) if entry.key in valid),
        written=written,
        removed=len(stale),
        refused=tuple(refused),
    )


def check_copy(key: str, data: bytes) -> None:
    """Raise CorruptRecord where a copy is not as it was written: then it is made again."""
    content = open_parquet(key, data)
    if not content.proven or content.facts is None or content.facts.get("key") != key:
        raise CorruptRecord(key, "it is not the copy that its name says", "compact again")


def _is_valid(store: Store, key: str) -> bool:
    try:
        check_copy(key, store.get(key))
    except (StoreMissing, CorruptRecord):
        return False
    return True


def compacted_bytes(
    store: Store, key: str, pieces: Collection[str], commit: Commit, labels: Mapping[str, int]
) -> bytes:
    """Return the copy of a fit's pieces as a Parquet file; raise ForeignScores, CorruptRecord.

    Sorted by condition and pool, so that the statistics of its row groups lead a query to them.
    `labels` gives each pool's label.
    """
    import pyarrow as pa

    footers = []
    for piece_id in pieces:
        scores = scores_key(commit["fit_id"], piece_id)
        footers.append({**read_score_footer(store, scores), "piece_id": piece_id, "key": scores})
    footers.sort(key=lambda footer: [footer[name] for name in _SORTED_BY])
    return parquet_of_groups(
        (pa.concat_tables(group) for group in _groups(_tables(store, footers, commit, labels))),
        compacted_schema(),
        {"key": key},
        use_dictionary=list(_CONSTANT),
        column_encoding={"image": "DELTA_BINARY_PACKED", "logit": "BYTE_STREAM_SPLIT"},
        store_schema=False,
    )


@lru_cache(maxsize=1)
def compacted_schema() -> Any:
    """Return the columns of a copy; its fit is its folder."""
    import pyarrow as pa

    return pa.schema(
        [
            pa.field("piece_id", pa.string()),
            pa.field("epoch", pa.int32()),
            pa.field("pool_id", pa.string()),
            pa.field("label", pa.int8()),
            pa.field("degradation", pa.string()),
            pa.field("test_pipeline", pa.string()),
            pa.field("equalise", pa.string()),
            pa.field("image", pa.int32()),
            pa.field("logit", pa.float32()),
            pa.field("seen", pa.bool_()),
        ]
    )


class _Labels(dict[str, int]):
    """The label of each pool, read from its manifest when it is first asked for."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store

    def __missing__(self, pool_id: str) -> int:
        labels = read_pool(self._store, pool_id, ["label"])["label"]
        self[pool_id] = labels[0].as_py() if len(labels) else 0
        return self[pool_id]


def _tables(
    store: Store, footers: Sequence[dict[str, Any]], commit: Commit, labels: Mapping[str, int]
) -> Iterator[pa.Table]:
    import pyarrow as pa

    schema = compacted_schema()
    for footer in footers:
        scores = read_scores(store, footer["key"], commit)
        constant = {**footer, "label": labels[footer["pool_id"]]}
        columns = [
            pa.repeat(pa.scalar(constant[field.name], field.type), scores.num_rows)
            if field.name in _CONSTANT
            else scores[field.name]
            for field in schema
        ]
        yield pa.Table.from_arrays(columns, schema=schema)


def _groups(tables: Iterator[pa.Table]) -> Iterator[list[pa.Table]]:
    group: list[Any] = []
    rows = 0
    for table in tables:
        group.append(table)
        rows += table.num_rows
        if rows >= _ROWS_PER_GROUP:
            yield group
            group, rows = [], 0
    if group:
        yield group
