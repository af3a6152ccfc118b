"""Which of an experiment's cells a published number stands beside."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from analysis.matrices.matrix import Matrix, MatrixEntry
from grid.records.experiments import ExperimentRecord, FitRecord

_SAME_ROW = ("detector", "options", "train", "degradation", "equalise", "metric")


def is_of(matrix: Matrix, row: Mapping[str, Any]) -> bool:
    """Say whether a matrix is of a row's detector, options, degradation and equalise."""
    settings = matrix.settings
    options = {f"{row['detector']}.{key}": value for key, value in row["options"].items()}
    return (
        settings["detector"] == row["detector"]
        and settings["degradation"] == row["degradation"]
        and settings["equalise"] == row["equalise"]
        and all(_is_same(settings.get(key), value) for key, value in options.items())
    )


def _is_same(setting: str | None, value: Any) -> bool:
    """Compare a setting, which is text, with a published value: .3333 is 1/3."""
    if setting is None:
        return False
    if isinstance(value, float):
        try:
            return abs(float(setting) - value) < 1e-4
        except ValueError:
            return False
    return setting == value or setting == json.dumps(value, sort_keys=True)


def entries_beside(
    matrix: Matrix,
    row: Mapping[str, Any],
    table: Mapping[str, Any],
    experiment: ExperimentRecord,
    fits: Mapping[str, FitRecord],
) -> list[MatrixEntry]:
    """Return the entries of a row: of one test set, or all of the dataset that a mean is over."""
    wanted = sets_of_mean(row, table, experiment) if row["is_mean"] else {row["test_set"]}
    return [
        entry
        for entries in matrix.entries
        for column, entry in zip(matrix.columns, entries, strict=True)
        if entry is not None
        and column.key[0] in wanted
        and _trained_on(entry, fits) == row["train"]
    ]


def sets_of_mean(
    row: Mapping[str, Any], table: Mapping[str, Any], experiment: ExperimentRecord
) -> set[str]:
    """Return the test sets of a published mean: its own cells, else all of the dataset here."""
    cells = {
        other["test_set"]
        for other in table["results"]
        if not other["is_mean"]
        and other["test_set"].startswith(f"{row['test_set']}/")
        and all(other[key] == row[key] for key in _SAME_ROW)
    }
    own = {s["name"] for s in experiment["test_sets"] if s["dataset"] == row["test_set"]}
    return cells or own


def _trained_on(entry: MatrixEntry, fits: Mapping[str, FitRecord]) -> str | None:
    train = fits[entry.cells[0].fit_id]["train"]
    return train["label"] if train is not None else None
