"""One HTML page of an experiment: self-contained, without scripts, for screen, phone and paper.

The page says nothing that `Overview` does not hold, and the same store gives the same bytes: no
date, no path. What would make it too large is left out, and the page says so and how to ask for it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from analysis.colours import RGB, STEPS, css, ink, shades, step
from analysis.heads import Column, blocks
from analysis.matrix import Entry, Matrix, Metric
from analysis.overview import Overview
from analysis.relations import RELATIONS, UNSEEN, Relation
from analysis.sentences import headline, meaning, number, with_sd
from analysis.warnings import Caution
from data.counts import counted
from grid.durations import duration

# A table cell of a matrix takes about 60 bytes, a line of detail about 300, a pool about 200:
# together below 5 MB.
MATRIX_CELLS_SHOWN = 20_000
DETAILS_SHOWN = 6_000
POOLS_SHOWN = 2_000
LINES_OF_A_CAUTION = 60
CHARACTERS_OF_A_CELL = 4
METRICS: tuple[tuple[Metric, str, str], ...] = (
    ("auc", "AUC", "area under the ROC curve; needs no threshold, .5 is chance"),
    (
        "accuracy",
        "Accuracy",
        "share of images on their side of a logit of 0; .5 is chance where real and fake images "
        "are equally many",
    ),
)
SQL = "SELECT detector, train, seed, test_set, degradation, auc, accuracy FROM cells"
# The columns of the summary; one is there where any matrix has such entries.
SUMMARY: tuple[tuple[str, Metric, tuple[Relation, ...]], ...] = (
    ("AUC, trained generators", "auc", ("trained",)),
    ("AUC, others", "auc", UNSEEN),
    ("AUC, same family", "auc", ("family",)),
    ("AUC, other families", "auc", ("other",)),
    ("AUC, family unknown", "auc", ("family_unknown",)),
    ("AUC, near copies", "auc", ("related",)),
    ("AUC, other classes", "auc", ("classes",)),
    ("AUC, training unknown", "auc", ("unknown",)),
    ("accuracy, trained", "accuracy", ("trained",)),
    ("accuracy, others", "accuracy", UNSEEN),
    ("accuracy, training unknown", "accuracy", ("unknown",)),
)


def report_page(shown: Overview) -> str:
    """Return the page as HTML."""
    cells = [len(matrix.rows) * len(matrix.columns) for matrix in shown.matrices]
    whole = _within(cells, MATRIX_CELLS_SHOWN // len(METRICS))
    detailed = _within(cells, DETAILS_SHOWN)
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            shown=shown,
            experiment=shown.experiment,
            provenance=shown.provenance,
            sentences=headline(shown.matrices),
            meaning=meaning(shown.matrices),
            summary=_summary(shown.matrices),
            metrics=METRICS,
            matrices=shown.matrices[:whole],
            left_out=[matrix.title for matrix in shown.matrices[whole:]],
            detailed=shown.matrices[:detailed],
            undetailed=len(shown.matrices) - detailed,
            pools=shown.provenance.pools[:POOLS_SHOWN],
            pools_left_out=len(shown.provenance.pools[POOLS_SHOWN:]),
            relations=RELATIONS,
            table=_table,
            details=_details,
            lines=_lines,
            families=_families,
            reach=_reach,
            number=number,
            duration=duration,
            counted=counted,
            breakable=_breakable,
            sql=SQL,
            scale=range(STEPS + 1),
            palette=_palette(),
        )
    )


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    """Everything that comes from names is escaped, whatever the file is called."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _within(sizes: Sequence[int], budget: int) -> int:
    """Return how many of the first fit into a budget; one always does."""
    total = 0
    for n, size in enumerate(sizes):
        total += size
        if total > budget:
            return max(n, 1)
    return len(sizes)


