"""What a Slurm job of crossgen is: what it runs, on what, in which environment."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from grid.refusal import Problems

Runtime = Literal["apptainer", "pyxis"]

# sbatch reads its lines by quoting rules of its own, and `#` begins a comment there.
_OF_A_LINE = re.compile(r"[A-Za-z0-9_./:,@+=&|*()\[\]^~-]+")
_DAYS = re.compile(r"(?:(?P<days>\d+)-)?(?P<rest>\d+(?::\d+){0,2})")


@dataclass(frozen=True, kw_only=True)
class Tasks:
    """A job array: tasks `first` to `first + count - 1` of `total`, each on a node of its own.

    Attributes:
        total: Into how many shares the plan is divided.
        count: How many of them this job takes; one job takes at most MaxArraySize.
        first: The first of them, from 0.
        at_once: How many may run at a time; None: as many as Slurm lets.
    """

    total: int
    count: int
    first: int = 0
    at_once: int | None = None


@dataclass(frozen=True, kw_only=True)
class SlurmJob:
    """One batch job; nothing is checked before `require_valid`.

    Attributes:
        arguments: Those of `crossgen run`: the file and options. None: the script's own.
        name: What Slurm calls the job.
        nodes: How many; of an array, each task has one.
        gpus: GPUs of each node. None: none, or with whole nodes all there are.
        cpus: CPUs of each node. None: whole nodes, with all their memory.
        memory: Of each node, as Slurm writes it, e.g. 64G. None: all, or what the site gives.
        partition: Where it runs; as the next ones, None leaves it to the site.
        account: Who is charged.
        qos: Quality of service.
        constraint: Features that nodes must have.
        time: Limit, as Slurm writes it: minutes, H:MM:SS, D-HH and so on.
        signal_s: Seconds before the limit at which checkpoints are written.
        requeue: Whether the job may be requeued; else a job that depends on it goes on.
        tasks: An array of workers without Ray, instead of Ray over the nodes.
        container: Image in which all runs.
        runtime: What runs the image.
        mounts: Folders, or FROM:TO, that the container sees besides /tmp.
        venv: Folder of a virtual environment. With neither it, `conda` nor a container: `.venv`
            in the folder of submission, if there is one.
        conda: Name or folder of a conda environment.
        modules: Loaded first, in this order.
        stage: Arguments of `crossgen stage`, which copies images to each node first.
        sbatch: More options of sbatch, e.g. --mail-type=END.
        logs: Folder for logs, seen by all nodes. None: the folder of submission.
    """

    arguments: tuple[str, ...] = ()
    name: str = "crossgen"
    nodes: int = 1
    gpus: int | None = None
    cpus: int | None = None
    memory: str | None = None
    partition: str | None = None
    account: str | None = None
    qos: str | None = None
    constraint: str | None = None
    time: str | None = None
    signal_s: int = 120
    requeue: bool = True
    tasks: Tasks | None = None
    container: str | None = None
    runtime: Runtime = "apptainer"
    mounts: tuple[str, ...] = ()
    venv: str | None = None
    conda: str | None = None
    modules: tuple[str, ...] = ()
    stage: tuple[str, ...] = ()
    sbatch: tuple[str, ...] = ()
    logs: str | None = None


def require_valid(job: SlurmJob) -> None:
    """Check what the script could not say, or what contradicts itself.

    Raises:
        Refused: with every problem.
    """
    problems = Problems()
    lines = {
        "--name": job.name,
        "--memory": job.memory,
        "--partition": job.partition,
        "--account": job.account,
        "--qos": job.qos,
        "--constraint": job.constraint,
        "--time": job.time,
        "--logs": job.logs,
    }
    for option, value in [*lines.items(), *(("--sbatch", each) for each in job.sbatch)]:
        if value is not None and not _OF_A_LINE.fullmatch(value):
            why = "an #SBATCH line cannot hold it: only letters, digits and _./:,@+=&|*()[]^~- can"
            problems.add(f"{option} {value!r}", why, "Choose another")
    for value in job.sbatch:
        if not re.match(r"--[a-z]", value):
            problems.add(f"--sbatch {value!r}", "it is no option", "Write e.g. --mail-type=END")
    words = {"--container": (job.container,), "--venv": (job.venv,), "--conda": (job.conda,)}
    for option, values in {**words, "--module": job.modules, "--mount": job.mounts}.items():
        if "" in values:
            problems.add(f"{option} ''", "it is empty", "Leave it out, or name one")
    if job.venv and job.conda:
        problems.add("--venv with --conda", "they are two environments", "Leave out one of them")
    if job.container and (job.venv or job.conda):
        why = "the container brings its own Python"
        problems.add("--container with --venv or --conda", why, "Leave out one of them")
    if job.mounts and not job.container:
        problems.add("--mount", "there is no container to see it", "Add --container IMAGE")
    for mount in job.mounts:
        if "," in mount:
            problems.add(f"--mount {mount!r}", "a comma parts two mounts", "Give each by itself")
    if job.tasks and job.nodes != 1:
        why = "each task of an array has one node"
        problems.add(f"--nodes {job.nodes} with --array", why, "Leave out --nodes")
    limit = None if job.time is None else seconds_of(job.time)
    if job.time is not None and limit is None and _OF_A_LINE.fullmatch(job.time):
        problems.add(f"--time {job.time!r}", "it is no time", "Write minutes, H:MM:SS or D-HH:MM")
    if limit is not None and limit <= job.signal_s:
        why = f"checkpoints would be written {job.signal_s} s before the limit, at once"
        problems.add(f"--time {job.time}", why, "Ask for more time, or for a smaller --signal")
    problems.raise_if_any()


def seconds_of(time: str) -> int | None:
    """Return Slurm's way to write a time in seconds; None where it is none, 0 included."""
    found = _DAYS.fullmatch(time)
    if found is None:
        return None
    parts = [int(part) for part in found["rest"].split(":")]
    if found["days"] is not None:  # D-HH[:MM[:SS]]
        hours, minutes, seconds = [*parts, 0, 0][:3]
    elif len(parts) < 3:  # MM[:SS]
        hours, (minutes, seconds) = 0, [*parts, 0][:2]
    else:
        hours, minutes, seconds = parts
    return 86400 * int(found["days"] or 0) + 3600 * hours + 60 * minutes + seconds or None
