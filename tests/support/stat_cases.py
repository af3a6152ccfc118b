"""Reference cases of the statistics: figures that R computed, or that are published."""

import csv
import json
from typing import Any

import numpy as np
from repository import FIXTURES

FOLDER = FIXTURES / "stat_cases"


def expected(name: str) -> Any:
    """Return the figures of a case."""
    return json.loads((FOLDER / f"{name}.json").read_text())


def rows_of(name: str) -> list[dict[str, str]]:
    """Return the rows of a table of values."""
    with (FOLDER / f"{name}.csv").open() as file:
        return list(csv.DictReader(file))


def blocks(name: str) -> tuple[tuple[str, ...], np.ndarray]:
    """Return the methods of a table of blocks x methods, and its values."""
    rows = rows_of(name)
    names = tuple(rows[0])[1:]
    return names, np.array([[float(row[each]) for each in names] for row in rows])
