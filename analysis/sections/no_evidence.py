"""Runs whose numbers are no evidence: of simulated images, or of few images on request."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.comparing.evidence import Evidence
from analysis.page.section import Caution, Placed, Section, nothing
from data.counts import counted
from grid.records.experiments import ExperimentRecord
from grid.records.simulated_parts import is_simulated_set, is_simulated_training

SIMULATED = "simulated images, no evidence about real generators"


def _cautions(evidence: Evidence, found: None) -> Iterator[Caution]:
    experiment = evidence.experiment
    if experiment["simulated"]:
        yield from _of_simulated(experiment)
    if experiment["limit"] is not None:
        yield Caution(
            "limited",
            f"Partial run: at most {experiment['limit']} images per pool were used "
            "(--limit). It shows that the experiment runs, not how well anything works.",
        )


def _of_simulated(experiment: ExperimentRecord) -> Iterator[Caution]:
    """Say of tests that they are no evidence, of trainings what tests of real generators say."""
    whole = f"{SIMULATED[0].upper()}{SIMULATED[1:]}"
    if "simulated_datasets" not in experiment:
        yield Caution("simulated", f"{whole}.")
        return
    sets = experiment["test_sets"]
    if simulated := [each["name"] for each in sets if is_simulated_set(each, experiment)]:
        where = f"{len(simulated):,} of {counted(len(sets), 'test set')}"
        yield Caution("simulated", f"{whole}: {where}.", tuple(simulated))
    fits = {fit["fit_id"]: fit for fit in experiment["fits"]}
    trained = sum(is_simulated_training(fit, fits, experiment) for fit in fits.values())
    if trained:
        yield Caution(
            "trained_on_simulated",
            f"{trained:,} of {counted(len(fits), 'fit')} learned from simulated images: what they "
            "find of real generators says nothing of a training on real ones.",
        )


SECTION = Section(find=nothing, cautions=Placed(20, _cautions))
