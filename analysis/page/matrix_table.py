"""A matrix as a table of the page: text and classes of each cell, heads of its blocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from analysis.figures.colours import step
from analysis.matrices.heads import Column, blocks
from analysis.matrices.matrix import Matrix, MatrixEntry
from analysis.measuring.metric_registry import find_metric
from analysis.page.sentences import number

CHARACTERS_OF_A_CELL = 4


def table_rows(matrix: Matrix, metric: str) -> list[dict[str, Any]]:
    """Return the rows of a matrix, ready to be written down: text and classes of each cell."""
    starts = _starts([column.family for column in matrix.columns])
    row_starts = _starts([row.family for row in matrix.rows])
    return [
        {
            "label": row.label,
            "family": row.family,
            "first": n in row_starts,
            "cells": [
                _cell(entry, metric, first=column in starts and column > 0)
                for column, entry in enumerate(matrix.entries[n])
            ],
        }
        for n, row in enumerate(matrix.rows)
    ]


def family_heads(columns: Sequence[Column]) -> list[dict[str, Any]]:
    """Return the heads of the blocks; a name that is wider than its columns stands upright."""
    return [
        {"name": family, "columns": length, "upright": len(family) > CHARACTERS_OF_A_CELL * length}
        for family, length in blocks([column.family for column in columns])
    ]


def _cell(entry: MatrixEntry | None, metric: str, *, first: bool) -> dict[str, str]:
    classes = ["b"] if first else []
    if entry is None:
        return {"text": "", "sd": "", "classes": " ".join(classes)}
    if entry.relation == "trained":
        classes.append("own")
    spread = entry.spread(metric)
    if spread is None:
        text = "·" if entry.missing else "–"
        return {"text": text, "sd": "", "classes": " ".join(["none", *classes])}
    goodness = find_metric(metric).goodness
    return {
        "text": number(spread.mean) + ("*" if entry.missing else ""),
        "sd": "" if spread.sd is None else f"±{number(spread.sd)}",
        "classes": " ".join([f"c{step(goodness(spread.mean))}", *classes]),
    }


def _starts(families: Sequence[str]) -> list[int]:
    found, position = [], 0
    for _, length in blocks(families):
        found.append(position)
        position += length
    return found
