"""`crossgen status --watch`: how far it is, redrawn on a terminal, told in lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Hashable

import click
from rich.console import Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from data.counts import counted
from grid.console import Console
from grid.durations import duration, in_hours
from grid.records.runs import RunRecord
from grid.run.progress import position
from grid.store.errors import StoreError
from grid.visible import visible
from launch.desk import Desk
from launch.watched_experiment import RunAtWork, Sight, WatchedExperiment

ROWS = 4
"""Lines of the display besides those of the runs."""

HEADS = ("run", "heard of", "at work on", "")
LABEL = 2
"""The column of a trial's label."""


def watch(desk: Desk, every_s: float) -> None:
    """Show how far an experiment is until all of it is done, or the person has seen enough.

    Args:
        desk: the experiment.
        every_s: seconds between looks.
    """
    console = Console()
    watched = WatchedExperiment(desk)
    try:
        if console.is_terminal:
            _redraw(console, desk, watched, every_s)
        else:
            _tell(watched, every_s)
    except KeyboardInterrupt:
        return


def _redraw(console: Console, desk: Desk, watched: WatchedExperiment, every_s: float) -> None:
    name = desk.plan.record["name"]
    with Live(console=console, auto_refresh=False) as live:
        while True:
            try:
                sight = watched.look()
                live.update(drawn(name, desk.store.url, sight, *console.size), refresh=True)
                if sight.done == sight.total:
                    return
            except StoreError as error:
                live.update(Text(_unreadable(error), style="yellow"), refresh=True)
            time.sleep(every_s)


def _tell(watched: WatchedExperiment, every_s: float) -> None:
    """Say a line whenever something has changed."""
    told: Hashable = None
    while True:
        try:
            sight = watched.look()
        except StoreError as error:
            news: Hashable = str(error)
            line, is_over = _unreadable(error), False
        else:
            runs = tuple((run.record["run"], run.is_silent) for run in sight.runs)
            in_hand = tuple(t["fit_id"] for run in sight.runs for t in run.record["running"])
            news = (sight.done, sight.failures, runs, in_hand)
            line, is_over = in_a_line(sight), sight.done == sight.total
        if news != told:
            click.echo(f"{time.strftime('%H:%M:%S')} {visible(line)}")
            told = news
        if is_over:
            return
        time.sleep(every_s)


def drawn(name: str, store: str, sight: Sight, width: int, height: int) -> RenderableType:
    """Return what is shown on a terminal of some columns and lines."""
    rows = [row for run in sight.runs for row in _rows(run)]
    most = max(3, height - ROWS - 4)
    shown = [HEADS, *(row[:-1] for row in rows[:most])]
    taken = [max(len(row[place]) for row in shown) for place in range(len(HEADS))]
    # What is long is cut in the label of a trial, never in how far it is.
    taken[LABEL] = max(10, min(taken[LABEL], width - (sum(taken) - taken[LABEL]) - 2 * LABEL - 2))
    table = Table.grid(padding=(0, 2))
    for cells, style in zip(shown, ["dim", *(row[-1] for row in rows)], strict=False):
        texts = [Text(cell) for cell in cells]
        texts[LABEL].truncate(taken[LABEL], overflow="ellipsis")
        table.add_row(*texts, style=style)
    parts: list[RenderableType] = [Text.assemble((name, "bold"), "  ", (store, "dim"))]
    parts += [table] if rows else [Text("no run is at work", style="dim")]
    if len(rows) > most:
        parts.append(Text(f"... and {len(rows) - most:,} more", style="dim"))
    if sight.last_failure:
        last = Text(f"last failure: {visible(sight.last_failure)}", style="red")
        last.truncate(300, overflow="ellipsis")
        parts.append(last)
    return Group(*parts, Text(in_a_line(sight), style="green" if _is_done(sight) else ""))


def in_a_line(sight: Sight) -> str:
    """Return what a look found, in a line."""
    at_work = sum(trials for _, trials in sight.at_work)
    parts = [f"{sight.done:,} of {counted(sight.total, 'trial')} done"]
    if not _is_done(sight):
        runs = counted(len(sight.at_work), "run")
        parts.append(f"{at_work:,} at work in {runs}" if sight.at_work else "no run at work")
    if sight.failures:
        parts.append(counted(sight.failures, "failed attempt"))
    if sight.hours["gpu"] or sight.hours["cpu"]:
        cpu = 0.0 if sight.hours["gpu"] else sight.hours["cpu"]
        parts.append(in_hours(sight.hours["gpu"], cpu))
    if sight.left_s is not None and not _is_done(sight):
        parts.append(f"about {duration(sight.left_s)} left")
    return ", ".join(parts)


def _rows(run: RunAtWork) -> list[tuple[str, str, str, str, str]]:
    """Return the rows of one run: name, when heard of, a trial, how far it is, style."""
    record = run.record
    heard = f"{duration(run.heard_s)} ago"
    if run.is_silent:
        return [(_called(record), heard, "silent for so long: it may have been killed", "", "dim")]
    trials = [(trial["label"], position(trial)) for trial in record["running"]]
    first, *others = trials or [("nothing yet", "")]
    return [(_called(record), heard, *first, ""), *(("", "", *other, "") for other in others)]


def _called(record: RunRecord) -> str:
    """Return what tells a run from others: host, job or process, task."""
    job = record["job"] or f"pid {record['pid']}"
    return f"{record['host']} {job}" + (f" {record['task']}" if record["task"] else "")


def _is_done(sight: Sight) -> bool:
    return sight.done == sight.total


def _unreadable(error: StoreError) -> str:
    return f"the store cannot be read, looking again: {visible(str(error))}"
