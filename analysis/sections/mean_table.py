"""The means of each matrix over generators that are trained on, new, or near: a line per matrix."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from analysis.matrices.matrix import Matrix
from analysis.matrices.relations import UNSEEN, Relation
from analysis.page.overview import Overview
from analysis.page.page_fragments import fragment
from analysis.page.section import Placed, Section, nothing
from analysis.page.sentences import with_sd

# The columns of the table; one is there where any matrix has such entries.
SUMMARY: tuple[tuple[str, str, tuple[Relation, ...]], ...] = (
    ("AUC, trained generators", "auc", ("trained",)),
    ("AUC, trained before", "auc", ("before",)),
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


def _html(shown: Overview, found: None) -> Markup:
    present = {entry.relation for matrix in shown.matrices for entry in matrix.all_entries()}
    columns = [each for each in SUMMARY if present.intersection(each[2])]
    lines = []
    for matrix in shown.matrices:
        means = [with_sd(matrix.mean(metric, relations)) for _, metric, relations in columns]
        lines.append({"title": matrix.title, "values": [_seeds(matrix), *means]})
    heads = ["seeds", *(name for name, _, _ in columns)]
    return fragment("mean_table.html.j2", heads=heads, lines=lines)


def _seeds(matrix: Matrix) -> str:
    """Say how many seeds are measured, and of how many, where some are not yet."""
    measured, wanted = len(matrix.measured_seeds), len(matrix.seeds)
    if not wanted:
        return "none"
    return f"{measured}" if measured == wanted else f"{measured} of {wanted}"


RULE = "mean over the entries of these relations, each the mean over its seeds (macro)"


def _numbers(shown: Overview, found: None) -> list[dict[str, Any]]:
    """Return each mean with its rule, and the means of rows and columns over new generators."""
    made: list[dict[str, Any]] = []
    for matrix in shown.matrices:
        for _, metric, relations in SUMMARY:
            spread = matrix.mean(metric, relations)
            if spread is not None:
                made.append(
                    {
                        "matrix": matrix.title,
                        "metric": metric,
                        "relations": relations,
                        "rule": RULE,
                        "mean": spread.mean,
                        "sd": spread.sd,
                        "by_seed": spread.values if len(spread.values) > 1 else None,
                    }
                )
        made.append({"matrix": matrix.title, "metric": "auc", **_of_lines(matrix)})
    return made


def _of_lines(matrix: Matrix) -> dict[str, Any]:
    rows, columns = enumerate(matrix.rows), enumerate(matrix.columns)
    return {
        "relations": UNSEEN,
        "rule": "mean over the entries of one row, or of one column, with these relations",
        "rows": {row.label: matrix.row_mean(n, "auc") for n, row in rows},
        "columns": {column.label: matrix.column_mean(n, "auc") for n, column in columns},
    }


SECTION = Section(find=nothing, page=Placed(41, _html), numbers=_numbers)
