"""The plan, for people: how much there is, how much is done, what is left and what it will cost."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from data.counts import counted
from grid.checks.bias import one_sided
from grid.console import Console
from grid.durations import duration, in_hours
from grid.experiment_file.staged_arms import chain_of
from grid.plan.fit_plan import FitPlan
from grid.plan.plan import Plan
from grid.plan.why import reasons
from grid.records.experiments import sets_of
from grid.records.pools.header_facts import accepted
from grid.sources.families import lines_to_add
from grid.sources.source import FAKE, TRAIN
from launch.desk import Desk
from launch.show_damage import print_damage
from launch.show_decoded import print_decoded
from launch.show_equalised import print_equalised
from launch.show_gpu_memory import print_gpu_memory
from launch.show_remarks import print_remarks

SHOWN = 20
COMPARISONS_SHOWN = 3


def print_plan(desk: Desk) -> None:
    """Print the state of an experiment's fits and pieces, its warnings and the next trials."""
    console = Console()
    plan = desk.plan
    experiment = plan.expansion.experiment
    console.print(Text.assemble((experiment.name, "bold"), " ", experiment.question or ""))
    console.print(f"store {desk.store.url}", style="dim", highlight=False, markup=False)
    print_accepted_bias(console, plan)
    if experiment.limit is not None:
        console.print(
            f"PARTIAL: at most {counted(experiment.limit, 'image')} per pool", style="bold yellow"
        )
    console.print(_counts(plan))
    cells = sum(
        len(block["epochs"]) * len(block["degradations"]) * len(sets_of(plan.record, block))
        for block in plan.record["scoring"]
    )
    console.print(
        f"{counted(len(plan.expansion.test_sets), 'test set')}, {counted(cells, 'cell')}",
        highlight=False,
    )
    if ensembles := plan.expansion.ensembles:
        names = ", ".join(dict.fromkeys(each["name"] for each in ensembles))
        said = f"{counted(len(ensembles), 'ensemble')} of them: {names}"
        console.print(said, highlight=False, markup=False)
    for epoch, fits in plan.unreached.items():
        console.print(
            f"epoch {epoch} was asked for and is not scored: "
            f"{counted(len(fits), 'fit')} stopped before it, e.g. {fits[0].label}",
            style="yellow",
            highlight=False,
            markup=False,
        )
    _print_left_out(console, plan)
    _print_unknown_families(console, plan)
    _print_overlaps(console, plan)
    print_remarks(console, plan)
    print_equalised(console, plan.expansion)
    if plan.manifests:
        console.print(
            f"{counted(len(plan.manifests), 'deleted manifest')}: the next run writes "
            f"{'it' if len(plan.manifests) == 1 else 'them'} again",
            style="yellow",
            highlight=False,
        )
    print_damage(console, desk.given, plan.damage)
    if not plan.missing:
        if plan.damage:
            console.print("nothing else to do", style="yellow")
        elif not plan.manifests:
            console.print("nothing to do", style="green")
        return
    console.print(f"to do, {_time(plan)}", highlight=False)
    print_decoded(console, plan)
    print_gpu_memory(console, desk)
    _print_trials(console, plan.missing)


def _counts(plan: Plan) -> Table:
    """Return how many fits and pieces there are in which state; damaged ones where there are any.

    A fit without its weights counts as damaged, its scores as committed: their numbers stand.
    """
    fits, pieces = len(plan.fits), sum(f.pieces for f in plan.fits)
    blocked = sum(bool(f.blocked) for f in plan.fits)
    trained = sum(f.committed and not f.blocked for f in plan.fits)
    missing = sum(f.missing_pieces for f in plan.fits)
    empty = sum(f.damaged_pieces for f in plan.fits)
    rows = {
        "fits": [fits, trained, fits - trained - blocked, blocked],
        "pieces": [pieces, pieces - missing - empty, missing, empty],
    }
    heads = ["wanted", "committed", "missing", "damaged"][: 4 if blocked or empty else 3]
    table = Table("", *heads, box=None, header_style="dim")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, counts in rows.items():
        table.add_row(name, *(f"{count:,}" for count in counts[: len(heads)]))
    return table


def _time(plan: Plan) -> str:
    if plan.predicted_s is None:
        return "on one slot: time unknown, nothing like it has run here on such a device yet"
    if plan.estimated:
        return (
            f"on one CPU core: about {duration(plan.predicted_s)}, a rough estimate until the like "
            "has run in this store on such a device; a GPU is many times faster"
        )
    hours = plan.predicted_hours
    if hours is None:
        return f"on one slot: {duration(plan.predicted_s)}"
    # How many share a GPU is known where the file says it, or once the nodes are.
    stated = plan.expansion.experiment.resources
    on_gpus = [f.fit.card.name for f in plan.missing if f.gpu_share]
    most = any(name not in stated or stated[name].gpu is None for name in on_gpus)
    said = f"{'at most ' if most else ''}{in_hours(*hours)}"
    return f"on one slot: {duration(plan.predicted_s)}; {said}"


