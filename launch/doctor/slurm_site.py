"""A Slurm site, looked at once: what its commands print, what nodes of a partition answer."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from grid.packages import packages_root
from launch.doctor.asking import asking
from launch.doctor.node_report import AskedOfNode, NodeReport, report, reports_in
from launch.doctor.slurm_answers import (
    SINFO_BY_NODE_FORMAT,
    SINFO_FORMAT,
    SlurmPartition,
    free_nodes_in,
    nodes_in,
    partitions_in,
    settings_in,
)

PROGRAMS = ("sbatch", "srun", "scontrol", "sinfo", "squeue", "scancel")
PATIENCE_S = 60.0
QUEUE_S = 120
"""How long the job that asks the nodes may wait to begin."""


@dataclass(frozen=True, kw_only=True)
class SlurmSite:
    """What was seen of a site.

    Attributes:
        missing: commands that are not on the path.
        version: of Slurm, "" where sbatch does not tell.
        controller: what `scontrol ping` says.
        fault: what a command that failed said, "" where all answered.
        settings: of `scontrol show config`, by names in lower case.
        partitions: of `sinfo`.
        all_nodes: names of the site's nodes.
        host: this machine's name, without its domain.
        job: the job that this process is in, "" outside of one.
        asked: what nodes were asked; None where none was.
        here: this machine's report; None where no node was asked.
        nodes: each asked node's report, or why there is none.
    """

    missing: Sequence[str]
    version: str = ""
    controller: str = ""
    fault: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    partitions: Sequence[SlurmPartition] = ()
    all_nodes: Sequence[str] = ()
    host: str = ""
    job: str = ""
    asked: AskedOfNode | None = None
    here: NodeReport | None = None
    nodes: Mapping[str, NodeReport | str] = field(default_factory=dict)


def look_at_slurm(
    file: Path | None,
    store: str | None,
    *,
    on_nodes: bool,
    partition: str | None,
    say: Callable[[str], None],
) -> SlurmSite:
    """Ask Slurm's commands, and with `on_nodes` the nodes on which a job can begin now.

    Args:
        file: the experiment whose images nodes must see; None: none.
        store: --store.
        on_nodes: whether a job is run.
        partition: whose nodes are asked; None: Slurm's default.
        say: told what is being done.

    Raises:
        Refused, StoreError, StoreUrlRefused: file or store cannot be used here.
    """
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if {"sbatch", "scontrol", "sinfo"} & set(missing):
        return SlurmSite(missing=missing)
    say("asking Slurm")
    version, _ = _asked("sbatch", "--version")
    controller, fault = _asked("scontrol", "ping")
    settings, settings_fault = _asked("scontrol", "show", "config")
    shown, shown_fault = _asked("sinfo", "--noheader", f"--format={SINFO_FORMAT}")
    by_node, _ = _asked("sinfo", "--Node", "--noheader", f"--format={SINFO_BY_NODE_FORMAT}")
    question, here, nodes = None, None, {}
    if on_nodes and "srun" not in missing:
        with asking(file, store) as asked:
            say("waiting for a job on the nodes")
            here, nodes = report({**asked, "computes": False}), _nodes(partition, asked)
            question = asked
    return SlurmSite(
        missing=missing,
        version=version.strip(),
        controller=" ".join(controller.split()),
        fault=fault or settings_fault or shown_fault,
        settings=settings_in(settings),
        partitions=partitions_in(shown),
        all_nodes=nodes_in(by_node),
        host=socket.gethostname().partition(".")[0],
        job=os.environ.get("SLURM_JOB_ID", ""),
        asked=question,
        here=here,
        nodes=nodes,
    )


def srun_words(nodes: Mapping[str, bool], partition: str | None) -> list[str]:
    """Return the command that runs a report on some nodes, once on each.

    Args:
        nodes: names, each with whether it has GPUs; one GPU is asked for where all have some, since
            a job without sees none.
        partition: theirs; None: Slurm's default.
    """
    return [
        "srun",
        *((f"--partition={partition}",) if partition else ()),
        f"--nodelist={','.join(nodes)}",
        f"--nodes={len(nodes)}",
        f"--ntasks={len(nodes)}",
        "--ntasks-per-node=1",
        *(("--gres=gpu:1",) if nodes and all(nodes.values()) else ()),
        "--mem=2G",
        "--time=10",
        f"--immediate={QUEUE_S}",
        "--job-name=crossgen-doctor",
        "--kill-on-bad-exit=0",
        sys.executable,
        "-m",
        "launch.doctor.node_report",
    ]


def _nodes(partition: str | None, asked: AskedOfNode) -> dict[str, NodeReport | str]:
    words = ["sinfo", "--Node", "--noheader", "--responding", f"--format={SINFO_BY_NODE_FORMAT}"]
    wanted = partition or _default_partition()
    listed, fault = _asked(*words, *((f"--partition={wanted}",) if wanted else ()))
    free = free_nodes_in(listed)
    if not free:
        return {wanted or "every partition": fault or "no node is free for a job just now"}
    path = [str(packages_root()), *filter(None, [os.environ.get("PYTHONPATH")])]
    said, fault = _asked(
        *srun_words(free, wanted),
        given=json.dumps(asked),
        patience_s=QUEUE_S + 5 * PATIENCE_S,
        environment={"PYTHONPATH": os.pathsep.join(path)},
    )
    found = {each["host"]: each for each in reports_in(said)}
    return {name: found.get(name, fault or "it did not answer") for name in free}


def _default_partition() -> str | None:
    shown, _ = _asked("sinfo", "--noheader", f"--format={SINFO_FORMAT}")
    return next((each.name for each in partitions_in(shown) if each.is_default), None)


def _asked(
    *words: str,
    given: str = "",
    patience_s: float = PATIENCE_S,
    environment: Mapping[str, str] | None = None,
) -> tuple[str, str]:
    """What a command prints, and the last line of its complaint, "" where it ended well."""
    try:
        done = subprocess.run(
            words,
            input=given,
            capture_output=True,
            text=True,
            timeout=patience_s,
            env={**os.environ, **(environment or {})},
        )
    except subprocess.TimeoutExpired:
        return "", f"{words[0]} did not answer in {patience_s:.0f} s"
    except OSError as error:
        return "", f"{words[0]}: {error.strerror}"
    if not done.returncode:
        return done.stdout, ""
    lines = done.stderr.strip().splitlines() or [f"{words[0]} ended with {done.returncode}"]
    return done.stdout, lines[-1]
