"""`crossgen index`: roots read into the index, each summed up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from data.collection_summary import CollectionSummary, summary_of
from data.counts import counted
from data.index import index_root
from data.index_cache import merge_shards, relocate
from data.inventory import Comparison, compare
from data.layouts import RootTooHigh, UnknownLayout
from data.manifest import Manifest
from grid.cache_folder import default_cache_dir
from grid.console import Console
from grid.experiment_file.loading import load_experiment
from grid.experiment_file.schema import DatasetSpec
from grid.refusal import Problems, Refused
from grid.run.exit_codes import EXIT_DONE, EXIT_FAILED
from grid.sources.roots import unknown_folder, without_images
from launch.command_lines import command_line, print_hint
from launch.index_files import check_writable, print_json, write_manifests, write_problems
from launch.paragraphs import print_paragraph
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


@dataclass(frozen=True, kw_only=True)
class IndexOptions:
    """What is asked of an index.

    Attributes:
        layout: of all roots; None detects it, or takes what the experiment states.
        rehash: read every file again.
        decode: decode every image once.
        threads: files that are read at a time; None for as many as suit this machine.
        shard: read one part of each root only, as (number, of).
        merge: cache folders with the parts that other machines have read.
        moved: old and new place of roots that were moved.
        problems: a CSV file for all files that cannot be used.
        write: a Parquet file for the rows of all manifests.
        as_json: print the summary as JSON, nothing else.
    """

    layout: str | None = None
    rehash: bool = False
    decode: bool = False
    threads: int | None = None
    shard: tuple[int, int] | None = None
    merge: tuple[Path, ...] = ()
    moved: tuple[tuple[Path, Path], ...] = ()
    problems: Path | None = None
    write: Path | None = None
    as_json: bool = False


def index_roots(given: Sequence[Path], options: IndexOptions) -> int:
    """Index roots and say what was found; return the exit code.

    Args:
        given: roots of collections, or experiment files whose roots are meant.
        options: see there.

    Raises:
        Refused: a root is no collection; what was found of the others is shown before.
    """
    check_writable(options.problems, options.write)
    console = Console(stderr=options.as_json)
    specs = _specs([*given, *(new for _, new in options.moved)], options.layout)
    for old, new in options.moved:
        taken = relocate(default_cache_dir(), old, new)
        print_paragraph(console, f"{counted(taken, 'file')} of {old} taken over unread at {new}")
    refused = Problems()
    found: list[Indexed] = []
    for spec in specs:
        manifest = _manifest(spec, options, refused)
        if manifest is None:
            continue
        is_whole = manifest.shard is None
        found.append(Indexed(manifest, summary_of(manifest), compare(manifest) if is_whole else []))
        if not options.as_json:
            print_collection(console, found[-1], options.problems)
        if is_whole and not manifest.table.num_rows:
            refused.extend([without_images(str(manifest.root), manifest)])
    if options.as_json:
        print_json(found)
    if options.problems is not None:
        write_problems(options.problems, found)
        files = sum(len(each.manifest.problems) for each in found)
        say = f"wrote {options.problems}: {counted(files, 'file')} that cannot be used"
        print_paragraph(console, say)
    if options.write is not None:
        write_manifests(options.write, found)
        rows = sum(each.summary.images for each in found)
        print_paragraph(console, f"wrote {options.write}: {counted(rows, 'image')}")
    refused.raise_if_any()
    _print_next(console, found, given, options)
    return EXIT_DONE if all(each.is_sound for each in found) else EXIT_FAILED


def _print_next(
    console: Console, found: Sequence[Indexed], given: Sequence[Path], options: IndexOptions
) -> None:
    """Name the next command: folders are audited before an experiment is made of them."""
    are_parts_or_files = options.shard or any(path.is_file() for path in given)
    if options.as_json or are_parts_or_files or any(each.summary.conflicts for each in found):
        return
    roots = [*given, *(new for _, new in options.moved)]
    layout = ["--layout", options.layout] if options.layout else []
    print_hint(console, "next", command_line("audit", *roots, *layout))


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


def _manifest(spec: DatasetSpec, options: IndexOptions, refused: Problems) -> Manifest | None:
    """Index one root; None, with a problem noted, where it is no collection."""
    if not spec.root.is_dir():
        why = "it is a file" if spec.root.exists() else "there is no such folder"
        refused.add(str(spec.root), why, "Give the folder of a collection of images")
        return None
    cache_dir = default_cache_dir()
    with waiting(f"listing {spec.root}") as say:
        try:
            if options.merge:
                merge_shards([*options.merge, cache_dir], spec.root, cache_dir)
            return index_root(
                spec.root,
                spec.layout,
                cache_dir,
                rehash=options.rehash,
                threads=options.threads,
                progress=lambda done, total: say(images_read(done, total)),
                shard=options.shard,
                decode=options.decode,
            )
        except UnknownLayout as error:
            roots = error.roots if isinstance(error, RootTooHigh) else ()
            refused.extend([unknown_folder(error, command_line("index", *roots))])
        except Refused as error:
            refused.extend(error.problems)
        except OSError as error:
            why = f"{error.filename or spec.root} cannot be listed ({error.strerror})"
            refused.add(str(spec.root), why, "Check its permissions and its disk, then run again")
    return None
