"""`crossgen submit ray`: pack, check, hand over, follow."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from data.counts import counted
from grid.console import Console
from grid.experiment_file.yaml_reading import read_value
from grid.packages import packages_root
from grid.refusal import Refused
from grid.run.exit_codes import EXIT_DONE
from grid.trial.fit.provenance import code_version
from launch.invocation import Invocation
from launch.lock_file import lock_file
from launch.notes import print_note
from launch.ray_job.job_environment import STOP_SETTINGS, asked_variables, without_values
from launch.ray_job.job_request import JobRequest, job_request
from launch.ray_job.locked_packages import locked_packages
from launch.ray_job.travelling import FOLDER, Travelling, pack
from launch.ray_job.upload import upload_folder
from launch.run_words import read_run_words
from launch.submitted import VARIABLE, Submitted
from launch.submitted_store import submitted_store
from launch.waiting import images_read, waiting


def submit_ray(
    file: Path,
    words: Sequence[str],
    invocation: Invocation,
    *,
    store: str | None,
    address: str | None,
    variables: Sequence[str],
    install: bool,
    image: str | None,
    wait: bool,
    check: bool,
    dry_run: bool,
) -> int:
    """Submit an experiment and return the exit code; see `launch.commands.submit.ray`.

    Raises:
        Refused: before anything is submitted.
    """
    from launch.job_following import follow_to_its_end, say_how_to_go_on
    from launch.ray_job.job_client import connect, dashboard_address, running_jobs, submit

    if install and image is not None:
        raise _nothing_is_installed_into_an_image()
    place = dashboard_address(address)
    packed, where, env_vars = _packed_here(file, words, store, variables, check=check)
    with ExitStack() as stack:
        folder = None
        size = ""
        if image is None:
            folder, held = stack.enter_context(
                upload_folder(packages_root(), packed.texts, code_version())
            )
            size = f"{held / 1e6:.1f} MB"
        request = job_request(
            experiment=packed.name,
            file=f"{FOLDER}/{packed.file}" if image is None else str(file.resolve()),
            store=where,
            words=words,
            env_vars={**env_vars, VARIABLE: _told(file, packed, invocation, image).as_text()},
            packages=locked_packages(lock_file()) if install else (),
            working_dir=None if folder is None else str(folder),
            image=image,
        )
        _say_request(request, packed, size)
        if dry_run:
            return EXIT_DONE
        client = connect(place)
        _say_others(running_jobs(client, place, request), place)
        with waiting(f"submitting to {place}"):
            job = submit(client, request, place)
    console = Console(stderr=True)
    console.print(f"submitted {job}", highlight=False, markup=False, soft_wrap=True)
    if not wait:
        say_how_to_go_on(console, job, place)
        return EXIT_DONE
    return follow_to_its_end(client, job, place, without_values(invocation.same_command))


def _nothing_is_installed_into_an_image() -> Refused:
    return Refused.because(
        "--image with --packages lock",
        "Ray installs nothing into an image",
        "Have the image hold crossgen's packages, and leave out --packages",
    )


def _packed_here(
    file: Path, words: Sequence[str], store: str | None, variables: Sequence[str], *, check: bool
) -> tuple[Travelling, str | None, dict[str, str]]:
    """Return what travels, the store's address as far as it is known, and the job's variables."""
    given = read_run_words(file, words)
    changes = {key: read_value(value, f"--set {key}={value}") for key, value in given["changes"]}
    asked = asked_variables(variables, os.environ)
    environment = {**os.environ, **asked}
    packed = pack(file, changes, environment)
    where = submitted_store(store, packed.store, environment)
    used = {name: environment[name] for name in packed.variables if name in environment}
    # Where the job's variables are others than ours, or only the cluster's, so are the images.
    if check and all(used.get(name) == os.environ.get(name, "") for name in packed.variables):
        check_data_here(file, packed, changes, given)
    return packed, where, {**used, **asked}


def check_data_here(
    file: Path, packed: Travelling, changes: Mapping[str, Any], given: Mapping[str, Any]
) -> None:
    """Refuse what the plan would refuse, where all images are visible here.

    What is refused in a queue an hour later is refused at once; where the images are not visible,
    it is the job's to say.
    """
    if not packed.roots or not all(root.is_dir() for root in packed.roots):
        return
    from grid.experiment_file.loading import load_experiment
    from grid.plan.plan import prepare

    limit = {} if given["limit"] is None else {"limit": given["limit"]}
    with waiting(f"reading {file}") as say:
        prepare(
            load_experiment(file, {**changes, **limit}),
            only=[*given["only"], *(("fit", fit) for fit in given["trials"])],
            trust_index=given["trust_index"],
            progress=lambda done, total: say(images_read(done, total)),
        )


def _told(file: Path, packed: Travelling, invocation: Invocation, image: str | None) -> Submitted:
    places = packed.places if image is None else ()
    again = without_values(invocation.same_command)
    return Submitted(command=again, file=str(file), places=places)


def _say_request(request: JobRequest, packed: Travelling, size: str) -> None:
    """Say what goes where, on stderr: stdout is the run's. Of variables the names alone."""
    console = Console(stderr=True)
    env = request.runtime_env
    rows = [("runs", request.entrypoint.removeprefix("exec "))]
    if size:
        beside = [name for name in sorted(packed.texts) if name != packed.file]
        rows.append(("uploads", ", ".join([f"crossgen and {packed.file}", *beside]) + f" ({size})"))
    else:
        rows.append(("in image", env["image_uri"]))
    names = sorted(set(env["env_vars"]) - {*STOP_SETTINGS, VARIABLE})
    rows.append(("variables", ", ".join(names) or "none"))
    if "uv" in env:
        rows.append(("installs", counted(len(env["uv"]["packages"]), "package")))
    _print_rows(console, rows)
    if unset := [name for name in packed.variables if name not in env["env_vars"]]:
        print_note(
            f"{', '.join(unset)}: the file uses what is not set here, so the cluster must set it "
            "(or give --env NAME=VALUE)"
        )
    store = request.metadata.get("crossgen_store", "")
    key = "AWS_ACCESS_KEY_ID"
    if store.startswith("s3://") and key in os.environ and key not in env["env_vars"]:
        print_note(
            "the cluster must have its own credentials for S3; --env 'AWS_*' gives it those that "
            "are set here"
        )


def _print_rows(console: Console, rows: Sequence[tuple[str, str]]) -> None:
    """Print names with what they say: in two columns on a terminal, elsewhere a line each."""
    if not console.is_terminal:
        for name, text in rows:
            line = f"{name:<10} {text}"
            console.print(line, soft_wrap=True, highlight=False, markup=False)
        return
    table = Table.grid(padding=(0, 2))
    for name, text in rows:
        table.add_row(name, Text(text, overflow="fold"))
    console.print(table, highlight=False)


def _say_others(jobs: Sequence[str], address: str) -> None:
    if jobs:
        print_note(
            f"{', '.join(jobs)} at {address} runs the same experiment into the same store. Both "
            "may run: the first commit of a fit wins, but work is done twice"
        )
