"""`crossgen diff`: in which values of their identity two fits differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from data.counts import counted
from grid.console import Console
from grid.plan.differences import IMAGES, differing_fields, field_in_words, value_in_words
from grid.plan.seen_images import ImageChange, StoredImages
from grid.records.commits import Commit
from grid.records.experiments import FitRecord
from grid.records.readable import readable_commits, readable_experiments
from launch.desk import store_of
from launch.named_fit import named_fit


def print_difference(first: str, second: str, store: str | None) -> None:
    """Print the values that differ between two fits of a store, images by their names.

    Raises:
        Refused: the store knows no such fit.
    """
    opened = store_of(store)
    experiments, _ = readable_experiments(opened)
    commits, _ = readable_commits(opened)
    fits = {fit["fit_id"]: fit for experiment in experiments for fit in experiment["fits"]}
    known = {fit_id: fit["description"] for fit_id, fit in fits.items()}
    known.update({k: c["description"] for k, c in commits.items()})
    one, other = (named_fit(fit_id, known) for fit_id in (first, second))
    console = Console()
    fields = differing_fields(known[one], known[other])
    if not fields:
        console.print("the same fit" if one == other else "no field differs")
        return
    for word, fit_id in (("first", one), ("second", other)):
        label = fits[fit_id]["label"] if fit_id in fits else ""
        line = Text.assemble(f"{word:8}", (fit_id, "bold"), "  ", (label, "dim"))
        console.print(line, overflow="fold")
    values = {name: pair for name, pair in fields.items() if name not in IMAGES}
    if values:
        console.print(_table(values, known[one], known[other]))
    images = StoredImages(opened, experiments)
    for name in fields:
        if name in IMAGES:
            counts = [_count(name, fit_id, fits, commits) for fit_id in (one, other)]
            said = _images_in_words(name, images, (one, other), counts)
            console.print(Text(f"{field_in_words(name)}: {said}"), overflow="fold")


def _table(
    values: Mapping[str, tuple[Any, Any]], one: Mapping[str, Any], other: Mapping[str, Any]
) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in ("value", "first", "second"):
        table.add_column(head, overflow="fold")
    for name, (old, new) in values.items():
        table.add_row(
            Text(field_in_words(name)),
            Text(value_in_words(name, old, one)),
            Text(value_in_words(name, new, other)),
        )
    return table


def _images_in_words(
    name: str, images: StoredImages, pair: tuple[str, str], counts: Sequence[int | None]
) -> str:
    """Name the images that only one fit saw; where the store cannot tell, give the counts."""
    one, other = (images.of(fit_id) for fit_id in pair)
    if one is not None and other is not None:
        found = ImageChange.between(getattr(one, name), getattr(other, name))
        return (
            f"{len(found):,} changed ({len(found.first):,} only in the first, "
            f"{len(found.second):,} only in the second): {found.examples}"
        )
    said = ["an unknown number" if n is None else counted(n, "image") for n in counts]
    numbers = f"{said[0]} in both" if said[0] == said[1] else f"{said[0]} and {said[1]}"
    return f"{numbers}, not the same ones; the store cannot tell which were chosen of their pools"


def _count(
    name: str,
    fit_id: str,
    fits: Mapping[str, FitRecord],
    commits: Mapping[str, Commit],
) -> int | None:
    if fit_id in commits:
        commit = commits[fit_id]
        return commit["n_train"] if name == "training" else commit["n_validation"]
    train = fits[fit_id]["train"]
    return None if train is None else train["n" if name == "training" else "n_validation"]
