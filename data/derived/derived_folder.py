"""What a derived dataset's folder says of itself, and when it may be written to.

`crossgen-derived.json` lies there from the start and makes the folder ours; the table
`crossgen-derived.parquet` comes last, with a row per image of the source.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from data.refusals import Refused
from data.simulated import SIMULATED_MARKER, is_simulated, marker_text

STATEMENT = "crossgen-derived.json"
TABLE = "crossgen-derived.parquet"
UNFINISHED = ".crossgen-unfinished"

COLUMNS = pa.schema(
    [
        (
            "path",
            pa.string(),
        ),  # of the derived image, relative to the folder; "" where there is none
        ("image_id", pa.string()),  # of the derived image; "" where there is none
        ("source_path", pa.string()),  # relative to the source's root
        ("source_image_id", pa.string()),  # "" where the source's file was never readable
        ("problem", pa.string()),  # why there is no derived image, else ""
    ]
)

_ANOTHER = "Name a new folder"


def claim(out: Path, source: Path, made_by: Mapping[str, Any], told: Mapping[str, Any]) -> None:
    """Make the folder of a derived dataset, or find that it is the same one begun before.

    Args:
        out: the folder.
        source: root of the source.
        made_by: what decides its pixels; must be the same as before.
        told: more to say in the statement; what was said first stays.

    Raises:
        Refused: the folder holds something else, or one of the two lies in the other.
        OSError: it cannot be made.
    """
    here, there = out.resolve(), source.resolve()
    if here == there or here in there.parents or there in here.parents:
        why = f"it and the source {source} lie in each other, so one would be read with the other"
        raise Refused.because(str(out), why, "Name a folder beside the source")
    if out.exists() and not out.is_dir():
        raise Refused.because(str(out), "it is a file", _ANOTHER)
    statement = out / STATEMENT
    if statement.exists():
        _require_same(statement, made_by)
        return
    if out.exists() and (others := sorted(path.name for path in out.iterdir())):
        why = f"it holds {others[0]!r} already and nothing of others is overwritten"
        raise Refused.because(str(out), why, _ANOTHER)
    out.mkdir(parents=True, exist_ok=True)
    _write_whole(statement, json.dumps({**made_by, **told}, indent=1) + "\n")


def _require_same(statement: Path, made_by: Mapping[str, Any]) -> None:
    try:
        found = json.loads(statement.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        why = f"it does not say what lies in its folder ({error})"
        raise Refused.because(str(statement), why, _ANOTHER) from error
    for key, value in made_by.items():
        present = found.get(key) if isinstance(found, dict) else None
        if present != value:
            why = f"it holds images of {key} {present!r}, and {value!r} was asked for"
            raise Refused.because(str(statement.parent), why, _ANOTHER)


def carry_marks(source: Path, out: Path, folders: Sequence[str], told: Mapping[str, Any]) -> None:
    """Mark as simulated what is so in the source: the whole, or folders directly below it."""
    for folder in ("", *folders):
        if is_simulated(source / folder):
            mark_simulated(out / folder, {"made_from": str(source / folder), **told})


def mark_simulated(folder: Path, told: Mapping[str, Any]) -> None:
    """Mark a folder as simulated, unless it is so already; it is made if it is missing."""
    marker = folder / SIMULATED_MARKER
    if not marker.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _write_whole(marker, marker_text(told))


def write_table(out: Path, table: Any, told: Mapping[str, Any]) -> None:
    """Write the table of a derived dataset, whole or not at all; an older one is replaced.

    Args:
        out: the folder.
        table: pyarrow.Table with COLUMNS.
        told: what the statement says, repeated in the file's own metadata.
    """
    told_bytes = json.dumps(dict(told)).encode()
    table = table.replace_schema_metadata({b"crossgen derived": told_bytes})
    temporary = out / UNFINISHED / TABLE
    pq.write_table(table, temporary, compression="zstd")
    temporary.replace(out / TABLE)


def _write_whole(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
