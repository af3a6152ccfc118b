"""`crossgen submit kuberay`: what is given, checked and written as a manifest."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shlex
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import click

from grid.console import Console
from grid.experiment_file.yaml_reading import read_value
from grid.refusal import Problems
from grid.run.exit_codes import EXIT_DONE
from launch.command_lines import print_hint
from launch.invocation import Invocation
from launch.notes import print_note
from launch.ray_job.job_environment import asked_variables, without_values
from launch.ray_job.job_request import STORE, JobRequest, job_request
from launch.ray_job.kuberay_manifest import (
    EXPERIMENT_FOLDER,
    KubeRayJob,
    Pod,
    Volume,
    job_name,
    manifest,
)
from launch.ray_job.travelling import Travelling, pack
from launch.run_words import read_run_words
from launch.submitted import VARIABLE, Submitted
from launch.submitted_store import submitted_store
from launch.whole_file import whole_file

_MEMORY = re.compile(r"\d+(\.\d+)?(Ki|Mi|Gi|Ti|k|M|G|T)?")


def submit_kuberay(
    file: Path,
    words: Sequence[str],
    invocation: Invocation,
    *,
    store: str | None,
    image: str,
    volumes: Sequence[str],
    workers: int,
    head: Pod,
    worker: Pod,
    variables: Sequence[str],
    secrets: Sequence[str],
    retries: int,
    namespace: str,
    ray_version: str | None,
    output: Path | None,
) -> int:
    """Write the manifest and return the exit code; see `launch.commands.submit.kuberay`.

    Raises:
        Refused: with everything that cannot work there, as far as it can be seen here.
    """
    problems = Problems()
    _check_words(file, words, variables, (head.memory, worker.memory), problems)
    mounted = _volumes(volumes, problems)
    problems.raise_if_any()
    packed, request = _packed(file, words, invocation, store, variables)
    _check_places(packed, request.metadata.get(STORE), mounted)
    job = KubeRayJob(
        experiment=packed.name,
        entrypoint=request.entrypoint,
        texts=packed.texts,
        env_vars=request.runtime_env["env_vars"],
        image=image,
        ray_version=ray_version or importlib.metadata.version("ray"),
        head=head,
        worker=worker,
        workers=workers,
        volumes=mounted,
        secrets=secrets,
        retries=retries,
        namespace=namespace,
    )
    _write(manifest(job), output)
    _say_how(job, output)
    return EXIT_DONE


def _packed(
    file: Path,
    words: Sequence[str],
    invocation: Invocation,
    store: str | None,
    variables: Sequence[str],
) -> tuple[Travelling, JobRequest]:
    """Return what travels, and the job as any Ray would be asked for it."""
    given = read_run_words(file, words)
    changes = {key: read_value(value, f"--set {key}={value}") for key, value in given["changes"]}
    asked = asked_variables(variables, {})
    environment = {**os.environ, **asked}
    packed = pack(file, changes, environment)
    used = {name: environment[name] for name in packed.variables if name in environment}
    again = without_values(invocation.same_command)
    told = Submitted(command=again, file=str(file), places=packed.places)
    request = job_request(
        experiment=packed.name,
        file=f"{EXPERIMENT_FOLDER}/{packed.file}",
        store=submitted_store(store, packed.store, environment),
        words=words,
        env_vars={**used, **asked, VARIABLE: told.as_text()},
    )
    return packed, request


def _check_words(
    file: Path,
    words: Sequence[str],
    variables: Sequence[str],
    sizes: Sequence[str],
    problems: Problems,
) -> None:
    """KubeRay's versions quote the words of an entrypoint unlike: none may need it."""
    for word in (file.name, *words):
        if shlex.quote(word) != word:
            problems.add(
                f"{word!r}",
                "KubeRay's versions pass on such a word differently: it has spaces or quotes",
                "Write the change into the file, and give it a plain name",
            )
    for word in variables:
        if "=" not in word:
            problems.add(
                f"--env {word}",
                "the manifest would show the value that it has here",
                f"Write --env {word}=VALUE, or a secret's name with --env-secret",
            )
    for size in sizes:
        if not _MEMORY.fullmatch(size):
            problems.add(size, "is no amount of memory", "Write it as Kubernetes does: 16Gi")


def _volumes(given: Sequence[str], problems: Problems) -> list[Volume]:
    found = []
    for text in given:
        claim, _, rest = text.partition(":")
        path, _, mode = rest.partition(":")
        if not claim or not path.startswith("/") or mode not in ("", "ro"):
            problems.add(
                f"--volume {text}", "this is no claim and its place", "Write CLAIM:/DIR[:ro]"
            )
        found.append(Volume(claim=claim, path=path.rstrip("/"), read_only=mode == "ro"))
    return found


def _check_places(packed: Travelling, store: str | None, volumes: Sequence[Volume]) -> None:
    """Refuse a store that would be gone with its pod; note images that no volume holds.

    Raises:
        Refused: the store lies on no volume, or on one that cannot be written.
    """
    problems = Problems()
    if store is not None and "://" not in store:
        on = [each for each in volumes if PurePosixPath(store).is_relative_to(each.path)]
        if not on:
            problems.add(
                f"--store {store}",
                "it lies on no volume, and would be gone with its pod",
                "Mount one (--volume CLAIM:DIR) and keep the store below DIR, or on s3://",
            )
        elif on[-1].read_only:
            problems.add(f"--store {store}", "its volume is mounted :ro", "Mount it without :ro")
    problems.raise_if_any()
    outside = [
        str(root)
        for root in packed.roots
        if not any(root.is_relative_to(each.path) for each in volumes)
    ]
    if outside:
        print_note(f"{', '.join(outside)}: on no volume, so the image must hold these images")


def _write(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text, nl=False)
    else:
        with whole_file(output) as place:
            place.write_text(text, encoding="utf-8")


def _say_how(job: KubeRayJob, output: Path | None) -> None:
    console = Console(stderr=True)
    place, name = output or "MANIFEST", job_name(job)
    at = f" -n {job.namespace}" if job.namespace else ""
    print_hint(console, "start it", f"kubectl apply -f {shlex.quote(str(place))}")
    print_hint(console, "its log", f"kubectl logs{at} -f -l job-name={name}")
    print_hint(console, "once it has ended, go on", f"kubectl replace --force -f {place}")
