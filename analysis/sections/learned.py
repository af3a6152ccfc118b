"""Whether fits learned their own task: constant logits, and what they were trained on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analysis.comparing.evidence import Evidence
from analysis.matrices.main_matrices import main_matrices
from analysis.matrices.matrix import Matrix, SeedCell
from analysis.page.cell_lines import LOWEST_ACCURACY, WORST_AUC, lines_of_cells, metric_of
from analysis.page.section import Caution, Placed, Section, nothing
from analysis.page.sentences import number


def _cautions(evidence: Evidence, found: None) -> Iterator[Caution]:
    yield from _constant(evidence.matrices)
    yield from _of_training(evidence)
    yield from _below_chance(evidence.matrices)
    yield from _weak(evidence.matrices)


def _constant(matrices: Sequence[Matrix]) -> Iterator[Caution]:
    lines = lines_of_cells(
        matrices, lambda cell: cell.measured is not None and cell.measured.counts.constant
    )
    if lines:
        yield Caution(
            "constant",
            "Constant logits: these fits give every image of a pool the same logit, so they do not "
            "look at the images.",
            tuple(lines),
        )


def _of_training(evidence: Evidence) -> Iterator[Caution]:
    commits = evidence.selection.commits
    lines = [
        f"{fit['label']}: {text}"
        for fit in evidence.experiment["fits"]
        if fit["fit_id"] in commits
        for text in commits[fit["fit_id"]]["warnings"]
    ]
    if lines:
        yield Caution("training", "Training itself raised warnings for these fits.", tuple(lines))


def _below_chance(matrices: Sequence[Matrix]) -> Iterator[Caution]:
    def below(cell: SeedCell) -> bool:
        auc = metric_of(cell, "auc")
        return auc is not None and auc < WORST_AUC

    lines = lines_of_cells(main_matrices(matrices), below, trained=True)
    if lines:
        yield Caution(
            "below_chance",
            f"AUC not above {number(WORST_AUC, 1)} on the trained generator: no evidence that "
            f"anything was learned; far below {number(WORST_AUC, 1)}, labels may be swapped.",
            tuple(lines),
        )


def _weak(matrices: Sequence[Matrix]) -> Iterator[Caution]:
    def weak(cell: SeedCell) -> bool:
        accuracy = metric_of(cell, "balanced_accuracy")
        return accuracy is not None and accuracy < LOWEST_ACCURACY

    lines = lines_of_cells(main_matrices(matrices), weak, trained=True)
    if lines:
        yield Caution(
            "weak",
            f"Balanced accuracy below {number(LOWEST_ACCURACY, 1)} on the trained generator. "
            "Where AUC is high the threshold is off, where it is low the fit did not "
            "learn its own task; neither is evidence that the detector does not generalise.",
            tuple(lines),
        )


SECTION = Section(find=nothing, cautions=Placed(50, _cautions))
