"""What a matrix shows, in a sentence. It describes; whether a difference is real is a test's."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.matrices.matrix import Matrix, Spread
from analysis.matrices.relations import UNSEEN
from data.counts import counted

SENTENCES_SHOWN = 6


def number(value: float | None, digits: int = 2) -> str:
    """Write a share of 1 without its leading zero; undefined or missing is a dash."""
    if value is None:
        return "–"
    text = f"{value:.{digits}f}"
    if not float(text):
        text = text.removeprefix("-")  # what rounds to nothing has no sign
    return text.replace("0.", ".", 1) if abs(value) < 1 else text


def with_sd(spread: Spread | None, digits: int = 2) -> str:
    """Write a mean with its standard deviation over seeds, where there is one."""
    if spread is None:
        return "–"
    sd = "" if spread.sd is None else f" ± {number(spread.sd, digits)}"
    return number(spread.mean, digits) + sd


def matrix_sentence(matrix: Matrix) -> str:
    """Say how well a detector finds what it was trained on, what it was not, and what is extreme.

    AUC alone: it needs no threshold. Means over entries; ± is over seeds.
    """
    own, before = matrix.mean("auc", ["trained"]), matrix.mean("auc", ["before"])
    others, unknown = matrix.mean("auc", UNSEEN), matrix.mean("auc", ["unknown"])
    means = {
        "the generators that it was trained on": own,
        "those that a fit which it began from was trained on": before,
        "those that it was not" if before is None else "those that are new to it": others,
    }
    clauses = [f"{with_sd(mean)} on {what}" for what, mean in means.items() if mean is not None]
    if not clauses and unknown is not None:
        return (
            f"{matrix.title}: mean AUC {with_sd(unknown)}; what it was trained on is not known, "
            "since it began with given weights."
        )
    if not clauses:
        return f"{matrix.title}: nothing is measured yet."
    text = f"{matrix.title}: AUC {_listed(clauses)}{_by_family(matrix)}"
    if unknown is not None:
        text += (
            "; it began with given weights, so it is not known whether the other generators are "
            f"new to it ({number(unknown.mean)})"
        )
    copies = matrix.mean("auc", ["related"])
    if copies is not None:
        text += f"; near copies of trained ones are counted apart ({number(copies.mean)})"
    return f"{text}.{_extremes(matrix)}"


def _listed(clauses: Sequence[str]) -> str:
    *first, last = clauses
    return f"{', '.join(first)} and {last}" if first else last


def headline(found: Sequence[Matrix]) -> list[str]:
    """Return the sentences of the first matrices, and one that says how many have none."""
    shown = [matrix_sentence(matrix) for matrix in found[:SENTENCES_SHOWN]]
    if len(found) > SENTENCES_SHOWN:
        more = len(found) - SENTENCES_SHOWN
        shown.append(f"{counted(more, 'more matrix has', 'more matrices have')} no sentence here.")
    return shown


def meaning(found: Sequence[Matrix]) -> str:
    """Say what the numbers of some matrices are: over how many measured seeds, and what ± is."""
    return f"{_of_seeds(found)}. No difference is tested here."


def _of_seeds(found: Sequence[Matrix]) -> str:
    if not any(cell.measured for m in found for e in m.all_entries() for cell in e.cells):
        return "Nothing is measured yet"
    trained = [matrix for matrix in found if matrix.measured_seeds]
    if not trained:
        return "Given weights, not trained here, so there are no seeds and no spread"
    counts = sorted({len(matrix.measured_seeds) for matrix in trained})
    wanted = max(len(matrix.seeds) for matrix in trained)
    of = f" of {wanted} wanted" if counts[0] < wanted else ""
    if counts[-1] < 2:
        return f"One seed{of}, so the variation between training runs is not known"
    number_of = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    text = f"Means over {number_of} seeds{of}; ± is the standard deviation between seeds"
    if counts[-1] == 2:
        return f"{text}, and two seeds say little of the spread"
    if counts[-1] < 5:
        return f"{text}; fewer than five are no statement about the training procedure"
    return text


def _by_family(matrix: Matrix) -> str:
    within = matrix.mean("auc", ["family"])
    across = matrix.mean("auc", ["other"])
    if within is None or across is None:
        return ""
    return f" ({number(within.mean)} within the family, {number(across.mean)} across)"


def _extremes(matrix: Matrix) -> str:
    """Name the hardest column and the best row, where there is something to choose from.

    Only of a whole matrix: with cells missing, the means are of unlike sets.
    """
    if not matrix.is_complete:
        return ""
    columns = [
        (mean, column.label)
        for n, column in enumerate(matrix.columns)
        if (mean := matrix.column_mean(n, "auc")) is not None
    ]
    rows = [
        (mean, row.label)
        for n, row in enumerate(matrix.rows)
        if (mean := matrix.row_mean(n, "auc")) is not None
    ]
    parts = []
    if len(columns) > 2:
        mean, label = min(columns)
        parts.append(f"hardest to detect without training on it: {label} ({number(mean)})")
    if len(rows) > 2:
        mean, label = max(rows)
        parts.append(f"transfers best: trained on {label} ({number(mean)})")
    text = "; ".join(parts)
    return f" {text[0].upper()}{text[1:]}." if parts else ""
