"""Cells that hold two figures, such as 99.8/100 for accuracy and average precision."""

from __future__ import annotations

import re
from dataclasses import replace

from analysis.tables.printed.raw_table import RawTable

_SHARE = r"(100(?:\.0*)?|\d{0,2}(?:\.\d+)?)"
_PAIR = re.compile(rf"^([*_]*){_SHARE}[*_]*\s*/\s*([*_]*){_SHARE}[*_]*$")
_SECOND = {"auc": "auc", "auroc": "auc", "ap": "average_precision", "a.p.": "average_precision"}
_NAMED = re.compile(r"\bacc(?:uracy|\.)?\s*[/,]\s*(auc|auroc|ap|a\.p\.)", re.IGNORECASE)
USUAL = "average_precision"
"""What stands behind an accuracy where the table does not say it."""


def parted(raw: RawTable, metric: str) -> RawTable:
    """Return a table with a column for each figure, and of each column what its figures are.

    Args:
        raw: the table.
        metric: what the first figure is, and the only one where there is one.
    """
    named = _NAMED.search(" ".join((raw.title, *raw.heads)))
    second = _SECOND[named[1].lower()] if named else USUAL
    columns: list[tuple[str, str, list[str]]] = []
    for n, head in enumerate(raw.heads):
        cells = [row[n] for row in raw.rows]
        pairs = [_PAIR.match(cell) if n else None for cell in cells]  # the first names rows
        if not any(pairs):
            columns.append((head, metric, cells))
            continue
        for place, name in ((1, metric), (3, second)):
            texts = [f"{pair[place]}{pair[place + 1]}" if pair else "" for pair in pairs]
            columns.append((head, name, texts))
    return replace(
        raw,
        heads=tuple(head for head, _, _ in columns),
        rows=tuple(tuple(cells[n] for _, _, cells in columns) for n in range(len(raw.rows))),
        metrics=tuple(name for _, name, _ in columns),
    )
