"""`crossgen audit`: the images of an experiment or of some folders, audited, shown and stored."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from data.image_files import ImageChanged
from data.operations import PipelineError, parse
from data.pools import Pool
from grid.checks.auditing import EqualisesOf, audit, everything_in
from grid.checks.bias import Comparison, compared
from grid.console import Console
from grid.expansion.equalising import Equalising
from grid.expansion.expand import expand
from grid.experiment_file.loading import load_experiment
from grid.experiment_file.schema import DatasetSpec, Experiment
from grid.plan.known_failures import known_undecodable
from grid.records.audits.audit_records import AuditRecord, write_audit
from grid.records.audits.audit_words import telling
from grid.refusal import Problems, Refused
from grid.sources.catalog import Catalog, open_catalog
from grid.sources.roots import aliases
from grid.store.base import Store
from launch.command_lines import command_line, print_hint
from launch.desk import store_of
from launch.given_folders import checked_folders
from launch.show_audit import print_audit
from launch.waiting import images_read, waiting

Say = Callable[[str], None]


@dataclass(frozen=True)
class _Audited:
    """What is to be audited, and where the result is kept."""

    name: str
    catalog: Catalog
    comparisons: tuple[Comparison, ...]
    equalises: tuple[str, ...]
    """As the file or the option says them."""
    store: Store


def run_audit(
    places: Sequence[Path],
    *,
    store: str | None,
    equalise: str | None,
    sample: int,
    near: bool,
    every: bool,
    layout: str | None,
    rehash: bool,
) -> None:
    """Audit one experiment file, or some folders; see the command.

    Raises:
        Refused: the file or a folder cannot be used, or an image cannot be read just now.
        StoreError: the store cannot be opened or written.
    """
    if any(place.is_file() for place in places) and len(places) > 1:
        raise click.UsageError("Give one experiment file, or one folder or more, not both.")
    if layout is not None and places[0].is_file():
        raise click.UsageError("--layout is of folders; an experiment file states its own.")
    with waiting("reading") as say:
        what = (
            _of_file(places[0], store, equalise, rehash, say)
            if places[0].is_file()
            else _of_folders(places, store, equalise, layout, rehash, say)
        )
        what.store.check_writable()
        record = _record(what, sample, near, say)
    write_audit(what.store, record)
    print_audit(record, what.store.url, every=every)
    console = Console()
    words = [*places, *(["--layout", layout] if layout else [])]
    if what.equalises == ("none",) and any(map(telling, record["comparisons"])):
        command = command_line("audit", *words, "--equalise", "match")
        print_hint(console, "what `equalise: match` would leave of it", command)
    if not places[0].is_file() and record["comparisons"]:
        print_hint(console, "next", command_line("init", *words, "-o", "experiment.yaml"))


def _record(what: _Audited, sample: int, near: bool, say: Say) -> AuditRecord:
    problems = Problems()
    try:
        record = audit(
            what.name,
            what.catalog,
            what.comparisons,
            sample=sample,
            equalises_of=_equalises_of(what, problems),
            near=near,
            say=say,
        )
    except (ImageChanged, PipelineError) as error:
        raise Refused.because("audit", str(error).rstrip("."), "Then audit again") from error
    except OSError as error:
        why = f"{error.filename or 'a file'} cannot be read ({error.strerror or error})"
        raise Refused.because("audit", why, "Check its permissions and its disk") from error
    problems.raise_if_any()
    return record


def _equalises_of(what: _Audited, problems: Problems) -> EqualisesOf:
    """The equalises of each comparison, as `plan` forms them; what cannot be matched is noted."""
    equalising = Equalising(what.catalog, problems)

    def equalises_of(comparison: str, pools: Sequence[Pool]) -> list[str]:
        found = [equalising.of_pools(asked, comparison, pools) for asked in what.equalises]
        return [text for text in found if text is not None]

    return equalises_of


def _of_file(
    file: Path, store: str | None, equalise: str | None, rehash: bool, say: Say
) -> _Audited:
    """What an experiment compares. What it refuses or accepts is no reason not to look at it."""
    experiment = load_experiment(file)
    opened = store_of(store, experiment.store, base=file.resolve().parent)
    leaves_out = experiment.unreadable == "leave_out"
    known = known_undecodable(opened, experiment.name) if leaves_out else None
    problems = Problems()
    catalog = _catalog(experiment.data, experiment.limit, known, rehash, problems, say)
    lenient = {"equalise": "none", "unreadable": "null_score", "leakage": "exclude"}
    arms = tuple(arm.model_copy(update={"equalise": ()}) for arm in experiment.arms)
    expansion = expand(experiment.model_copy(update={**lenient, "arms": arms}), catalog, problems)
    problems.raise_if_any()
    return _Audited(
        name=experiment.name,
        catalog=catalog,
        comparisons=tuple(compared(expansion)),
        equalises=(_canonical(equalise),) if equalise else _asked_by(experiment),
        store=opened,
    )


def _asked_by(experiment: Experiment) -> tuple[str, ...]:
    """Every equalise that arms ask for, each once, in the order of the file."""
    of_file = (experiment.equalise or "none",)
    return tuple(dict.fromkeys(a for arm in experiment.arms for a in arm.equalise or of_file))


def _of_folders(
    folders: Sequence[Path],
    store: str | None,
    equalise: str | None,
    layout: str | None,
    rehash: bool,
    say: Say,
) -> _Audited:
    options = [
        *(["--layout", layout] if layout else []),
        *(["--store", store] if store else []),
        *(["--equalise", equalise] if equalise else []),
    ]
    roots = checked_folders(folders, layout, lambda roots: command_line("audit", *roots, *options))
    problems = Problems()
    specs = {alias: DatasetSpec(root=root, layout=layout) for root, alias in aliases(roots).items()}
    catalog = _catalog(specs, None, None, rehash, problems, say)
    return _Audited(
        name=", ".join(specs),
        catalog=catalog,
        comparisons=tuple(everything_in(catalog)),
        equalises=(_canonical(equalise) if equalise else "none",),
        store=store_of(store),
    )


def _catalog(
    data: dict[str, DatasetSpec],
    limit: int | None,
    left_out: Collection[str] | None,
    rehash: bool,
    problems: Problems,
    say: Say,
) -> Catalog:
    catalog = open_catalog(
        data,
        image_limit=limit,
        problems=problems,
        rehash=rehash,
        unreadable="null_score",
        left_out=left_out,
        progress=lambda done, total: say(images_read(done, total)),
    )
    problems.raise_if_any()
    return catalog


def _canonical(equalise: str) -> str:
    try:
        return parse(equalise, "equalise").canonical
    except PipelineError as error:
        why = str(error).rstrip(".")
        raise Refused.because(f"--equalise {equalise!r}", why, "Correct it") from error
