"""What a plan remarks beside its counts, a line each: nothing is wrong, one should know it."""

from __future__ import annotations

from collections.abc import Iterator

from data.counts import counted
from grid.checks.recompression import coded_again
from grid.checks.squashing import squashed
from grid.console import Console
from grid.expansion.chosen_rows import line_in_words
from grid.plan.fit_plan import FitPlan
from grid.plan.plan import Plan
from grid.records.simulated_parts import is_simulated_set, is_simulated_training
from grid.trial.gpu import shows_gpu
from launch.command_lines import command_line
from launch.paragraphs import print_paragraph
from launch.weights_remarks import weights_remarks


def print_remarks(console: Console, plan: Plan) -> None:
    """Print what validation lost, what float32 costs, what is squashed, coded again or missing."""
    for line in (
        *_smaller_validations(plan),
        *_slow_precision(plan),
        *_squashed(plan),
        *_coded_again(plan),
        *_not_as_published(plan),
        *_simulated(plan),
        *weights_remarks(plan),
    ):
        print_paragraph(console, line, 0, "yellow")


def _not_as_published(plan: Plan) -> Iterator[str]:
    """One line per dataset that is a known collection and differs from its published numbers."""
    for alias, dataset in plan.expansion.catalog.datasets.items():
        for comparison in dataset.comparisons:
            if comparison.differences:
                command = command_line("index", dataset.root)
                yield (
                    f"data.{alias}: in {counted(len(comparison.differences), 'point')} not "
                    f"{comparison.collection} as published; `{command}` names them"
                )


def _simulated(plan: Plan) -> Iterator[str]:
    """Say how many tests and trainings are of simulated images."""
    record = plan.record
    sets = sum(is_simulated_set(each, record) for each in record["test_sets"])
    if sets:
        yield (
            f"simulated images in {sets:,} of {counted(len(record['test_sets']), 'test set')}: no "
            "evidence about real generators"
        )
    fits = {fit["fit_id"]: fit for fit in record["fits"]}
    trained = sum(is_simulated_training(fit, fits, record) for fit in fits.values())
    if trained:
        yield f"{trained:,} of {counted(len(fits), 'fit')} learn from simulated images"


def _smaller_validations(plan: Plan) -> Iterator[str]:
    """One line per training set and line of ancestors: seeds and sweeps share it."""
    fits = plan.expansion.fits
    told = {
        (line_in_words(fit, fits), fit.selection.validation_left_out, len(fit.selection.validation))
        for fit in fits.values()
        if fit.selection is not None and fit.selection.validation_left_out
    }
    for name, left_out, stayed in sorted(told):
        of = left_out + stayed
        yield (
            f"validation of {name}: {left_out:,} of {counted(of, 'image')} left out, because a "
            "fit that it begins with was trained on them"
        )


def _slow_precision(plan: Plan) -> Iterator[str]:
    fits = [f for f in plan.fits if not f.committed and _in_float32_on_gpu(f, plan)]
    if fits:
        detectors = ", ".join(dict.fromkeys(f.fit.card.name for f in fits))
        yield (
            f"{counted(len(fits), 'fit')} of {detectors} to train in float32 without TF32, slow on "
            "a GPU; `precision: bfloat16` in the recipe trains by autocast and makes other fits "
            "(scores stay float32)"
        )


def _in_float32_on_gpu(plan: FitPlan, whole: Plan) -> bool:
    if plan.fit.recipe is None or plan.fit.recipe.precision != "float32":
        return False
    asked = whole.expansion.experiment.resources.get(plan.fit.card.name)
    share = asked.gpu if asked is not None else None
    return shows_gpu() if share is None else share > 0


def _squashed(plan: Plan) -> Iterator[str]:
    for each in squashed(plan.expansion):
        height, width = each.to
        yield (
            f"{each.detector} squashes sources of differing sizes to {width}x{height}, each "
            f"resampled in its own way: {each.sources}; `input: common` never resamples"
        )


def _coded_again(plan: Plan) -> Iterator[str]:
    for each in coded_again(plan.expansion):
        more = f" and {len(each.test_sets) - 1:,} more" if len(each.test_sets) > 1 else ""
        yield (
            f"{', '.join(each.degradations)} on {each.test_sets[0]}{more}: {each.reals:.0%} of the "
            f"reals and {each.fakes:.0%} of the fakes are {each.format} already and nothing is "
            "equalised. These are coded twice and the rest once, which a detector can tell: what "
            "changes from `none` is then not robustness alone"
        )
