"""Verdicts as a file: CSV or Parquet, a row per image and detector, written whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from grid.refusal import Refused
from launch.predicting.verdicts import ImageVerdict
from launch.whole_file import whole_file

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = ("image", "fit", "logit", "p_raw", "p_scaled", "prediction", "reason")
FORMATS_WRITTEN = (".csv", ".parquet")


def check_output_file(path: Path) -> None:
    """Refuse a file of another format, before anything is scored.

    Raises:
        Refused: its ending is neither .csv nor .parquet, or its folder is not there.
    """
    if path.suffix.lower() not in FORMATS_WRITTEN:
        raise Refused.because(
            f"-o {path}", "its format is not known", "End it with .csv or .parquet"
        )
    if not path.absolute().parent.is_dir():
        raise Refused.because(f"-o {path}", "its folder is not there", "Make the folder first")


def write_verdicts(path: Path, verdicts: Sequence[ImageVerdict]) -> None:
    """Write the verdicts; a number that there is none of is null, in CSV empty.

    Raises:
        Refused: the file cannot be written.
    """
    import pyarrow.csv
    import pyarrow.parquet as pq

    table = _table(verdicts)
    try:
        with whole_file(path) as temporary:
            if path.suffix.lower() == ".csv":
                pyarrow.csv.write_csv(table, temporary)
            else:
                pq.write_table(table, temporary)
    except OSError as error:
        why = f"it cannot be written ({error.strerror or error})"
        raise Refused.because(f"-o {path}", why, "Name another place") from error


def _table(verdicts: Sequence[ImageVerdict]) -> pa.Table:
    import pyarrow as pa

    texts, numbers = {"image", "fit", "prediction", "reason"}, pa.float64()
    schema = pa.schema([(name, pa.string() if name in texts else numbers) for name in COLUMNS])
    rows = [{name: getattr(each, name) or None for name in texts} for each in verdicts]
    for row, each in zip(rows, verdicts, strict=True):
        row["image"] = each.image.encode("utf-8", "backslashreplace").decode()
        row.update({name: getattr(each, name) for name in COLUMNS if name not in texts})
    return pa.Table.from_pylist(rows, schema=schema)
