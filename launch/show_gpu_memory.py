"""What the trials of a plan need of a GPU, so far as it was measured or is stated."""

from __future__ import annotations

import os

from data.byte_counts import in_bytes
from grid.console import Console
from grid.expansion.labels import detector_label
from grid.plan.gpu_needs import gpu_needs
from grid.trial.gpu import shows_gpu
from launch.command_lines import print_hint
from launch.desk import Desk
from launch.paragraphs import print_paragraph


def print_gpu_memory(console: Console, desk: Desk) -> None:
    """Print the need of each detector whose share is not stated, where a run may find a GPU."""
    if not shows_gpu() and not os.environ.get("RAY_ADDRESS"):
        return
    expansion = desk.plan.expansion
    resources = expansion.experiment.resources
    fits = [
        each.fit
        for each in desk.plan.missing
        if (asked := resources.get(each.fit.card.name)) is None or asked.gpu is None
    ]
    if not fits:
        return
    needs = gpu_needs(fits, expansion, desk.store)
    largest: dict[str, int] = {}
    unknown: dict[str, None] = {}
    for fit in fits:
        label, memory = detector_label(fit.card, fit.options), needs[fit.fit_id].memory_bytes
        if memory is None:
            unknown[label] = None
        else:
            largest[label] = max(memory, largest.get(label, 0))
    known = [f"{label} {in_bytes(memory)}" for label, memory in largest.items()]
    said = [*known, *(f"{label} not known" for label in unknown)]
    print_paragraph(console, f"GPU memory of a trial: {', '.join(said)}")
    if unknown:
        command = desk.given.command("profile")
        print_hint(console, "to measure it, so that trials share GPUs", command)
