"""`crossgen bundle` and `crossgen open`: an experiment's results in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from analysis.page.findings_json import findings_json
from analysis.page.overview import overview
from analysis.page.report import report_page
from analysis.selecting.selection import StoreSelection
from data.byte_counts import in_bytes
from data.counts import counted
from grid.console import Console
from grid.records.proven.json_records import from_json
from grid.refusal import Refused
from grid.store.archive import ArchiveStore, write_archive
from grid.store.errors import StoreError, StoreMissing
from grid.store.opening import open_store
from grid.upkeep.bundling import ABOUT, EXPERIMENT_FILE, NUMBERS, PAGE, bundle_content
from launch.command_lines import print_hint, store_command
from launch.export_command import check_output
from launch.file_or_name import file_meant, selection_meant
from launch.notes import print_note
from launch.paragraphs import print_paragraph
from launch.query_command import print_query
from launch.show_experiment import overview_of, print_matrix, report_command
from launch.waiting import waiting
from launch.whole_file import whole_file


def write_bundle(
    word: str | None,
    output: Path,
    *,
    with_weights: bool,
    overwrite: bool,
    store: str | None,
    **given: Any,
) -> None:
    """Pack an experiment's results, its record and its page into one file.

    Args:
        word: the experiment's file, whose text is packed too, or its name in the store.
        output: the bundle, a zip file.
        with_weights: pack the weights of its fits.
        overwrite: replace a file that lies there.
        store: --store.
        given: --digest, and --only and the like, of a file.

    Raises:
        Refused: no expansion is meant, nothing of it is committed, or the file cannot be written.
        StoreError: a file of the store is damaged.
    """
    check_output(output, (".zip",), overwrite=overwrite)
    selection = selection_meant(word, store=store, **given)
    for remark in selection.remarks:
        print_note(remark)
    [experiment] = selection.experiments
    if not selection.commits:
        raise Refused.because(
            f"experiment {experiment['name']}",
            f"none of its fits is in {selection.store.url}",
            "Run it, or name another store",
        )
    shown = overview(selection.store, experiment)
    own = {PAGE: report_page(shown).encode(), NUMBERS: findings_json(shown).encode()}
    if (file := file_meant(word)) is not None:
        own[EXPERIMENT_FILE] = file.read_bytes()
    content = bundle_content(selection.store, experiment, own, with_weights=with_weights)
    try:
        with (
            waiting(f"packing {experiment['name']}"),
            whole_file(output) as temporary,
            temporary.open("wb") as stream,
        ):
            files = write_archive(stream, content)
    except StoreError:  # what is read, not what is written
        raise
    except OSError as error:
        raise Refused.because(
            f"-o {output}",
            f"the bundle cannot be written there ({error.strerror or error})",
            "Name another place",
        ) from error
    size = in_bytes(output.stat().st_size)
    console = Console()
    print_paragraph(console, f"wrote {output} ({counted(files, 'file')}, {size})")
    _print_missing(selection)
    print_hint(console, "read it anywhere with", f"crossgen open {output}")


def _print_missing(selection: StoreSelection) -> None:
    """Say what the experiment wants and the bundle lacks."""
    missing = sum(len(each["fits"]) for each in selection.experiments) - len(selection.commits)
    pieces = len(selection.wanted_pieces) - len(selection.committed)
    if missing or pieces:
        print_note(
            f"! in part: {counted(missing, 'fit')} and {counted(pieces, 'piece')} of what the "
            "experiment wants are not in the store, so not in the bundle."
        )


def opened_bundle(file: Path) -> ArchiveStore:
    """Open a bundle.

    Raises:
        Refused: the file is none.
        StoreUrlRefused: it is damaged.
    """
    store = open_store(file.absolute())
    if not isinstance(store, ArchiveStore):
        raise Refused.because(
            str(file), "it is no bundle, whose name ends in .zip", "Name what `bundle` wrote"
        )
    return store


def answer_from_bundle(
    file: Path,
    *,
    matrix: bool,
    report: bool,
    sql: str | None,
    csv: bool,
    output: Path | None,
    metric: str,
) -> None:
    """Do what is asked of a bundle; nothing asked: say what it holds.

    Raises:
        Refused: several things are asked for, or the file is no bundle.
    """
    if sum((matrix, report, sql is not None)) > 1:
        raise Refused.because(
            "--matrix, --report and --query", "each is an answer of its own", "Give one of them"
        )
    store = opened_bundle(file).url
    if sql is not None:
        only: dict[str, Any] = {"experiment": None, "digest": None, "all_expansions": False}
        print_query([sql], store=store, csv=csv, parquet=None, overwrite=False, **only)
    elif matrix:
        print_matrix(overview_of(None, store=store), metric, store)
    elif report:
        report_command(overview_of(None, store=store), output, store)
    else:
        show_bundle(file)


def show_bundle(file: Path) -> None:
    """Print what a bundle holds, and the commands that read it.

    Raises:
        Refused: the file is no bundle.
        StoreError: it is damaged.
    """
    store = opened_bundle(file)
    try:
        about = from_json(ABOUT, store.get(ABOUT), ("experiment", "question", "fits"))
    except StoreMissing as error:
        raise Refused.because(
            str(file), "it does not say what it holds", "Name what `crossgen bundle` wrote"
        ) from error
    console = Console()
    print_paragraph(console, f"{about['experiment']} ({about['digest']})", style="bold")
    if about["question"]:
        print_paragraph(console, about["question"])
    weights = "with weights" if about["with_weights"] else "without weights"
    print_paragraph(
        console,
        f"{about['committed']:,} of {counted(about['fits'], 'fit')} {weights}, of "
        f"{counted(about['images'], 'image')}, which are not in it",
    )
    for said, command in (
        ("train x test", "matrix"),
        ("its page", "report"),
        ("SQL over its views", "query"),
        ("whether it is whole; with --images ROOT, which images are at hand", "verify"),
    ):
        given = (file,) if command == "verify" else ("--store", file)
        print_hint(console, said, store_command(None, command, *given), 2)
