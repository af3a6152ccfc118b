"""`crossgen table`: chooses kinds, makes tables, prints or writes them in a format."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from analysis.comparing.evidence import Evidence
from analysis.matrices.matrix_making import matrices
from analysis.selecting.expansion_choice import choose_one
from analysis.selecting.selection import StoreSelection
from analysis.tables.table import Table
from analysis.tables.table_csv import as_csv
from analysis.tables.table_kind import Asked, Average, TableKind, all_tables
from analysis.tables.table_latex import as_latex
from analysis.tables.table_markdown import as_markdown
from analysis.tables.table_text import as_text
from grid.console import Console
from grid.refusal import Refused, did_you_mean
from launch.chosen_experiment import check_file_or_name, expansion_of_file
from launch.desk import store_of
from launch.paragraphs import print_paragraph
from launch.show_damage import print_left_out
from launch.waiting import waiting
from launch.whole_file import whole_file

DEFAULT_KIND = "means"
WIDTH_OF_FILE = 100
_WRITERS: Mapping[str, Callable[[Table], str]] = {
    "markdown": as_markdown,
    "csv": as_csv,
    "latex": as_latex,
    "text": lambda table: "".join(f"{line.plain}\n" for line in as_text(table, WIDTH_OF_FILE)),
}


def file_and_kinds(words: Sequence[str]) -> tuple[Path | None, dict[str, TableKind]]:
    """Tell the experiment file from names of kinds; where none is named, the means are meant.

    Raises:
        Refused: a word is no kind and no file, or there are two files.
    """
    every = all_tables()
    named = {word.replace("-", "_"): word for word in words}
    others = [word for name, word in named.items() if name not in every]
    for word in others:
        if not Path(word).is_file():
            raise Refused.because(
                word,
                "it is neither a file nor a kind of table",
                f"{did_you_mean(word, list(every))} crossgen table --list describes them",
            )
    if len(others) > 1:
        raise Refused.because(" and ".join(others), "they are two files", "Give one at a time")
    kinds = {name: every[name] for name in named if name in every}
    return (Path(others[0]) if others else None), kinds or {DEFAULT_KIND: every[DEFAULT_KIND]}


def list_kinds() -> None:
    """Print each kind with its title and what it needs."""
    console = Console()
    for name, kind in all_tables().items():
        print_paragraph(console, name, 0, "bold")
        print_paragraph(console, f"{kind.title}; needs {kind.needs}", 4)


def show_tables(
    file: Path | None,
    kinds: Mapping[str, TableKind],
    *,
    form: str,
    metric: str,
    average: Average,
    output: Path | None,
    store: str | None,
    experiment: str | None,
    digest: str | None,
    **narrowed: Any,
) -> None:
    """Make tables of an experiment and print them, or write them to a file.

    Args:
        file: the experiment file, or None.
        kinds: by name.
        form: text, markdown, csv or latex.
        metric: of the numbers.
        average: how means are taken.
        output: where to write; None prints.
        store: --store.
        experiment: of the store, without a file.
        digest: of its expansions this one.
        narrowed: --only, --set, --limit, --rehash and --trust-index, of a file.

    Raises:
        Refused: there is nothing to show, several tables are to be one CSV, or the file cannot be
            written.
    """
    check_file_or_name(file, {"experiment": experiment, "digest": digest}, narrowed)
    if file is not None:
        opened, choice = expansion_of_file(file, store, narrowed)
    else:
        opened = store_of(store)
        choice = choose_one(opened, experiment, digest)
    record = choice.experiments[0]
    selection = StoreSelection.of(opened, [record])
    selection.damaged.update(choice.damaged)
    with waiting("measuring cells"):
        evidence = Evidence(selection, record, tuple(matrices(selection, record)))
    asked = Asked(metric, average)
    made = {name: list(kind.make(evidence, asked)) for name, kind in kinds.items()}
    errors = Console(stderr=True)
    for name, tables in made.items():
        if not tables:
            print_paragraph(errors, f"{name}: nothing to show; it needs {kinds[name].needs}")
    tables = [table for each in made.values() for table in each]
    if not tables:
        raise Refused.because(
            " ".join(kinds), "there is no such table of this experiment", "Name other kinds"
        )
    _put(tables, form, output)
    for remark in choice.remarks:
        print_paragraph(errors, remark, style="dim")
    print_left_out(errors, selection.damaged, store)


def _put(tables: Sequence[Table], form: str, output: Path | None) -> None:
    if form == "csv" and len(tables) > 1:
        if output is None:
            raise Refused.because(
                "--format csv",
                f"{len(tables)} tables are no one CSV",
                "Give -o FILE, which writes a file for each, or name one kind",
            )
        for table in tables:
            _write(output.with_stem(f"{output.stem}-{table.name}"), as_csv(table))
    elif output is not None:
        _write(output, "\n".join(_WRITERS[form](table) for table in tables))
    elif form == "text":
        console = Console()
        told: set[str] = set()
        for n, table in enumerate(tables):
            if n:
                console.print()
            for line in as_text(table, console.width, told):
                console.print(line, soft_wrap=True)
    else:
        sys.stdout.write("\n".join(_WRITERS[form](table) for table in tables))


def _write(path: Path, text: str) -> None:
    try:
        with whole_file(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Refused.because(
            str(path),
            f"the table cannot be written there ({error.strerror})",
            "Name another place with -o",
        ) from error
    print_paragraph(Console(), f"wrote {path}")
