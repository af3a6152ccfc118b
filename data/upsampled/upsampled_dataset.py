"""Photographs and their fakes as a collection: files, and a list that says what each is.

<out>/images.csv                                        last: the layout `table` reads it
<out>/real/<2 digits>/<image_id>.jpg                    the photograph's own bytes
<out>/upsampled_<name>/<2 digits>/<image_id>.<own id>.jpg
"""

import csv
import importlib.metadata
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from data.derived.derived_folder import COLUMNS, UNFINISHED, claim, mark_simulated, write_table
from data.derived.image_threads import Progress, in_threads
from data.file_problems import FileProblem
from data.manifest import Manifest
from data.refusals import Refused
from data.upsampled.photograph_files import (
    PhotographFiles,
    PhotographWriter,
    fakes_there,
    generator_name,
)
from data.upsampled.photographs import SPLITS, Photographs, photographs_of
from data.upsampled.traces import TRACES_VERSION, UPSAMPLERS

LIST = "images.csv"
_HEADER = ("path", "label", "generator", "split", "class", "pair", "real_set")


@dataclass(frozen=True, kw_only=True)
class Simulation:
    """What is asked for; another one needs another folder."""

    upsamplers: Sequence[str] = tuple(UPSAMPLERS)
    seed: int = 0
    splits: Sequence[str] = SPLITS
    """Of the source, which are taken."""
    as_split: str = ""
    """The split of all images, where it is not to be the source's."""
    images: int | None = None
    """At most so many photographs of each split."""


@dataclass(frozen=True)
class UpsampledDataset:
    """What was done: photographs by what became of them, fakes by when they were written."""

    photographs: dict[str, int]
    """In the list, by split."""
    written: int
    """Fakes written just now."""
    there: int
    """Fakes that were there before."""
    copies: int
    """Photographs of the source left out, since an equal file is in the list."""
    problems: list[FileProblem] = field(default_factory=list)
    """Photographs that are not in the list."""


def write_upsampled(
    source: Manifest,
    out: Path,
    asked: Simulation,
    threads: int = 4,
    progress: Progress | None = None,
) -> UpsampledDataset:
    """Write a collection's photographs and, of each, one fake per up-sampler.

    A photograph of which one fake cannot be made is left out with all of them, and listed.

    Args:
        source: the collection; its fakes are not looked at.
        out: new, empty, or begun before for the same.
        asked: what is made.
        threads: that work at the same time, each on one photograph.
        progress: called with (photographs done, photographs).

    Raises:
        Refused: the folder cannot be taken, or there is no photograph.
        OSError: the folder cannot be written to.
    """
    names = tuple(name for name in UPSAMPLERS if name in set(asked.upsamplers))
    chosen = photographs_of(source, asked.splits, asked.images)
    _require_photographs(source, asked, chosen)
    made_by = {
        "upsamplers": list(names),
        "version": TRACES_VERSION,
        "seed": asked.seed,
        "splits": [split for split in SPLITS if split in asked.splits],
        "as split": asked.as_split,
        "images": asked.images,
        "source": str(source.root),
    }
    told = {
        **made_by,
        "made_by": "crossgen simulate",
        "crossgen": importlib.metadata.version("crossgen"),
        "layout": source.layout,
    }
    claim(out, source.root, made_by, told)
    for folder in ("", *map(generator_name, names)):
        mark_simulated(out / folder, told)
    (out / UNFINISHED).mkdir(exist_ok=True)
    worker = PhotographWriter(
        source.root, out, chosen.table, names, asked.seed, fakes_there(out, names)
    )
    outcomes = in_threads(worker, chosen.table.num_rows, threads, progress)
    columns = chosen.table.to_pydict()
    if asked.as_split:
        columns["split"] = [asked.as_split] * len(outcomes)
    _write_list(out, columns, names, outcomes)
    write_table(out, _table(columns, outcomes), told)
    shutil.rmtree(out / UNFINISHED, ignore_errors=True)
    return _written(chosen, columns, outcomes)


def _written(
    chosen: Photographs, columns: Mapping[str, Sequence[Any]], outcomes: Sequence[PhotographFiles]
) -> UpsampledDataset:
    """What became of all photographs together."""
    listed = [split for split, each in zip(columns["split"], outcomes, strict=True) if each.fakes]
    problems = [
        FileProblem(path, each.problem)
        for path, each in zip(columns["path"], outcomes, strict=True)
        if each.problem
    ]
    return UpsampledDataset(
        {split: listed.count(split) for split in SPLITS if split in listed},
        sum(each.written for each in outcomes),
        sum(len(each.fakes) for each in outcomes) - sum(e.written for e in outcomes if e.fakes),
        chosen.copies,
        [*chosen.problems, *problems],
    )


def _require_photographs(source: Manifest, asked: Simulation, chosen: Photographs) -> None:
    if chosen.table.num_rows:
        return
    why = "it has no real image that can be used"
    if set(asked.splits) != set(SPLITS):
        why += f" in {' and '.join(asked.splits)}"
    mend = "Name a collection with photographs; of a folder of nothing else --layout photographs"
    raise Refused.because(str(source.root), why, mend)


def _write_list(
    out: Path,
    columns: dict[str, list[str]],
    names: Sequence[str],
    outcomes: Sequence[PhotographFiles],
) -> None:
    """Write the list that makes the folder a collection, whole or not at all."""
    temporary = out / UNFINISHED / LIST
    with temporary.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(_HEADER)
        for index, each in enumerate(outcomes):
            if not each.fakes:
                continue
            of = {name: columns[name][index] for name in (*_HEADER[3:], "image_id")}
            # Mates have one pair, so no split, draw or fold ever parts them.
            shared = (of["split"], of["class"], of["pair"] or of["image_id"])
            rows.writerow((each.real, "real", "", *shared, of["real_set"]))
            for name, fake in zip(names, each.fakes, strict=True):
                rows.writerow((fake, "fake", generator_name(name), *shared, ""))
    temporary.replace(out / LIST)


def _table(columns: dict[str, list[str]], outcomes: Sequence[PhotographFiles]) -> Any:
    """A row per photograph: its place here and in the source, or why it is not here."""
    is_here = [bool(each.fakes) for each in outcomes]
    ids = columns["image_id"]
    return pa.Table.from_pydict(
        {
            "path": [e.real if here else "" for e, here in zip(outcomes, is_here, strict=True)],
            "image_id": [i if here else "" for i, here in zip(ids, is_here, strict=True)],
            "source_path": columns["path"],
            "source_image_id": ids,
            "problem": [each.problem for each in outcomes],
        },
        schema=COLUMNS,
    )
