"""What a fit is scored on: the pools of its arm's test sets, through the views of `test:`."""

from __future__ import annotations

from data.operations import PipelineError
from data.view import view_of
from detectors.input_geometry import input_pipelines
from grid.expansion.fits import Fit
from grid.expansion.parents import is_kept, not_kept
from grid.experiment_file.schema import Arm, TestSpec
from grid.records.experiments import ScoringRecord
from grid.records.tested_views import scoring_record
from grid.refusal import Problems
from grid.sources.tested_sets import TestSet


def scored_on(
    fit: Fit, arm: Arm, spec: TestSpec, equalise: str, sets: list[TestSet], problems: Problems
) -> ScoringRecord | None:
    """Return what a fit is scored on: every pool of the test sets of one equalise, once."""
    where = f"arms.{arm.name}.test" if arm.test else "test"
    try:
        geometry = fit.validation_geometry
        if spec.input:
            geometry = input_pipelines(fit.card, fit.options, spec.input).test
        views = [view_of(equalise, text, geometry) for text in spec.degradations]
        if not views[0].geometry.is_testable:
            raise PipelineError(f"{views[0].geometry.canonical} is random, and a test is not")
    except ValueError as error:
        problems.add(where, str(error), "Correct it in the file")
        return None
    for epoch in spec.epochs:
        if not is_kept(fit, epoch):
            problems.add(*not_kept(f"{where}.epochs: {epoch}", fit))
            return None
    pools = dict.fromkeys(p for s in sets for p in (*s.real_pools, *s.fake_pools))
    return scoring_record(fit.fit_id, spec.epochs, list(pools), views)


def add_block(blocks: list[ScoringRecord], block: ScoringRecord, asked: list[int]) -> None:
    """Add what a fit is scored on; arms that score the same pools alike share a block.

    `asked` are places in the experiment's list of test sets.
    """
    for known in blocks:
        if {**known, "test_sets": None} == {**block, "test_sets": None}:
            known["test_sets"] = sorted({*known["test_sets"], *asked})
            return
    block["test_sets"] = asked
    blocks.append(block)