def _summary(found: Sequence[Matrix]) -> dict[str, Any]:
    """Return the heads and the lines of the table of means, a line per matrix."""
    present = {entry.relation for matrix in found for entry in matrix.all_entries()}
    columns = [each for each in SUMMARY if present.intersection(each[2])]
    lines = []
    for matrix in found:
        means = [with_sd(matrix.mean(metric, relations)) for _, metric, relations in columns]
        lines.append({"title": matrix.title, "values": [_seeds(matrix), *means]})
    return {"heads": ["seeds", *(name for name, _, _ in columns)], "lines": lines}


def _seeds(matrix: Matrix) -> str:
    """Say how many seeds are measured, and of how many, where some are not yet."""
    measured, wanted = len(matrix.measured_seeds), len(matrix.seeds)
    if not wanted:
        return "none"
    return f"{measured}" if measured == wanted else f"{measured} of {wanted}"


def _table(matrix: Matrix, metric: Metric) -> list[dict[str, Any]]:
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


def _cell(entry: Entry | None, metric: Metric, *, first: bool) -> dict[str, str]:
    classes = ["b"] if first else []
    if entry is None:
        return {"text": "", "sd": "", "classes": " ".join(classes)}
    if entry.relation == "trained":
        classes.append("own")
    spread = entry.spread(metric)
    if spread is None:
        text = "·" if entry.missing else "–"
        return {"text": text, "sd": "", "classes": " ".join(["none", *classes])}
    return {
        "text": number(spread.mean) + ("*" if entry.missing else ""),
        "sd": "" if spread.sd is None else f"±{number(spread.sd)}",
        "classes": " ".join([f"c{step(spread.mean)}", *classes]),
    }


def _families(columns: Sequence[Column]) -> list[dict[str, Any]]:
    """Return the heads of the blocks; a name that is wider than its columns stands upright."""
    return [
        {"name": family, "columns": length, "upright": len(family) > CHARACTERS_OF_A_CELL * length}
        for family, length in blocks([column.family for column in columns])
    ]


def _reach(columns: int, narrow: int, wide: int) -> str:
    """Return which screens a table of so many columns is too wide for: none, a phone's, any."""
    return "beyond-any" if columns > wide else "beyond-phone" if columns > narrow else ""


def _starts(families: Sequence[str]) -> list[int]:
    found, position = [], 0
    for _, length in blocks(families):
        found.append(position)
        position += length
    return found


def _details(matrix: Matrix, n: int) -> list[dict[str, str]]:
    """Return a line per training set for one tested generator, every seed's value in it."""
    lines = []
    for row, entries in zip(matrix.rows, matrix.entries, strict=True):
        entry = entries[n]
        if entry is None:
            continue
        auc, accuracy = entry.spread("auc"), entry.spread("accuracy")
        lines.append(
            {
                "train": row.label,
                "relation": RELATIONS[entry.relation],
                "own": "own" if entry.relation == "trained" else "",
                "auc": with_sd(auc, 3),
                "accuracy": with_sd(accuracy, 3),
                "seeds": ", ".join(number(value, 3) for value in auc.values) if auc else "–",
                "missing": str(entry.missing or ""),
                **{name: entry.count(name) for name in ("n_real", "n_fake", "n_seen", "n_null")},
            }
        )
    return lines


def _lines(caution: Caution) -> list[str]:
    more = len(caution.details) - LINES_OF_A_CAUTION
    return [*caution.details[:LINES_OF_A_CAUTION], *([f"... and {more} more"] if more > 0 else [])]


def _breakable(label: str) -> Markup:
    """Return a label that may be wrapped after what joins its parts; it is never cut."""
    return Markup("<wbr>").join(re.split(r"(?<=[_+/,=)-])", label))


def _palette() -> dict[str, Markup]:
    return {"light": _rules(shades(dark=False)), "dark": _rules(shades(dark=True))}


def _rules(made: Sequence[RGB]) -> Markup:
    """Return the CSS of the steps' colours; numbers of ours only, so nothing needs escaping."""
    return Markup(
        "".join(f".c{n}{{background:{css(s)};color:{ink(s)}}}" for n, s in enumerate(made))
    )
