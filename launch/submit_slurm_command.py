"""`crossgen submit slurm`: plan, write the script, hand it to sbatch, say what comes next."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from grid.console import Console
from grid.plan.known_failures import refuse_known_failures
from grid.refusal import Refused
from grid.run.exit_codes import EXIT_DONE, EXIT_FAILED
from launch.command_lines import command_line, print_hint
from launch.desk import Desk, open_desk
from launch.run_words import read_run_words
from launch.show_plan import print_plan
from launch.slurm.job_script import job_script
from launch.slurm.slurm_job import SlurmJob, Tasks
from launch.slurm.submission import DEFAULT_MAX_ARRAY_SIZE, chunks, max_array_size, submit_script

_NARROWING = ("only", "changes", "limit", "rehash", "trust_index")
_ARRAY = re.compile(r"(\d+)(?:%(\d+))?")


def submit_slurm(
    file: Path,
    words: Sequence[str],
    *,
    store: str | None,
    dry_run: bool,
    array: str | None,
    stage: bool,
    no_requeue: bool,
    logs: Path,
    venv: Path | None,
    name: str | None,
    **stated: Any,
) -> int:
    """Submit an experiment, or print what would be; return the exit code.

    Args:
        file: the experiment.
        words: options of `crossgen run`.
        store: where results are kept.
        dry_run: print the script instead.
        array: "N" or "N%M", of tasks.
        stage: copy images to the nodes first.
        no_requeue: a dependent job goes on instead.
        logs: folder of script and output.
        venv: environment, else that of this process.
        name: of the job, else the experiment's.
        stated: further fields of a `SlurmJob`.

    Raises:
        Refused: what a plan or a run of this file refuses, or what no script can say.
    """
    given = read_run_words(file, words)
    desk = open_desk(
        file, store=store, fits=given["trials"], **{key: given[key] for key in _NARROWING}
    )
    refuse_known_failures(desk.plan, desk.store)
    if not desk.plan.missing:
        print_plan(desk)
        return EXIT_FAILED if desk.plan.damage else EXIT_DONE
    what = [str(file.resolve()), "--store", desk.store.url]
    folder = Path(os.path.abspath(logs))  # noqa: PTH100 - `resolve` would follow links of a home
    environment = {} if stated["container"] else _environment(venv, stated["conda"])
    jobs = [
        SlurmJob(
            arguments=(*what, *words),
            name=name or desk.plan.expansion.experiment.name,
            requeue=not no_requeue,
            tasks=tasks,
            stage=(*what, *_data_words(given)) if stage else (),
            logs=str(folder),
            **{**stated, **environment},
        )
        for tasks in _arrays(array)
    ]
    if array is not None and stated["cpus"] is None:
        click.echo(
            "each task takes a whole node; --cpus N and --memory SIZE give it a part of one",
            err=True,
        )
    if dry_run:
        _print_scripts(jobs)
    else:
        _submit(desk, jobs, folder)
    return EXIT_DONE


def _print_scripts(jobs: Sequence[SlurmJob]) -> None:
    """Print the first; those of other parts of an array differ in their tasks alone."""
    scripts = [job_script(job) for job in jobs]
    click.echo(scripts[0], nl=False)
    if len(scripts) > 1:
        click.echo(f"... and {len(scripts) - 1} more for the other tasks", err=True)


def _submit(desk: Desk, jobs: Sequence[SlurmJob], folder: Path) -> None:
    """Write every script, hand it to sbatch and say what comes next; all or none are valid."""
    scripts = [job_script(job) for job in jobs]
    folder.mkdir(parents=True, exist_ok=True)
    for job, script in zip(jobs, scripts, strict=True):
        path = _written(folder, job.name, script)
        _say_submitted(desk, job, submit_script(path), path)


def _data_words(given: Mapping[str, Any]) -> list[str]:
    """The options that say which images a run reads."""
    words = [word for key, value in given["only"] for word in ("--only", f"{key}={value}")]
    words += [word for key, value in given["changes"] for word in ("--set", f"{key}={value}")]
    return words if given["limit"] is None else [*words, "--limit", str(given["limit"])]


def _environment(venv: Path | None, conda: str | None) -> dict[str, str | None]:
    """The environment of the job: the one that is named, else the one of this process."""
    if venv is not None or conda is not None:
        return {"venv": None if venv is None else str(venv.absolute()), "conda": conda}
    if sys.prefix == os.environ.get("CONDA_PREFIX"):
        return {"conda": sys.prefix}
    return {"venv": sys.prefix} if sys.prefix != sys.base_prefix else {}


def _arrays(array: str | None) -> list[Tasks | None]:
    if array is None:
        return [None]
    found = _ARRAY.fullmatch(array)
    if not found or not int(found[1]) or found[2] == "0":
        raise Refused.because(f"--array {array}", "it is no number of tasks", "Write 40, or 40%8")
    largest = max_array_size()
    if largest is None:
        largest = DEFAULT_MAX_ARRAY_SIZE
        click.echo(f"no Slurm answers; MaxArraySize is taken to be {largest}", err=True)
    at_once = int(found[2]) if found[2] else None
    return list(chunks(int(found[1]), at_once, largest))


def _written(folder: Path, name: str, script: str) -> Path:
    """Write a script under a name of its own; an earlier one is kept as it was submitted."""
    number = 1
    while True:
        path = folder / f"{name}-{number}.sbatch"
        try:
            with path.open("x", encoding="utf-8", errors="surrogateescape") as out:
                out.write(script)
            return path
        except FileExistsError:
            number += 1


def _say_submitted(desk: Desk, job: SlurmJob, number: str, script: Path) -> None:
    console = Console()
    of_array = ""
    if job.tasks:
        of_array = f", tasks {job.tasks.first} to {job.tasks.first + job.tasks.count - 1}"
    console.print(
        f"submitted {number}{of_array}: {script}",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    log = f"{job.logs}/crossgen-{number}{'_*' if job.tasks else ''}.out"
    print_hint(console, "its log, once it runs", f"tail -F {log}")
    print_hint(console, "how far it is", desk.given.command("status"))
    print_hint(console, "to stop it; the same submission goes on", command_line("stop", number))
