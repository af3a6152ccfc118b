"""The text of a batch script: a function of a `SlurmJob`, and of nothing else.

Its first lines and settings are written here; what it then does stands in `script_parts`, the same
for every job. `launch/grid.sbatch` is the text for a job of which nothing is stated.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from launch.slurm.slurm_job import SlurmJob, require_valid

PARTS = Path(__file__).with_name("script_parts")


def job_script(job: SlurmJob) -> str:
    """Return the batch script.

    Raises:
        Refused: the job cannot be said in a script.
    """
    require_valid(job)
    names = ["beginning", "one_task" if job.tasks else "ray_on_nodes", "ending"]
    parts = [(PARTS / f"{name}.sh").read_text(encoding="utf-8") for name in names]
    settings = "\n".join(_settings(job))
    return "\n".join([*_first_lines(job), "", settings, "", "\n".join(parts)])


def _first_lines(job: SlurmJob) -> Iterator[str]:
    yield "#!/bin/bash"
    if not job.arguments:
        yield "# A grid of experiments on Slurm. From a checkout, with its environment in .venv:"
        yield "#   sbatch --time=12:00:00 --nodes=2 --gpus-per-node=4 launch/grid.sbatch FILE"
        yield "# What is behind FILE goes to `crossgen run`. `crossgen submit slurm` writes such a"
        yield "# script from its options: for containers, conda, modules and job arrays."
    yield from (f"#SBATCH {option}" for option in _options(job))


def _options(job: SlurmJob) -> Iterator[str]:
    stated = {
        "partition": job.partition,
        "account": job.account,
        "qos": job.qos,
        "constraint": job.constraint,
        "time": job.time,
    }
    yield f"--job-name={job.name}"
    yield from (f"--{name}={value}" for name, value in stated.items() if value is not None)
    if job.tasks:
        at_once = f"%{job.tasks.at_once}" if job.tasks.at_once else ""
        yield f"--array=0-{job.tasks.count - 1}{at_once}"
    yield f"--nodes={job.nodes}"
    yield "--ntasks-per-node=1"
    if job.cpus is None:
        yield "--exclusive"
        yield f"--mem={job.memory or 0}"
    else:
        yield f"--cpus-per-task={job.cpus}"
        if job.memory is not None:
            yield f"--mem={job.memory}"
    if job.gpus:
        yield f"--gpus-per-node={job.gpus}"
    yield f"--signal=B:USR1@{job.signal_s}"
    yield "--requeue" if job.requeue else "--no-requeue"
    yield "--open-mode=append"
    pattern = "%A_%a" if job.tasks else "%j"
    yield f"--output={job.logs + '/' if job.logs else ''}crossgen-{pattern}.out"
    yield from job.sbatch


def _settings(job: SlurmJob) -> Iterator[str]:
    yield "# What is run and where; all else below is the same in every such script."
    yield f"arguments={_array(job.arguments)}" if job.arguments else 'arguments=("$@")'
    yield f"logs={shlex.quote(job.logs)}" if job.logs else "logs=${SLURM_SUBMIT_DIR:-.}"
    yield f"stage={_array(job.stage)} # arguments of `crossgen stage`"
    container, step_options = _container(job)
    yield f"container={_array(container)} # what a command in the container begins with"
    yield f"step_options={_array(step_options)} # or what srun is told to run it there"
    if job.tasks:
        yield f"tasks={job.tasks.total} first_task={job.tasks.first}"
    yield "activate() {"
    yield from (f"  {line} || return" for line in _activation(job))
    yield "  return 0"
    yield "}"


def _container(job: SlurmJob) -> tuple[list[str], list[str]]:
    """Return how a command begins that runs in the container, and what srun is told instead."""
    if job.container is None:
        return [], []
    if job.runtime == "pyxis":
        mounts = ",".join(["/tmp:/tmp", *map(_from_to, job.mounts)])
        return [], [f"--container-image={job.container}", f"--container-mounts={mounts}"]
    words = ["apptainer", "exec", *(["--nv"] if job.gpus else []), "--bind", "/tmp"]
    words += [word for mount in job.mounts for word in ("--bind", mount)]
    return [*words, job.container], []


def _from_to(mount: str) -> str:
    return mount if ":" in mount else f"{mount}:{mount}"


def _activation(job: SlurmJob) -> Iterator[str]:
    yield from (f"module load {shlex.quote(name)}" for name in job.modules)
    if job.venv is not None:
        yield f". {shlex.quote(job.venv.rstrip('/') + '/bin/activate')}"
    elif job.conda is not None:
        yield 'eval "$(conda shell.bash hook)"'
        yield f"conda activate {shlex.quote(job.conda)}"
    elif job.container is None:
        yield "[ ! -f .venv/bin/activate ] || . .venv/bin/activate"


def _array(words: Sequence[str]) -> str:
    return f"({shlex.join(words)})"
