"""Which of an experiment's tests and trainings are of simulated images, as its record says."""

from __future__ import annotations

from collections.abc import Mapping

from grid.records.experiments import ExperimentRecord, FitRecord, SetRecord


def is_simulated_set(test_set: SetRecord, experiment: ExperimentRecord) -> bool:
    """Whether the fakes of a test set are simulated: no evidence about real generators.

    A record that names no datasets means all of its images.
    """
    if not experiment["simulated"]:
        return False
    datasets = experiment.get("simulated_datasets")
    return datasets is None or test_set["dataset"] in datasets


def is_simulated_training(
    fit: FitRecord, fits: Mapping[str, FitRecord], experiment: ExperimentRecord
) -> bool:
    """Whether a fit, or one that it began from, was trained on simulated images.

    Args:
        fit: of the experiment.
        fits: all of its fits, by id.
        experiment: its record.
    """
    if not experiment["simulated"]:
        return False
    if "simulated_datasets" not in experiment:
        return True
    line: FitRecord | None = fit
    while line is not None:
        if line["train"] is not None and line["train"].get("simulated"):
            return True
        line = fits.get(line["parent"] or "")
    return False