def print_accepted_bias(console: Console, plan: Plan) -> None:
    """Print what a header says of the labels, where the file accepts it; before anything else."""
    every = plan.expansion.equalises_asked
    for asked in every:
        said = accepted(one_sided(plan.expansion, asked), asked, of_some_fits=len(every) > 1)
        if said is not None:
            _print_one_sided(console, *said)


def _print_one_sided(console: Console, sentence: str, comparisons: Sequence[str]) -> None:
    console.print(f"! {sentence}", style="bold yellow", highlight=False, markup=False)
    for line in comparisons[:COMPARISONS_SHOWN]:
        console.print(f"    {line}", style="dim", highlight=False, markup=False)
    more = len(comparisons) - COMPARISONS_SHOWN
    if more > 0:
        console.print(f"    ... and {more} more", style="dim", highlight=False)


def _print_left_out(console: Console, plan: Plan) -> None:
    by_rule = [
        f"{dataset.alias}: {reason}" + (f" ({count:,} of this kind)" if count > 1 else "")
        for dataset in plan.expansion.catalog.datasets.values()
        for reason, count in dataset.manifest.skipped.items()
    ]
    if by_rule:
        console.print("left out, being no images of the layout:", style="yellow")
        for line in by_rule[:SHOWN]:
            console.print(f"  {line}", highlight=False, markup=False)
        if len(by_rule) > SHOWN:
            console.print(f"  ... and {len(by_rule) - SHOWN:,} more", highlight=False)
    untrained = {
        source.name
        for arm in plan.expansion.experiment.arms
        for step in chain_of(arm)
        for spec in step.train
        for name in (spec.each if spec is not None else ())
        for source in plan.expansion.catalog.sources(name)
        if not source.of(TRAIN, FAKE)
    }
    if untrained:
        listed = ", ".join(sorted(untrained)[:SHOWN])
        console.print(
            f"no training images, so no fit of its own: {listed}", style="yellow", markup=False
        )
    files = [f for d in plan.expansion.catalog.datasets.values() for f in d.left_out]
    if files:
        console.print(
            f"{counted(len(files), 'unreadable file is', 'unreadable files are')} left out:",
            style="yellow",
        )
        for file in files[:SHOWN]:
            console.print(f"  {file}", highlight=False, markup=False)


def _print_unknown_families(console: Console, plan: Plan) -> None:
    lines = lines_to_add(plan.expansion.catalog.all_sources())
    if lines:
        console.print("family unknown, so results are not grouped by it; to say:", style="yellow")
    for alias, line in lines.items():
        # Whole, so that it can be copied.
        console.print(f"  data.{alias}.{line}", highlight=False, markup=False, soft_wrap=True)


def _print_overlaps(console: Console, plan: Plan) -> None:
    if not plan.overlaps:
        return
    rule = plan.expansion.experiment.leakage
    said = {
        "exclude": "left out of these fits' cells, counted",
        "allow": "kept, because the file says `leakage: allow`",
    }[rule]
    console.print(f"leakage ({said}):", style="yellow", highlight=False)
    for overlap in plan.overlaps[:SHOWN]:
        console.print(f"  {overlap.test_set}: {overlap}", highlight=False, markup=False)
    if len(plan.overlaps) > SHOWN:
        console.print(
            f"  ... and {counted(len(plan.overlaps) - SHOWN, 'more pair')}", highlight=False
        )


def _print_trials(console: Console, fits: list[FitPlan]) -> None:
    table = Table("trial", "trains", "pieces", "predicted", box=None, header_style="dim")
    table.columns[2].justify = table.columns[3].justify = "right"
    for f in fits[:SHOWN]:
        trains = "-" if f.committed else "given" if f.fit.recipe is None else "yes"
        predicted = "?" if f.predicted_s is None else duration(f.predicted_s)
        if f.predicted_s is not None and not f.alike_ran:
            predicted = f"about {predicted}"
        table.add_row(Text(f.fit.label), trains, f"{f.missing_pieces:,}", predicted)
    console.print(table)
    if len(fits) > SHOWN:
        console.print(f"... and {counted(len(fits) - SHOWN, 'more trial')}", highlight=False)


def print_reasons(desk: Desk) -> None:
    """Print why fits and pieces are missing, a line per reason."""
    console = Console()
    for reason in reasons(desk.plan, desk.store):
        console.print(f"- {reason}", highlight=False, markup=False)
