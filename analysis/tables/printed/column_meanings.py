"""What the columns of a printed table are: by their names, or as the user says."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from analysis.tables.printed.printed_table import COUNTS, RATES
from grid.refusal import Refused, did_you_mean

Role = Literal["detector", "train", "test", "mark", "ignore", "overall"]
ROLES: tuple[Role, ...] = ("detector", "train", "test", "overall", "ignore")

_NAMES: dict[str, tuple[str, ...]] = {
    "detector": ("detector", "method", "model", "classifier", "arm", "factor"),
    "train": ("train", "trained on", "training", "training set", "train set", "train/test"),
    "test": ("generator", "test", "test set", "tested on", "testset", "test generator"),
    "overall": ("overall", "mean", "average", "avg", "avg.", "all", "total"),
    "accuracy": ("accuracy", "acc", "acc."),
    "balanced_accuracy": ("balanced accuracy", "bacc"),
    "auc": ("auc", "auroc", "roc auc", "auc-roc"),
    "average_precision": ("average precision", "ap", "a.p."),
    "precision": ("precision",),
    "recall": ("recall",),
    "f1": ("f1", "f1-score", "f1 score"),
    "recall_fake": (
        *("tpr", "sensitivity", "fake detection", "fake accuracy", "fake acc", "facc"),
        "true positive rate",
    ),
    "recall_real": (
        *("tnr", "specificity", "real detection", "real accuracy", "real acc", "racc"),
        "true negative rate",
    ),
    "sets": ("sets", "test sets"),
    "n": ("n", "images", "samples"),
    "n_real": ("n real", "reals", "real images"),
    "n_fake": ("n fake", "fakes", "fake images"),
}
_BY_NAME = {name: meaning for meaning, names in _NAMES.items() for name in names}


@dataclass(frozen=True)
class ColumnMeaning:
    """What a column is: a role, a rate or a count; `test_set` where it is a rate on that one."""

    meaning: str
    test_set: str = ""


def is_overall(name: str) -> bool:
    """Say whether a name is of all test sets, or all rows, together."""
    return _BY_NAME.get(_simple(name)) == "overall"


def meanings(
    heads: Sequence[str],
    numeric: Sequence[bool],
    stated: Mapping[str, str],
    metrics: Sequence[str],
) -> list[ColumnMeaning]:
    """Return what each column is.

    A column of numbers whose name nothing knows is a test set, its numbers being of its metric,
    unless another column names the test sets.

    Args:
        heads: names of the columns.
        numeric: which hold numbers.
        stated: what the user says, by the column's name; a role, a rate or a count.
        metrics: of each column, what its numbers are if its name is a test set's.

    Raises:
        Refused: what is stated is of no column, or is nothing known.
    """
    _check_stated(heads, stated)
    found = [stated.get(head) or _known(head) for head in heads]
    if "detector" not in found and "test" not in found and "train" not in found and found:
        found[0] = "train"  # of an unknown name: rows may be what columns are, as in a matrix
    made = []
    known = set(found)
    for head, each, holds, metric in zip(heads, found, numeric, metrics, strict=True):
        of_test_set = None if each else _of_test_set(head)
        if of_test_set is not None and holds and "test" not in known:
            made.append(of_test_set)
        elif each == "overall":
            made.append(ColumnMeaning(metric))
        elif each:
            made.append(ColumnMeaning(each))
        elif holds and "test" not in known:
            made.append(ColumnMeaning(metric, head))
        else:
            made.append(ColumnMeaning("ignore"))
    return made


def _known(head: str) -> str:
    """Return what a name says: "Precision (Real)" is precision_real; "" where nothing knows it."""
    simple = _simple(head)
    if simple in _BY_NAME:
        return _BY_NAME[simple]
    if simple.replace(" ", "_") in (*RATES, *COUNTS):
        return simple.replace(" ", "_")
    for form in (
        r"(?P<kind>.+?)\s*\(?(?P<of>fake|real|macro)\)?",
        r"(?P<of>fake|real|macro) (?P<kind>.+)",
    ):
        if found := re.fullmatch(form, simple):
            kind = _BY_NAME.get(found["kind"].strip(" ("), "")
            if kind in ("precision", "recall", "f1"):
                return f"{kind}_{found['of']}"
    return ""


def _of_test_set(head: str) -> ColumnMeaning | None:
    """Return what "ProGAN Acc." and "Mean A.P." are: a rate on a test set, or over all of them."""
    found = re.fullmatch(r"(.+?)[\s_/-]*\(?(acc\.?|accuracy|a\.?p\.?|auc|auroc)\)?", head, re.I)
    name = found[1].strip(" (") if found else ""
    if found is None or not name:
        return None
    return ColumnMeaning(_BY_NAME[found[2].lower()], "" if is_overall(name) else name)


def _simple(name: str) -> str:
    """Return a name in small letters without underscores and unit."""
    return re.sub(r"\s*\(?%\)?\s*$", "", name.strip().lower().replace("_", " "))


def _check_stated(heads: Sequence[str], stated: Mapping[str, str]) -> None:
    for head, meaning in stated.items():
        if head not in heads:
            raise Refused.because(
                f"--column {head}={meaning}",
                "the table has no such column",
                did_you_mean(head, heads),
            )
        known = (*ROLES, *RATES, *COUNTS)
        if meaning not in known:
            raise Refused.because(
                f"--column {head}={meaning}",
                "no column of a table of results is that",
                did_you_mean(meaning, known),
            )
