"""What training was predicted to take beside what it took, and what all of it has cost so far."""

from __future__ import annotations

from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from data.counts import counted
from grid.console import Console
from grid.durations import duration, in_hours
from grid.expansion.labels import detector_label
from grid.plan.fit_plan import FitPlan
from grid.records.measured_hours import training_hours
from grid.records.readable import readable_provenances
from grid.records.runs import RunRecord, hours_of
from grid.store.base import Store


def print_cost(console: Console, fits: Sequence[FitPlan]) -> None:
    """Print training time by detector: of all trained fits, and of those with a prediction."""
    trained: dict[str, list[tuple[float, float | None]]] = {}
    for plan in fits:
        if plan.commit is not None and plan.commit["seconds"] > 0:
            name = detector_label(plan.fit.card, plan.fit.options)
            pair = plan.commit["seconds"], plan.commit["predicted_seconds"]
            trained.setdefault(name, []).append(pair)
    if not trained:
        return
    held = {name: _held_against(times) for name, times in trained.items()}
    table = Table("training", box=None, header_style="dim")
    table.columns[0].no_wrap = True
    table.add_column("fits", justify="right")
    table.add_column("took", justify="right")
    if any(held.values()):  # in a first run nothing alike had run before
        table.add_column("predicted")
    for name, times in trained.items():
        took = duration(sum(seconds for seconds, _ in times))
        row = [escape(name), f"{len(times):,}", took, held[name]]
        table.add_row(*row[: len(table.columns)])
    console.print(table)


def print_hours(
    console: Console, store: Store, fits: Sequence[FitPlan], runs: Sequence[RunRecord]
) -> None:
    """Print the hours of committed trainings, and those of all attempts of the runs on record.

    Args:
        console: where to.
        store: has the provenance of the fits.
        fits: of the experiment.
        runs: of the experiment.
    """
    commits = [plan.commit for plan in fits if plan.commit is not None and plan.commit["seconds"]]
    made, _ = readable_provenances(store, commits)
    known = [
        hours
        for commit in commits
        if (hours := training_hours(commit, made.get(commit["fit_id"], {}))) is not None
    ]
    if known:
        gpu = sum(hours.gpu for hours in known)
        cpu = sum(hours.cpu for hours in known if not hours.gpu)
        of = counted(len(known), "committed training")
        console.print(f"{in_hours(gpu, cpu)}: {of}", highlight=False)
    if runs:
        spent = hours_of(runs)
        said = (
            f"{in_hours(spent['gpu'], spent['cpu'])}: all attempts of {counted(len(runs), 'run')}"
        )
        if spent["failed_gpu"] or spent["failed_cpu"]:
            said += f"; {in_hours(spent['failed_gpu'], spent['failed_cpu'])} of it failed"
        console.print(said, highlight=False)


def _held_against(times: Sequence[tuple[float, float | None]]) -> str:
    """Say how far off the predictions were, of the fits that had one; "" where none had."""
    known = [(took, predicted) for took, predicted in times if predicted is not None]
    if not known:
        return ""
    took, predicted = sum(t for t, _ in known), sum(p for _, p in known)
    fits = counted(len(known), "fit")
    return f"{fits}: {duration(predicted)}, took {duration(took)} ({took / predicted - 1:+.0%})"
