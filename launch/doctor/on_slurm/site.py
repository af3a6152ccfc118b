"""What a site allows: commands, partitions, requeueing, preemption, arrays."""

from __future__ import annotations

from data.counts import counted
from launch.doctor.diagnosis import Diagnosis, broken, doubtful, fine
from launch.doctor.slurm_answers import seconds_in
from launch.doctor.slurm_site import SlurmSite

A_CHECKPOINT_TAKES_S = 30
"""After SIGTERM a job has KillWait to end; Slurm's own default is this."""


def commands(site: SlurmSite) -> Diagnosis:
    """Whether Slurm's commands are there."""
    if site.missing:
        return broken(
            f"not on the path: {', '.join(site.missing)}",
            "Log in to a node of the cluster that has them, or load the site's module for Slurm",
        )
    return fine(site.version)


def controller(site: SlurmSite) -> Diagnosis | None:
    """Whether Slurm's controller answers."""
    if not site.version:
        return None
    if site.fault or "UP" not in site.controller:
        return broken(
            site.fault or site.controller, "Ask who runs the cluster; SLURM_CONF names its settings"
        )
    return fine(site.controller)


def partitions(site: SlurmSite) -> Diagnosis | None:
    """What can be asked for: time limits, nodes, GPUs."""
    if not site.settings:
        return None
    lines = [str(each) for each in site.partitions]
    usable = [each for each in site.partitions if each.is_up and each.usable]
    if not usable:
        return broken("no partition has a node that is up", "Ask who runs the cluster", lines)
    default = next((each.name for each in site.partitions if each.is_default), "")
    said = f"{counted(len(lines), 'partition')}, {len(usable)} with nodes that are up"
    if not default:
        return doubtful(f"{said}; none is the default", "Name one: `--partition NAME`", lines)
    return Diagnosis("ok", said, "", tuple(lines))


def requeueing(site: SlurmSite) -> Diagnosis | None:
    """Whether a job may go back into the queue by itself at its time limit."""
    if not site.settings:
        return None
    if site.settings.get("jobrequeue") == "0":
        return doubtful(
            "JobRequeue = 0: jobs are not requeued unless they ask for it, which a site may refuse",
            "crossgen's script asks (--requeue); where it is refused it submits a job that follows",
        )
    return fine("jobs may be requeued")


def preemption(site: SlurmSite) -> Diagnosis | None:
    """How a job learns that a more urgent one takes its nodes."""
    settings = site.settings
    if not settings:
        return None
    mode, wait = settings.get("preemptmode", ""), seconds_in(settings.get("killwait", ""))
    left = f"KillWait leaves {wait} s after SIGTERM" if wait is not None else "KillWait is unknown"
    if settings.get("preempttype", "preempt/none").endswith("none") or mode == "OFF":
        return fine(f"none; at the time limit {left}")
    if "send_user_signal" in settings.get("preemptparameters", ""):
        return fine(f"{mode}, told by the job's own signal (send_user_signal); {left}")
    if wait is not None and wait < A_CHECKPOINT_TAKES_S:
        return doubtful(
            f"{mode} by SIGTERM, and {left}: large checkpoints may not be written in time",
            "Ask for PreemptParameters=send_user_signal or a GraceTime; what is not written is "
            "trained again from the last checkpoint, ten minutes at most",
        )
    return fine(f"{mode} by SIGTERM; {left}")


def arrays(site: SlurmSite) -> Diagnosis | None:
    """How many tasks an array may have."""
    if not site.settings:
        return None
    most = seconds_in(site.settings.get("maxarraysize", "")) or 0
    if most < 2:
        return doubtful(f"MaxArraySize = {most}: no arrays", "Use nodes with Ray instead")
    return fine(f"up to {most - 1:,} tasks; larger ones are submitted in parts")


def where_this_is(site: SlurmSite) -> Diagnosis | None:
    """Whether this is a node to compute on."""
    if not site.settings:
        return None
    if site.job:
        return fine(f"inside job {site.job}")
    if site.host in site.all_nodes:
        return doubtful(
            f"{site.host} computes, and this is no job: what runs here is in jobs' way",
            "`crossgen submit slurm FILE` has Slurm run it",
        )
    return fine(f"{site.host} is no compute node: `crossgen submit slurm FILE`, do not run here")


PLACE = 1
CHECKS = {
    "commands": commands,
    "controller": controller,
    "partitions": partitions,
    "requeueing": requeueing,
    "preemption": preemption,
    "arrays": arrays,
    "this host": where_this_is,
}
