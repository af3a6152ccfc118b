"""What training was predicted to take beside what it took, so that a prediction earns its trust."""

from __future__ import annotations

from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from data.counts import counted
from grid.console import Console
from grid.durations import duration
from grid.expansion.labels import detector_label
from grid.plan.plan import FitPlan


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
    table = Table("training", box=None, header_style="dim")
    table.columns[0].no_wrap = True
    table.add_column("fits", justify="right")
    table.add_column("took", justify="right")
    table.add_column("predicted")
    for name, times in trained.items():
        took = duration(sum(seconds for seconds, _ in times))
        table.add_row(escape(name), f"{len(times):,}", took, _held_against(times))
    console.print(table)


def _held_against(times: Sequence[tuple[float, float | None]]) -> str:
    """Say how far off the predictions were, of the fits that had one."""
    known = [(took, predicted) for took, predicted in times if predicted is not None]
    if not known:
        return "none: nothing alike had run before"
    took, predicted = sum(t for t, _ in known), sum(p for _, p in known)
    fits = counted(len(known), "fit")
    return f"{fits}: {duration(predicted)}, took {duration(took)} ({took / predicted - 1:+.0%})"
