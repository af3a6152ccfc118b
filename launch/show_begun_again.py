"""Fits whose checkpoints a run leaves aside: weeks of training must not vanish without a word."""

from __future__ import annotations

from data.counts import counted
from grid.console import Console
from grid.records.attempts import begun_fits
from grid.trial.fit.resuming import begun_again
from launch.desk import Desk
from launch.paragraphs import print_paragraph


def fits_begun_again(desk: Desk) -> dict[str, str]:
    """Return why fits of the plan will be begun again, by label."""
    labels = {f.fit.fit_id: f.fit.label for f in desk.plan.missing if not f.committed}
    begun = {f: keys for f, keys in begun_fits(desk.store).items() if f in labels}
    found = begun_again(desk.store, begun, desk.plan.expansion.experiment.threads)
    return {labels[fit_id]: why for fit_id, why in found.items()}


def print_begun_again(console: Console, found: dict[str, str]) -> None:
    """Print one line for all of them; nothing where there is none."""
    if found:
        label, why = next(iter(found.items()))
        text = (
            f"! {counted(len(found), 'fit is', 'fits are')} begun again: the checkpoint is of "
            f"another training ({why}), e.g. {label}; `run --resume-anyway` goes on from it"
        )
        print_paragraph(console, text, style="yellow")
