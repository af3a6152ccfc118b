"""Every number of the page as JSON, with where it comes from: `NAME.findings.json` beside it.

Cells come first, which all other numbers are made of; then what the matrices show of them, the
findings, and what each section has of its own (`Section.numbers`). An undefined number is null. The
same store gives the same bytes; analysis/README.md says what each field is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields, is_dataclass
from typing import Any

from analysis.matrices.matrix import Matrix, MatrixEntry, SeedCell
from analysis.page.overview import Overview
from analysis.page.section import all_sections

SCHEMA = 1
"""Raised where a field goes or means something else; a new field does not."""

_OF_THE_EXPERIMENT = ("name", "digest", "question", "simulated", "limit", "leakage", "equalise")
_SETTINGS = ("epoch", "degradation", "test input", "equalise")


def findings_json(shown: Overview) -> str:
    """Return the numbers of an overview as JSON text, a cell or an entry per line."""
    record = findings_record(shown)
    parts = []
    for name, value in record.items():
        if isinstance(value, list) and value:
            lines = ",\n".join(_text(each) for each in value)
            parts.append(f"{_text(name)}: [\n{lines}\n]")
        else:
            parts.append(f"{_text(name)}: {_text(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def findings_record(shown: Overview) -> dict[str, Any]:
    """Return the same as plain dicts and lists."""
    sections = {
        name: plain(section.numbers(shown, shown.found[name]))
        for name, section in all_sections().items()
        if section.numbers is not None
    }
    return {
        "schema": SCHEMA,
        "experiment": plain({k: v for k, v in shown.experiment.items() if k in _OF_THE_EXPERIMENT}),
        "warnings": plain(list(shown.cautions)),
        "cells": [cell for matrix in shown.matrices for cell in _cells(matrix)],
        "entries": [entry for matrix in shown.matrices for entry in _entries(matrix)],
        "findings": plain(list(shown.evidence.findings)),
        "sections": sections,
    }


def plain(value: Any) -> Any:
    """Return a result as JSON can hold it: dataclasses and mappings as objects, tuples as lists.

    Of a dataclass the properties too: what the page shows may be made of its fields. A key that is
    no text becomes one, its parts joined by " / ".
    """
    if is_dataclass(value) and not isinstance(value, type):
        names = [each.name for each in fields(value)] + _properties(type(value))
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        # Sorted: a record that was read from the store has its keys in another order.
        keys = {_key(key): key for key in value}
        return {name: plain(value[keys[name]]) for name in sorted(keys)}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    return value


def _properties(kind: type) -> list[str]:
    return [name for name, each in vars(kind).items() if isinstance(each, property)]


def _key(key: Any) -> str:
    return " / ".join(map(str, key)) if isinstance(key, tuple) else str(key)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _places(matrix: Matrix) -> Iterator[tuple[dict[str, Any], MatrixEntry]]:
    """Give each wanted entry with what says where it stands."""
    settings = {name.replace(" ", "_"): matrix.settings[name] for name in _SETTINGS}
    for row, entries in zip(matrix.rows, matrix.entries, strict=True):
        for column, entry in zip(matrix.columns, entries, strict=True):
            if entry is not None:
                place = {
                    "matrix": matrix.title,
                    "train": row.label,
                    "tested": column.label,
                    "test_set": column.key[0],
                    **settings,
                    "relation": entry.relation,
                }
                yield place, entry


def _cells(matrix: Matrix) -> Iterator[dict[str, Any]]:
    for place, entry in _places(matrix):
        for cell in entry.cells:
            yield {"fit_id": cell.fit_id, "seed": cell.seed, **place, **_measured(cell)}


def _measured(cell: SeedCell) -> dict[str, Any]:
    """Return counts and metrics of a cell, each [value, low, high]; both null while missing."""
    if cell.measured is None:
        return {"counts": None, "metrics": None}
    intervals = cell.measured.intervals
    return {
        "counts": asdict(cell.measured.counts),
        "metrics": {
            name: [value, *(intervals.get(name) or (None, None))]
            for name, value in cell.measured.metrics.items()
        },
    }


def _entries(matrix: Matrix) -> Iterator[dict[str, Any]]:
    """Give the entries of a matrix as it shows them: means over seeds, with SD and their number."""
    for place, entry in _places(matrix):
        names = {n for cell in entry.cells if cell.measured for n in cell.measured.metrics}
        spreads = {name: entry.spread(name) for name in sorted(names)}
        yield {
            **place,
            "fits": [cell.fit_id for cell in entry.cells],
            "missing": entry.missing,
            "metrics": {
                name: None if spread is None else [spread.mean, spread.sd, len(spread.values)]
                for name, spread in spreads.items()
            },
        }
