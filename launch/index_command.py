"""`crossgen index`: roots read into the index, each summed up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from data.collection_summary import CollectionSummary, summary_of
from data.index import index_root
from data.inventory import Comparison, compare
from data.layouts import RootTooHigh, UnknownLayout
from data.manifest import Manifest
from grid.cache_folder import default_cache_dir
from grid.console import Console
from grid.experiment_file.loading import load_experiment
from grid.experiment_file.schema import DatasetSpec
from grid.refusal import Problems, Refused
from grid.run.exit_codes import EXIT_DONE, EXIT_FAILED
from grid.sources.roots import unknown_folder
from launch.command_lines import command_line
from launch.index_files import check_writable, print_json, write_manifests, write_problems
from launch.show_index import print_collection
from launch.waiting import images_read, waiting

_EXPERIMENT_FILES = frozenset({".yaml", ".yml"})


@dataclass(frozen=True)
class Indexed:
    """A root as it was found."""

    manifest: Manifest
    summary: CollectionSummary
    comparisons: list[Comparison]

    @property
    def is_sound(self) -> bool:
        """Whether every file can be used, and no image has two labels."""
        return not self.manifest.problems and not self.summary.conflicts


def index_roots(
    given: Sequence[Path],
    *,
    layout: str | None = None,
    rehash: bool = False,
    threads: int | None = None,
    problems: Path | None = None,
    write: Path | None = None,
    as_json: bool = False,
) -> int:
    """Index roots and say what was found; return the exit code.

    Args:
        given: roots of collections, or experiment files whose roots are meant.
        layout: of all of them; None detects it, or takes what the experiment states.
        rehash: read every file again.
        threads: that read files at a time.
        problems: a CSV file for all files that cannot be used.
        write: a Parquet file for the rows of all manifests.
        as_json: print the summary as JSON, nothing else.

    Raises:
        Refused: a root is no collection; what was found of the others is shown before.
    """
    check_writable(problems, write)
    specs = _specs(given, layout)
    refused = Problems()
    found: list[Indexed] = []
    for spec in specs:
        manifest = _manifest(spec, rehash, threads, refused)
        if manifest is None:
            continue
        found.append(Indexed(manifest, summary_of(manifest), compare(manifest)))
        if not as_json:
            print_collection(Console(), found[-1], problems)
    if as_json:
        print_json(found)
    if problems is not None:
        write_problems(problems, found)
    if write is not None:
        write_manifests(write, found)
    refused.raise_if_any()
    return EXIT_DONE if all(each.is_sound for each in found) else EXIT_FAILED


def _specs(given: Sequence[Path], layout: str | None) -> list[DatasetSpec]:
    """Return the roots that are meant, each once."""
    if not given:
        mend = "Give the root of a collection of images, or an experiment file"
        raise Refused.because("crossgen index", "no folder is given", mend)
    found: dict[Path, DatasetSpec] = {}
    for path in given:
        if path.suffix.lower() in _EXPERIMENT_FILES and path.is_file():
            for spec in load_experiment(path).data.values():
                stated = spec if layout is None else spec.model_copy(update={"layout": layout})
                found.setdefault(spec.root, stated)
        else:
            root = path.expanduser().resolve()
            found.setdefault(root, DatasetSpec(root=root, layout=layout))
    return list(found.values())


def _manifest(
    spec: DatasetSpec, rehash: bool, threads: int | None, refused: Problems
) -> Manifest | None:
    """Index one root; None, with a problem noted, where it is no collection."""
    if not spec.root.is_dir():
        why = "it is a file" if spec.root.exists() else "there is no such folder"
        refused.add(str(spec.root), why, "Give the folder of a collection of images")
        return None
    with waiting(f"listing {spec.root}") as say:
        try:
            return index_root(
                spec.root,
                spec.layout,
                default_cache_dir(),
                rehash=rehash,
                progress=lambda done, total: say(images_read(done, total)),
                threads=threads,
            )
        except UnknownLayout as error:
            roots = error.roots if isinstance(error, RootTooHigh) else ()
            refused.extend([unknown_folder(spec.root, error, command_line("index", *roots))])
        except OSError as error:
            why = f"{error.filename or spec.root} cannot be listed ({error.strerror})"
            refused.add(str(spec.root), why, "Check its permissions and its disk, then run again")
    return None
