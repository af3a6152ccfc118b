"""Score files read back: proved byte by byte, held against their name and their fit's commit.

What a footer says of its piece must give the name of the file, so another piece's file in its
place is found; the checksum finds any other change. A file of an earlier version has no checksum:
its rows are held against the counts in the footer, and it is told to be unproven.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from grid.records.commits import Commit
from grid.records.pieces import Piece
from grid.records.proven.checksums import FIELD, CorruptRecord, UnusableFile, has_lost_it
from grid.records.proven.parquet_files import ParquetContent, open_parquet
from grid.records.scores.score_files import score_schema
from grid.store.base import Store
from grid.store.errors import StoreMissing

if TYPE_CHECKING:
    import pyarrow as pa

_FACTS: dict[str, type | tuple[type, ...]] = {
    "schema": int,
    "fit_id": str,
    "epoch": int,
    "pool_id": str,
    "degradation": str,
    "test_pipeline": str,
    "equalise": str,
    "operations": dict,
    "weights_sha256": str,
    "attempt": str,
    "rows": int,
    "nulls": int,
    "seen": int,
    "seconds": (int, float),
}


class ForeignScores(UnusableFile):
    """Scores that were made by other weights than those the fit's commit names."""


@dataclass(frozen=True)
class ScoreFile:
    """A score file whose bytes are those that were written, or that is `proven` by nothing.

    `footer` is what it says of itself, held against its name.
    """

    content: ParquetContent
    footer: dict[str, Any]

    @property
    def proven(self) -> bool:
        """Say whether every byte is proved; else the file is of an earlier version."""
        return self.content.proven

    def table(self) -> pa.Table:
        """Return its rows; raise CorruptRecord where they are not what the footer says."""
        table = self.content.read()
        if not table.schema.equals(score_schema()):
            raise CorruptRecord(self.content.key, "its columns are not those of scores")
        if not self.proven:
            self._hold_against_counts(table)
        return table

    def _hold_against_counts(self, table: pa.Table) -> None:
        import numpy as np

        image, seen = table["image"].to_numpy(), table["seen"].to_numpy()
        counts = {
            "rows": table.num_rows,
            "nulls": table["logit"].null_count,
            "seen": int(np.count_nonzero(seen)),
        }
        for name, count in counts.items():
            if self.footer[name] != count:
                raise CorruptRecord(
                    self.content.key,
                    f"its footer counts {self.footer[name]} {name} and its rows are {count}",
                )
        if not np.array_equal(image, np.arange(len(image))):
            raise CorruptRecord(self.content.key, "its rows are not those of a pool, rank by rank")


def read_scores(
    store: Store,
    piece: Piece | str,
    commit: Commit,
    *,
    rows: int | None = None,
    unproven: set[str] | None = None,
) -> pa.Table:
    """Return the table (image int32, logit float32 with nulls, seen bool) of a piece or its key.

    Args:
        store: where.
        piece: which.
        commit: of its fit.
        rows: how many images the pool has, where that is known.
        unproven: gets the key of a file without a checksum.

    Raises:
        StoreMissing: it is not committed.
        CorruptRecord: it is not the score file that was written under this name.
        ForeignScores: its weights are not those of `commit`.
    """
    key = piece if isinstance(piece, str) else piece.key
    found = scores_of_bytes(key, _bytes(store, key), commit, rows=rows)
    if unproven is not None and not found.proven:
        unproven.add(key)
    return found.table()


def scores_of_bytes(key: str, data: bytes, commit: Commit, *, rows: int | None = None) -> ScoreFile:
    """Prove a score file that is read already; raises as `read_scores` does."""
    found = _opened(key, data)
    check_weights(key, found.footer, commit)
    if rows is not None and found.footer["rows"] != rows:
        raise CorruptRecord(
            key, f"it scores {found.footer['rows']} images, and its pool has {rows}"
        )
    return found


def read_score_footer(store: Store, key: str) -> dict[str, Any]:
    """Return what a score file says of itself, proved as far as the file can be."""
    return _opened(key, _bytes(store, key)).footer


def check_weights(key: str, footer: Mapping[str, Any], commit: Commit) -> None:
    """Raise ForeignScores unless a score file was made by the weights that `commit` names."""
    epoch = str(footer["epoch"])
    committed = commit["weights"].get(epoch)
    if committed is None:
        raise ForeignScores(
            key,
            f"it scores epoch {epoch}, and the commit of {commit['fit_id']} keeps only "
            f"{', '.join(sorted(commit['weights'], key=int)) or 'none'}",
            "delete the file and run again",
        )
    if committed["sha256"] != footer["weights_sha256"]:
        raise ForeignScores(
            key,
            f"it was scored with weights {footer['weights_sha256'][:12]}..., but the commit of "
            f"{commit['fit_id']} names {committed['sha256'][:12]}... for epoch {epoch}",
            "delete the file and run again",
        )


def _bytes(store: Store, key: str) -> bytes:
    try:
        return store.get(key)
    except StoreMissing as error:
        raise StoreMissing(
            f"{key}: the store {store.url} has no such piece; run the experiment again."
        ) from error


def _opened(key: str, data: bytes) -> ScoreFile:
    content = open_parquet(key, data)
    facts = content.facts
    if facts is None:
        raise CorruptRecord(key, "its footer is not one that this version of crossgen writes")
    footer = {name: value for name, value in facts.items() if name != FIELD}
    for name, kind in _FACTS.items():
        if name not in footer or not isinstance(footer[name], kind):
            raise CorruptRecord(key, f"its footer does not say its {name}")
    if not content.proven and has_lost_it(footer, ["weights_sha256"]):
        raise CorruptRecord(key, f"its footer has lost its {FIELD}")
    try:
        said = Piece(**{name: footer[name] for name in Piece.__dataclass_fields__}).key
    except (TypeError, ValueError) as error:
        raise CorruptRecord(key, f"its footer names no piece ({error})") from error
    if said != key:
        raise CorruptRecord(key, f"it holds the scores of {said}")
    return ScoreFile(content, footer)
