"""The findings of an experiment: its declared contrasts, answered and corrected together."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.comparing.compared_cells import compared_cells
from analysis.comparing.comparison import Material, answers
from analysis.comparing.drafts import Draft, corrected
from analysis.comparing.finding import Finding
from analysis.comparing.image_scores import ImageScores
from analysis.comparing.question import Unanswerable, question_of
from analysis.comparing.refused import unread_draft
from analysis.comparing.validation_choice import validation_auc_of
from analysis.matrices.matrix import Matrix
from analysis.selecting.selection import StoreSelection
from grid.records.experiments import ExperimentRecord


def findings_of(
    selection: StoreSelection, experiment: ExperimentRecord, matrices: Sequence[Matrix]
) -> tuple[Finding, ...]:
    """Answer the contrasts that an experiment declares, in its file's order.

    Args:
        selection: of this experiment alone.
        experiment: its expansion.
        matrices: all of it.
    """
    if not experiment["contrasts"]:
        return ()
    material = material_of(selection, experiment, matrices)
    drafts: list[Draft] = []
    for number, contrast in enumerate(experiment["contrasts"], start=1):
        try:
            question = question_of(contrast)
        except Unanswerable as error:
            name = f"contrast {number} ({', '.join(contrast['compare'])})"
            drafts.append(unread_draft(name, experiment["question"], error))
        else:
            drafts.extend(answers(question, material))
    return corrected(drafts)


def material_of(
    selection: StoreSelection, experiment: ExperimentRecord, matrices: Sequence[Matrix]
) -> Material:
    """Return what questions about an experiment are answered from."""
    return Material(
        tuple(compared_cells(experiment, selection.fits_of(experiment), matrices)),
        ImageScores(selection, experiment),
        validation_auc_of(selection),
        experiment["question"],
    )
