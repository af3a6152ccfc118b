"""The numbers behind the matrices, a table per tested generator: every seed, every count."""

from __future__ import annotations

from markupsafe import Markup

from analysis.matrices.matrix import Matrix
from analysis.matrices.relations import RELATIONS
from analysis.page import page_budget
from analysis.page.overview import Overview
from analysis.page.page_fragments import fragment
from analysis.page.section import Placed, Section, nothing
from analysis.page.sentences import number, with_sd


def _html(shown: Overview, found: None) -> Markup:
    lines = [len(matrix.rows) * len(matrix.columns) for matrix in shown.matrices]
    most = max(page_budget.within(lines, page_budget.DETAILS_SHOWN), 1)
    return fragment(
        "by_generator.html.j2",
        detailed=shown.matrices[:most],
        undetailed=len(shown.matrices[most:]),
        details=_details,
        sql=page_budget.every_number(),
    )


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


SECTION = Section(find=nothing, page=Placed(70, _html))
