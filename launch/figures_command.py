"""`crossgen figures`: chooses kinds and matrices, draws, writes files and their captions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from analysis.comparing.contrasts import findings_of
from analysis.comparing.evidence import Evidence
from analysis.figures.figure import (
    FigureKind,
    Picture,
    all_figures,
)
from analysis.matrices.main_matrices import main_matrices
from analysis.matrices.matrix_making import matrices
from analysis.selecting.expansion_choice import choose_one
from analysis.selecting.selection import StoreSelection
from data.counts import counted
from grid.console import Console
from grid.records.experiments import ExperimentRecord
from grid.refusal import Refused, did_you_mean
from launch.chosen_experiment import check_file_or_name, expansion_of_file
from launch.desk import store_of
from launch.paragraphs import print_paragraph
from launch.show_damage import print_left_out
from launch.waiting import waiting
from launch.whole_file import whole_file

CAPTIONS = "captions.md"


def file_and_kinds(words: Sequence[str]) -> tuple[Path | None, dict[str, FigureKind]]:
    """Tell the experiment file from names of kinds; where none is named, all are meant.

    Raises:
        Refused: a word is no kind and no file, or there are two files.
    """
    every = all_figures()
    others = [word for word in words if word not in every]
    for word in others:
        if not Path(word).is_file():
            why = "it is neither a file nor a kind of figure"
            mend = f"{did_you_mean(word, list(every))} crossgen figures --list describes them"
            raise Refused.because(word, why, mend)
    if len(others) > 1:
        raise Refused.because(" and ".join(others), "they are two files", "Give one at a time")
    named = {word: every[word] for word in words if word in every}
    return (Path(others[0]) if others else None), named or every


def list_kinds(kinds: Mapping[str, FigureKind]) -> None:
    """Print each kind with its title and what it needs."""
    console = Console()
    for name, kind in kinds.items():
        print_paragraph(console, name, 0, "bold")
        print_paragraph(console, f"{kind.title}; needs {kind.needs}", 4)


def write_figures(
    file: Path | None,
    kinds: Mapping[str, FigureKind],
    *,
    output: Path | None,
    titles: Sequence[str],
    metric: str,
    form: str,
    store: str | None,
    experiment: str | None,
    digest: str | None,
    **narrowed: Any,
) -> None:
    """Draw, write and say what was written, and what a kind that drew nothing needs.

    Args:
        file: the experiment file, or None.
        kinds: by name.
        output: the folder.
        titles: only matrices with one of these texts in their title; none = all.
        metric: what is drawn, where a kind draws a metric.
        form: "png" or "pdf".
        store: --store.
        experiment: of the store, without a file.
        digest: of its expansions this one.
        narrowed: --only, --set, --limit, --rehash and --trust-index, of a file.

    Raises:
        Refused: no matrix is meant, nothing at all can be drawn, or the folder cannot be written.
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
    with waiting("measuring") as say:
        evidence = _evidence(selection, record, titles)
        drawn = {}
        for name, kind in kinds.items():
            say(f"drawing {name}")
            drawn[name] = kind.pictures(evidence, metric)
    _refuse_nothing(drawn, kinds)
    folder = output or Path(f"{record['name']}-figures")
    _write_all(folder, [picture for each in drawn.values() for picture in each], record, form)
    _tell(folder, evidence, drawn, kinds, titles)
    print_left_out(Console(stderr=True), selection.damaged, store)


def _evidence(
    selection: StoreSelection, record: ExperimentRecord, titles: Sequence[str]
) -> Evidence:
    """Return what figures may look at: matrices with one of the texts in their title, or all."""
    every = tuple(matrices(selection, record))
    kept = tuple(
        matrix
        for matrix in every
        if not titles or any(text.lower() in matrix.title.lower() for text in titles)
    )
    if not kept:
        raise Refused.because(
            " ".join(f"--matrix {text}" for text in titles) or record["name"],
            "no matrix has it in its title" if every else "it has no matrix",
            "Give a part of a title" if every else "Ask for an experiment that has a matrix",
            [matrix.title for matrix in every],
        )
    return Evidence(selection, record, kept, findings_of(selection, record, every))


def _refuse_nothing(
    drawn: Mapping[str, Sequence[Picture]], kinds: Mapping[str, FigureKind]
) -> None:
    if any(drawn.values()):
        return
    needs = [f"{name} needs {kind.needs}" for name, kind in kinds.items()]
    raise Refused.because(
        "figures", "nothing of what is asked for can be drawn", "Make what they need", needs
    )


def _write_all(
    folder: Path, pictures: Sequence[Picture], record: ExperimentRecord, form: str
) -> None:
    captions = [f"# Figures of {record['name']}", ""]
    if record["simulated"]:
        captions += ["Simulated images: no evidence about real generators.", ""]
    if record["limit"] is not None:
        captions += [f"Partial: at most {record['limit']:,} images per pool.", ""]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for picture in pictures:
            data = picture.printed_png() if form == "png" else picture.pdf()
            with whole_file(folder / f"{picture.name}.{form}") as temporary:
                temporary.write_bytes(data)
            captions += [f"## {picture.name}.{form}", "", picture.caption, ""]
            captions += [f"In words: {picture.alternative}", ""]
        with whole_file(folder / CAPTIONS) as temporary:
            temporary.write_text("\n".join(captions), encoding="utf-8")
    except OSError as error:
        why = f"the figures cannot be written there ({error.strerror})"
        raise Refused.because(str(folder), why, "Name another folder with -o") from error


def _tell(
    folder: Path,
    evidence: Evidence,
    drawn: Mapping[str, Sequence[Picture]],
    kinds: Mapping[str, FigureKind],
    titles: Sequence[str],
) -> None:
    console = Console()
    count = sum(map(len, drawn.values()))
    print_paragraph(console, f"wrote {counted(count, 'figure')} and {CAPTIONS} to {folder}")
    for name, pictures in drawn.items():
        if pictures:
            print_paragraph(console, f"{name}: {counted(len(pictures), 'figure')}", 2)
    for name, pictures in drawn.items():
        if not pictures:
            print_paragraph(console, f"not drawn: {name}; it needs {kinds[name].needs}", 2, "dim")
    left = len(evidence.matrices) - len(main_matrices(evidence.matrices))
    if left and not titles:
        others = counted(left, "matrix is", "matrices are")
        print_paragraph(
            console,
            f"{others} degraded or of other epochs: --matrix TEXT draws those with TEXT in "
            "their title",
            2,
            "dim",
        )
