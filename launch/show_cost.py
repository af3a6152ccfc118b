"""What training was predicted to take beside what it took, so that a prediction earns its trust."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from grid.durations import duration
from grid.labels import detector_label
from grid.plan import FitPlan


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
    for header in ("fits", "took", "of these predicted", "predicted", "took", "off by"):
        table.add_column(header, justify="right")
    for name, times in trained.items():
        known = [(took, predicted) for took, predicted in times if predicted is not None]
        row = [escape(name), f"{len(times):,}", duration(sum(took for took, _ in times))]
        if known:
            took, predicted = sum(t for t, _ in known), sum(p for _, p in known)
            row += [f"{len(known):,}", duration(predicted), duration(took)]
            row.append(f"{took / predicted - 1:+.0%}")
        else:
            row.append("none")
        table.add_row(*row)
    console.print(table)
