"""What most commands begin with: file, data, store and plan, laid out on one desk."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from data.staged_images import staged_folder
from grid.experiment_file.loading import load_experiment
from grid.experiment_file.schema import Experiment
from grid.experiment_file.yaml_reading import read_value
from grid.plan.known_failures import known_undecodable
from grid.plan.plan import Plan, make_plan, prepare
from grid.refusal import Refused
from grid.store.base import Store
from grid.store.opening import inside_ray_job, open_store
from grid.trial.node_images import decoded_bound, decoded_folder
from launch.command_lines import Given, Pairs
from launch.submitted import submitted
from launch.waiting import images_read, waiting


@dataclass(frozen=True)
class Desk:
    """An experiment, held against a store."""

    given: Given
    store: Store
    plan: Plan


def open_desk(
    file: Path,
    *,
    store: str | None = None,
    only: Sequence[tuple[str, str]] = (),
    changes: Sequence[tuple[str, str]] = (),
    limit: int | None = None,
    rehash: bool = False,
    trust_index: bool = False,
    fits: Sequence[str] = (),
) -> Desk:
    """Read the file, index the data, expand, look into the store, and plan.

    Raises:
        Refused: with every problem of file and data.
        StoreError: the store cannot be opened.
    """
    decoded_bound(decoded_folder())  # refused here rather than by every trial
    staged_folder()
    job = submitted()
    moved = (*changes, *job.places) if job else changes
    wanted = {key: read_value(value, f"--set {key}={value}") for key, value in moved}
    if limit is not None:
        wanted["limit"] = limit
    given = Given(
        file=Path(job.file) if job else file,
        store=store,
        only=[*only, *(("fit", f) for f in fits)],
        changes=changes,
        limit=limit,
    )
    with waiting(f"reading {file}") as say:
        experiment = load_experiment(file, wanted)
        opened = store_of(store, experiment.store, base=file.resolve().parent)
        plan = planned(
            experiment,
            opened,
            only=given.only,
            rehash=rehash,
            trust_index=trust_index,
            say=say,
        )
    in_file = opened.url if experiment.store is not None else None
    return Desk(replace(given, store_in_file=in_file), opened, plan)


def planned(
    experiment: Experiment,
    store: Store,
    *,
    only: Pairs = (),
    rehash: bool = False,
    trust_index: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Plan:
    """Index an experiment's data, expand it and hold it against a store.

    Args:
        experiment: validated, with absolute roots.
        store: where results are kept.
        only: (key, value) pairs that narrow it.
        rehash: read every image file again.
        trust_index: take the images as they were last indexed.
        say: told what is being done.

    Raises:
        Refused: with every problem of the data.
    """
    if rehash and trust_index:
        raise Refused.because(
            "--rehash with --trust-index",
            "one reads every image again, the other looks at none",
            "Leave out one of them",
        )
    leaves_out = experiment.unreadable == "leave_out"
    expansion = prepare(
        experiment,
        only=only,
        rehash=rehash,
        trust_index=trust_index,
        known_undecodable=known_undecodable(store, experiment.name) if leaves_out else (),
        progress=lambda done, total: say(images_read(done, total)),
    )
    say(f"looking into the store {store.url}")
    return make_plan(expansion, store)


def store_of(option: str | None, in_file: str | None = None, base: Path | None = None) -> Store:
    """Open the store that is meant: --store, else the file's, else CROSSGEN_STORE, else ./runs.

    A relative path in the file is relative to the file, elsewhere to the working directory.
    """
    if option is None and in_file is not None:
        if "://" in in_file or Path(in_file).expanduser().is_absolute() or base is None:
            return open_store(in_file)
        # Inside a Ray job the file itself may lie in the disposable copy: open_store refuses.
        return open_store(in_file if inside_ray_job() else base / in_file)
    return open_store(option or os.environ.get("CROSSGEN_STORE") or "runs")
