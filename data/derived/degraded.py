"""A collection degraded once and written as files, so that it can be shared or trained on.

    <out>/<path of the source's image>[.png]

Each image is that of the source's `View`, drawn by the source's image_id: to score the derived
dataset gives what scoring the source under the degradation gives. Running again completes exactly
what is missing.
"""

import importlib.metadata
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from data.decode import decode
from data.derived.derived_folder import COLUMNS, UNFINISHED, carry_marks, claim, write_table
from data.derived.image_threads import Progress, in_threads
from data.derived.kept_layout import require_kept_layout
from data.derived.marked_png import ForeignFile, mark_of, png_bytes, put, read_if_there
from data.file_problems import FileProblem
from data.folder_walk import files_below
from data.image_files import ImageChanged, UnreadableImage
from data.image_ids import image_id_of
from data.manifest import Manifest
from data.pipelines import Image, PipelineError
from data.refusals import Refused
from data.view import View


@dataclass(frozen=True)
class DegradedDataset:
    """What was done: every file of the source is written, was there before, or a problem."""

    written: int
    there: int
    problems: list[FileProblem]
    """Files of the source without a derived image."""
    strangers: list[str]
    """Images in the folder that no image of the source stands for; an index reads them too."""


def derived_path(path: str) -> str:
    """Where the image of a source's path lies: PNG by name, the whole old name kept."""
    return path if path.lower().endswith(".png") else f"{path}.png"


def write_degraded(
    source: Manifest,
    out: Path,
    view: View,
    threads: int = 4,
    progress: Progress | None = None,
) -> DegradedDataset:
    """Write each image of a collection, degraded, as PNG in the same folders.

    Args:
        source: the collection.
        out: new, empty, or begun before with the same degradation.
        view: its degradation; it has no geometry and no equalisation.
        threads: that work at the same time; each holds one image.
        progress: called with (images done, images).

    Raises:
        Refused: the folder or the view cannot be taken, or two images would have one place.
        OSError: the folder cannot be written to.
    """
    _require_native(view)
    paths = [derived_path(path) for path in source.table["path"].to_pylist()]
    _require_places(source, paths, out)
    made_by = {"degradation": view.degradation.canonical, "versions": view.versions}
    told = {
        **made_by,
        "made_by": "crossgen degrade",
        "crossgen": importlib.metadata.version("crossgen"),
        "source": str(source.root),
        "layout": source.layout,
    }
    require_kept_layout(source, paths, out)
    claim(out, source.root, made_by, told)
    carry_marks(source.root, out, sorted({p.partition("/")[0] for p in paths if "/" in p}), told)
    unfinished = out / UNFINISHED
    unfinished.mkdir(exist_ok=True)
    for folder in {(out / path).parent for path in paths}:
        folder.mkdir(parents=True, exist_ok=True)
    worker = _Worker(source, out, view, made_by, paths)
    outcomes = in_threads(worker, len(paths), threads, progress)
    write_table(out, _table(source, paths, outcomes), told)
    shutil.rmtree(unfinished, ignore_errors=True)
    strangers = set(files_below(out, "", Counter())) - set(paths)
    return DegradedDataset(
        sum(each.is_new for each in outcomes),
        sum(not each.is_new and not each.problem for each in outcomes),
        _problems(source, outcomes),
        sorted(strangers),
    )


def _problems(source: Manifest, outcomes: list["_Outcome"]) -> list[FileProblem]:
    """The files of the source without an image, each once.

    An index that decoded knows of rows with broken pixels: these are told as they were met here.
    """
    rows = source.table["path"].to_pylist()
    met = {p: o.problem for p, o in zip(rows, outcomes, strict=True)}
    no_rows = [each for each in source.problems if each.path not in met]
    return [*no_rows, *(FileProblem(path, why) for path, why in met.items() if why)]


class _Outcome(NamedTuple):
    """What became of one image of the source."""

    image_id: str  # of the derived image; "" where there is none
    problem: str  # why there is none, else ""
    is_new: bool  # its file was written just now


@dataclass(frozen=True)
class _Worker:
    """Makes the image of one row at a time."""

    source: Manifest
    out: Path
    view: View
    made_by: dict[str, Any]
    paths: list[str]

    def __call__(self, index: int) -> _Outcome:
        [row] = self.source.table.slice(index, 1).to_pylist()
        path = self.out / self.paths[index]
        mark = mark_of(row["image_id"], self.made_by)
        try:
            if (there := read_if_there(path, mark)) is not None:
                return _Outcome(image_id_of(there), "", False)
            content = png_bytes(self._degraded(row), mark)
            if not put(content, path, self.out / UNFINISHED):  # another run was faster
                return _Outcome(image_id_of(read_if_there(path, mark) or b""), "", False)
        except (ForeignFile, _NoImage) as error:
            return _Outcome("", str(error), False)
        return _Outcome(image_id_of(content), "", True)

    def _degraded(self, row: dict[str, Any]) -> Image:
        try:
            image_HWC = decode(self.source.root / row["path"], row["image_id"])
            return self.view(image_HWC, row["image_id"], row["label"])
        except UnreadableImage as error:
            raise _NoImage(error.reason) from error
        except ImageChanged as error:
            raise _NoImage(f"changed since it was indexed, holds {error.found} now") from error
        except PipelineError as error:
            raise _NoImage(str(error)) from error
        except OSError as error:
            raise _NoImage(f"cannot be read just now ({error.strerror})") from error


class _NoImage(ValueError):
    """A source's file of which no image can be made, and why."""


def _table(source: Manifest, paths: list[str], outcomes: list[_Outcome]) -> pa.Table:
    """A row per file of the source, by its path."""
    unused = source.problems
    columns = {
        "path": [
            *(path if each.image_id else "" for path, each in zip(paths, outcomes, strict=True)),
            *([""] * len(unused)),
        ],
        "image_id": [*(each.image_id for each in outcomes), *([""] * len(unused))],
        "source_path": [*source.table["path"].to_pylist(), *(each.path for each in unused)],
        "source_image_id": [*source.table["image_id"].to_pylist(), *([""] * len(unused))],
        "problem": [*(each.problem for each in outcomes), *(each.reason for each in unused)],
    }
    return pa.Table.from_pydict(columns, schema=COLUMNS).sort_by("source_path")


def _require_native(view: View) -> None:
    if view.at_input.operations:
        raise Refused.because(
            view.degradation.canonical,
            "what stands behind 'input' acts on a detector's input, and files have none",
            "Leave 'input' out, or test under this degradation instead",
        )


def _require_places(source: Manifest, paths: list[str], out: Path) -> None:
    if not paths:
        why = "no image in it can be used"
        raise Refused.because(str(source.root), why, "See `crossgen index` for why")
    twice = [path for path, count in Counter(paths).items() if count > 1]
    if twice:
        why = f"two images of {source.root} would both become {twice[0]}"
        raise Refused.because(str(out), why, "Rename one of them in the source")
