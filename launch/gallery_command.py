"""`crossgen gallery`: chooses cells, finds their worst mistakes, writes the page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from analysis.selecting.expansion_choice import choose_one
from analysis.selecting.selection import StoreSelection
from data.byte_counts import in_bytes
from data.counts import counted
from grid.console import Console
from grid.records.experiments import Cell, ExperimentRecord
from grid.refusal import Refused, did_you_mean
from launch.chosen_experiment import check_file_or_name, expansion_of_file
from launch.desk import store_of
from launch.gallery.gallery_page import gallery_page
from launch.gallery.mistakes import mistakes_of
from launch.gallery.thumbnails import Thumbnails
from launch.named_fit import named_fit
from launch.paragraphs import print_paragraph
from launch.show_damage import print_left_out
from launch.waiting import waiting
from launch.whole_file import whole_file

MOST_PICTURE_BYTES = 16_000_000
"""Of all pictures of a page, coded as text: a phone still opens it."""

Cells = list[tuple[Cell, ExperimentRecord]]


def write_gallery(
    file: Path | None,
    *,
    fits: Sequence[str],
    test_sets: Sequence[str],
    degradation: str,
    count: int,
    output: Path | None,
    store: str | None,
    experiment: str | None,
    digest: str | None,
    **narrowed: Any,
) -> None:
    """Write the page and say where it is.

    Args:
        file: the experiment file, or None.
        fits: only these; none = all.
        test_sets: likewise.
        degradation: of the cells.
        count: of mistakes of each kind in a cell.
        output: the page.
        store: --store.
        experiment: of the store, without a file.
        digest: of its expansions this one.
        narrowed: --only, --set, --limit, --rehash and --trust-index, of a file.

    Raises:
        Refused: nothing of what is asked for has been scored, or the page cannot be written.
    """
    check_file_or_name(file, {"experiment": experiment, "digest": digest}, narrowed)
    if file is not None:
        opened, choice = expansion_of_file(file, store, narrowed)
    else:
        opened = store_of(store)
        choice = choose_one(opened, experiment, digest)
    [record] = choice.experiments
    selection = StoreSelection.of(opened, [record])
    selection.damaged.update(choice.damaged)
    if record["simulated"]:
        selection.notes.append("Simulated images: no evidence about real generators.")
    if record["limit"] is not None:
        selection.notes.append(f"Partial: at most {record['limit']:,} images per pool.")
    cells = _chosen(selection, fits, test_sets, degradation)
    with waiting("looking for mistakes"):
        found = mistakes_of(selection, cells, count)
        thumbnails = Thumbnails(opened, MOST_PICTURE_BYTES)
        page = gallery_page(record["name"], record["question"], found, thumbnails, selection.notes)
    path = output or Path(f"{record['name']}-gallery.html")
    _write(path, page)
    console = Console()
    size = in_bytes(path.stat().st_size)
    print_paragraph(console, f"wrote {path} ({counted(len(found), 'cell')}, {size})")
    if thumbnails.absent:
        lost = counted(len(thumbnails.absent), "image")
        print_paragraph(console, f"! {lost} not at hand, so named only", style="yellow")
    print_left_out(Console(stderr=True), selection.damaged, store)


def _chosen(
    selection: StoreSelection, fits: Sequence[str], test_sets: Sequence[str], degradation: str
) -> Cells:
    """The complete cells that are asked for, fit by fit."""
    cells = selection.complete_cells
    if not cells:
        raise Refused.because("gallery", "no cell is complete yet", "Run the experiment first")
    ids = {named_fit(fit, {cell.fit_id for cell, _ in cells}) for fit in fits}
    _require_known("--test-set", test_sets, {cell.test_set for cell, _ in cells})
    _require_known("--degradation", [degradation], {cell.degradation for cell, _ in cells})
    chosen = [
        (cell, record)
        for cell, record in cells
        if (not ids or cell.fit_id in ids)
        and (not test_sets or cell.test_set in test_sets)
        and cell.degradation == degradation
    ]
    if not chosen:
        raise Refused.because("gallery", "no cell is all of that", "Ask for fewer things at once")
    return sorted(chosen, key=lambda pair: (pair[0].fit_id, int(pair[0].epoch)))


def _require_known(option: str, given: Sequence[str], known: set[str]) -> None:
    for value in given:
        if value not in known:
            why = "no complete cell has it"
            raise Refused.because(f"{option} {value}", why, did_you_mean(value, sorted(known)))


def _write(path: Path, page: str) -> None:
    try:
        with whole_file(path) as temporary:
            temporary.write_text(page, encoding="utf-8")
    except OSError as error:
        why = f"the page cannot be written there ({error.strerror})"
        raise Refused.because(str(path), why, "Name another place with -o") from error
