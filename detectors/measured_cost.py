"""What a detector costs per image, as it was measured; the table is written by a benchmark."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).with_name("measured_cost.json")


@dataclass(frozen=True)
class MeasuredCost:
    """Milliseconds per image of the default options, one CPU thread; None: not measured."""

    ms_per_image_test: float | None
    ms_per_image_train: float | None
    input_px: int
    cpu: str
    date: str


def measured_cost(name: str) -> MeasuredCost | None:
    """What was measured of a detector, None where nothing was."""
    if not TABLE.exists():
        return None
    found = json.loads(TABLE.read_text(encoding="utf-8")).get(name)
    if found is None:
        return None
    return MeasuredCost(**{key: found.get(key) for key in MeasuredCost.__dataclass_fields__})
