"""`crossgen export`: an experiment's results as one tidy file, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.sql.joined_scores import joined_schema, joined_scores
from analysis.sql.query import answer
from data.byte_counts import in_bytes
from grid.console import Console
from grid.refusal import Refused
from grid.store.errors import StoreError
from launch.file_or_name import selection_meant
from launch.notes import print_note
from launch.query_rows import flat
from launch.show_damage import print_left_out
from launch.whole_file import whole_file

if TYPE_CHECKING:
    import pyarrow as pa

ENDINGS = (".parquet", ".csv")
ROWS_AT_ONCE = 65_536


def export_results(
    word: str | None,
    output: Path,
    *,
    scores: bool,
    overwrite: bool,
    store: str | None,
    **given: Any,
) -> None:
    """Write an experiment's cells, or its scores with their images, to one file.

    Args:
        word: the experiment's file, or its name in the store.
        output: the file; its ending says of which kind it is.
        scores: one row per image and piece instead of one per cell.
        overwrite: replace a file that lies there.
        store: --store.
        given: --digest, and --only and the like, of a file.

    Raises:
        Refused: no expansion is meant, nothing of it is committed, or the file cannot be written.
    """
    check_output(output, ENDINGS, overwrite=overwrite)
    selection = selection_meant(word, store=store, **given)
    for remark in selection.remarks:
        print_note(remark)
    if not selection.committed:  # an empty file would be taken for an answer
        raise Refused.because(
            f"experiment {selection.experiments[0]['name']}",
            f"none of its scores is in {selection.store.url}",
            "Run it, or name another store",
        )
    if scores:
        rows = _write(output, joined_schema(), joined_scores(selection))
        kind = "scores"
    else:
        table = answer(selection, "FROM cells")
        if output.suffix == ".csv":
            table = flat(table)
        rows = _write(output, table.schema, [table])
        kind = "cells"
    selection.tell_unproven()
    print_left_out(Console(stderr=True), selection.damaged, store)
    size = in_bytes(output.stat().st_size)
    Console().print(f"wrote {rows:,} {kind} to {output} ({size})", highlight=False, markup=False)


def check_output(output: Path, endings: tuple[str, ...], *, overwrite: bool) -> None:
    """Refuse a place that a file cannot be written to, before anything is read.

    Args:
        output: the file.
        endings: those that it may have.
        overwrite: it may replace one that lies there.
    """
    why = mend = ""
    if not output.name.endswith(endings):
        why, mend = "its ending says no kind of file", f"End it in {' or '.join(endings)}"
    elif output.is_dir():
        why, mend = "it is a folder", "Name a file in it"
    elif not output.absolute().parent.is_dir():
        why, mend = "its folder is not there", "Make the folder, or name another place"
    elif output.exists() and not overwrite:
        why = "there is such a file, and it is not overwritten"
        mend = "Name another, or add --overwrite"
    if why:
        raise Refused.because(f"-o {output}", why, mend)


def _write(output: Path, schema: pa.Schema, tables: Iterable[pa.Table]) -> int:
    """Write tables one after the other; return how many rows they were."""
    rows = 0
    try:
        with whole_file(output) as temporary, _writer(output, temporary, schema) as writer:
            for table in _grouped(tables):
                writer.write_table(table)
                rows += table.num_rows
    except StoreError:  # what is read, not what is written
        raise
    except OSError as error:
        raise Refused.because(
            f"-o {output}",
            f"the rows cannot be written there ({error.strerror or error})",
            "Name another place",
        ) from error
    return rows


def _grouped(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Put small tables together: a row group of Parquet names what its rows share once."""
    import pyarrow as pa

    group: list[pa.Table] = []
    for table in tables:
        group.append(table)
        if sum(each.num_rows for each in group) >= ROWS_AT_ONCE:
            yield pa.concat_tables(group)
            group = []
    if group:
        yield pa.concat_tables(group)


def _writer(output: Path, temporary: Path, schema: pa.Schema) -> AbstractContextManager[Any]:
    if output.suffix == ".csv":
        import pyarrow.csv

        writer: AbstractContextManager[Any] = pyarrow.csv.CSVWriter(temporary, schema)
    else:
        import pyarrow.parquet as pq

        writer = pq.ParquetWriter(temporary, schema, compression="zstd")
    return writer
