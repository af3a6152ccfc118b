"""`crossgen compare`: a question about an experiment, put on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from analysis.comparing.asked import key_and_levels
from analysis.comparing.comparison import answers
from analysis.comparing.contrasts import material_of
from analysis.comparing.drafts import corrected
from analysis.comparing.finding import Finding
from analysis.comparing.question import Unanswerable, question_of
from analysis.matrices.matrix_making import matrices
from analysis.selecting.expansion_choice import choose_one
from analysis.selecting.selection import StoreSelection
from grid.console import Console
from grid.records.experiments import ExperimentRecord
from grid.refusal import Problem, Refused
from launch.chosen_experiment import check_file_or_name, expansion_of_file
from launch.compare_files import compare_files
from launch.desk import store_of
from launch.show_damage import print_left_out
from launch.show_findings import print_findings, print_findings_as_json

OF_FILES = ("threshold", "positive", "unpaired")
ASKED_HERE = (
    "Asked on the command line and not among the contrasts that the experiment declares: nothing "
    "corrects for questions that were tried and not told."
)


def compare(words: Sequence[str], *, as_json: bool, **given: Any) -> None:
    """Compare what the words name, and print the findings.

    Args:
        words: an experiment file or none, and the sides; or two CSV files.
        as_json: print JSON, nothing else.
        given: the options of the command.

    Raises:
        Refused: the words name nothing, or what they name cannot be compared.
    """
    of_files = {name: given.pop(name) for name in OF_FILES}
    if all(word.lower().endswith(".csv") for word in words):
        findings: Sequence[Finding] = compare_files([Path(word) for word in words], **of_files)
        damaged: dict[str, str] = {}
    else:
        _refuse_options_of_files(of_files)
        findings, damaged = _compared(words, **given)
    if as_json:
        print_findings_as_json(findings)
    else:
        print_findings(Console(), findings)
    print_left_out(Console(stderr=True), damaged, given["store"])


def _compared(
    words: Sequence[str],
    *,
    store: str | None,
    experiment: str | None,
    digest: str | None,
    metric: str,
    on: str,
    claim: str | None,
    by: str | None,
    where: Sequence[tuple[str, str]],
    margin: float | None,
    ordered: bool,
    units: str | None,
    **narrowed: Any,
) -> tuple[Sequence[Finding], dict[str, str]]:
    file = Path(words[0]) if Path(words[0]).suffix.lower() in (".yaml", ".yml") else None
    check_file_or_name(file, {"experiment": experiment, "digest": digest}, narrowed)
    if file is not None:
        opened, choice = expansion_of_file(_existing(file), store, narrowed)
    else:
        opened = store_of(store)
        choice = choose_one(opened, experiment, digest)
    record = choice.experiments[0]
    selection = StoreSelection.of(opened, [record])
    selection.damaged.update(choice.damaged)
    material = material_of(selection, record, tuple(matrices(selection, record)))
    asked_where: dict[str, list[str]] = {}
    for key, value in where:
        asked_where.setdefault(key, []).append(value)
    try:
        key, levels = key_and_levels(words[1:] if file is not None else words, material.cells)
        contrast = {
            "compare": {key: list(levels)},
            "by": by,
            "where": asked_where,
            "claim": claim,
            "metric": metric,
            "on": on,
            "margin": None if margin is None else margin / 100,
            "ordered": ordered,
            "units": units,
        }
        question = question_of(contrast)
    except Unanswerable as error:
        raise Refused([Problem(what="crossgen compare", why=error.why, mend=error.mend)]) from error
    notes = () if _is_declared(record, key, levels) else (ASKED_HERE,)
    return corrected(answers(question, material), notes), selection.damaged


def _is_declared(record: ExperimentRecord, key: str, levels: Sequence[str]) -> bool:
    """Say whether an experiment declares a contrast of these values."""
    return any(
        list(each["compare"]) == [key]
        and {str(level) for level in each["compare"][key]} == set(levels)
        for each in record["contrasts"]
    )


def _existing(file: Path) -> Path:
    if not file.is_file():
        raise Refused.because(
            str(file), "there is no such file", "Name an experiment's file, or leave it out"
        )
    return file


def _refuse_options_of_files(of_files: dict[str, Any]) -> None:
    given = [f"--{name}" for name, value in of_files.items() if value not in (None, False)]
    if given:
        raise Refused.because(
            " and ".join(given),
            "it is about two CSV files, and an experiment is compared",
            "Leave it out, or name two files A.csv B.csv",
        )
