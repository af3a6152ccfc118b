"""What `crossgen index` writes: unusable files as CSV, images as Parquet, the summary as JSON."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grid.refusal import Problems, Refused
from launch.whole_file import whole_file

if TYPE_CHECKING:
    from launch.index_command import Indexed


def check_writable(*paths: Path | None) -> None:
    """Refuse files that cannot be written, before a million images are read."""
    problems = Problems()
    for path in paths:
        if path is not None and not os.access(path.absolute().parent, os.W_OK):
            why = f"{path.absolute().parent} is no folder that can be written to"
            problems.add(str(path), why, "Choose another place")
    problems.raise_if_any()


def write_problems(path: Path, found: Sequence[Indexed]) -> None:
    """Write a line for each file that cannot be used, of all roots.

    Raises:
        Refused: the file cannot be written.
    """

    def write(temporary: Path) -> None:
        with temporary.open("w", newline="", encoding="utf-8") as file:
            lines = csv.writer(file)
            lines.writerow(["root", "path", "kind", "reason"])
            for each in found:
                for problem in each.manifest.problems:
                    row = [each.manifest.root, problem.path, problem.kind, problem.reason]
                    lines.writerow(row)

    _written(path, write)


def write_manifests(path: Path, found: Sequence[Indexed]) -> None:
    """Write a row for each image of all roots: the manifests' columns, and the root.

    Raises:
        Refused: the file cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    from data.manifest import COLUMNS

    schema = COLUMNS.append(pa.field("root", pa.string()))

    def write(temporary: Path) -> None:
        with pq.ParquetWriter(temporary, schema, compression="zstd") as file:
            for each in found:
                table = each.manifest.table
                roots = pa.array([str(each.manifest.root)] * table.num_rows, pa.string())
                file.write_table(table.append_column("root", roots).cast(schema))

    _written(path, write)


def print_json(found: Sequence[Indexed]) -> None:
    """Print all that is known of the roots but their rows, to stdout."""
    print(json.dumps({"collections": [_plain(each) for each in found]}, indent=1))


def _plain(indexed: Indexed) -> dict[str, Any]:
    manifest, summary = indexed.manifest, indexed.summary
    return {
        "root": str(manifest.root),
        "layout": manifest.layout,
        "reason": manifest.reason,
        "simulated": manifest.simulated,
        "shard": manifest.shard,
        "images": summary.images,
        "bytes": summary.bytes,
        "sources": [asdict(each) for each in summary.sources],
        "duplicates": summary.duplicates,
        "copies": summary.copies,
        "conflicts": summary.conflicts,
        "published": [asdict(each) for each in indexed.comparisons],
        "skipped": manifest.skipped,
        "problems": [each._asdict() for each in manifest.problems],
    }


def _written(path: Path, write: Callable[[Path], None]) -> None:
    try:
        with whole_file(path) as temporary:
            write(temporary)
    except OSError as error:
        why = f"it cannot be written ({error.strerror or error})"
        raise Refused.because(
            str(path), why, "Free space there, or choose another place"
        ) from error
