"""Parquet files whose rows are images, in the forms in which they are published."""

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image


def png(seed: int, side: int = 8) -> bytes:
    """A PNG of noise."""
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def write_images(
    path: Path,
    images: Sequence[bytes | None],
    columns: dict[str, Any],
    *,
    as_struct: bool = True,
    name: str = "image",
    class_names: dict[str, list[str]] | None = None,
    rows_per_group: int = 4,
) -> Path:
    """Write images and other columns, as `datasets` does where `as_struct`."""
    values: Any = [{"bytes": image, "path": None} for image in images] if as_struct else images
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())]) if as_struct else pa.binary()
    table = pa.table({name: pa.array(values, kind), **columns})
    if class_names:
        features = {c: {"names": n, "_type": "ClassLabel"} for c, n in class_names.items()}
        features[name] = {"_type": "Image"}  # type: ignore[assignment]
        said = json.dumps({"info": {"features": features}})
        table = table.replace_schema_metadata({"huggingface": said})
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, row_group_size=rows_per_group)
    return path
