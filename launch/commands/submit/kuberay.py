"""`crossgen submit kuberay`: an experiment as a RayJob of Kubernetes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from launch.invocation import Invocation
from launch.options import experiment_argument, run_words_argument, store_option

PLACE = 3

_POSITIVE = click.IntRange(min=1)


@click.command()
@experiment_argument
@run_words_argument
@store_option
@click.option(
    "--image",
    required=True,
    metavar="IMAGE",
    help="The container image of all pods: crossgen and Ray are in it.",
)
@click.option(
    "--volume",
    "volumes",
    multiple=True,
    metavar="CLAIM:DIR[:ro]",
    help="Mount this persistent volume claim in all pods; again for another. Images and store lie "
    "below DIR.",
)
@click.option("--workers", type=_POSITIVE, default=1, show_default=True, help="Pods that train.")
@click.option("--gpus", type=click.IntRange(min=0), default=0, show_default=True, help="Of each.")
@click.option("--cpus", type=_POSITIVE, default=4, show_default=True, help="Of each.")
@click.option("--memory", default="16Gi", show_default=True, metavar="SIZE", help="Of each.")
@click.option(
    "--head-cpus", type=_POSITIVE, default=2, show_default=True, help="Of the pod that drives."
)
@click.option(
    "--head-memory",
    default="8Gi",
    show_default=True,
    metavar="SIZE",
    help="Of the pod that drives.",
)
@click.option(
    "--env",
    "variables",
    multiple=True,
    metavar="NAME=VALUE",
    help="A variable of job and trials; those that FILE uses go along by themselves. The manifest "
    "shows values: give secrets by --env-secret.",
)
@click.option(
    "--env-secret",
    "secrets",
    multiple=True,
    metavar="SECRET",
    help="A Kubernetes secret whose entries become variables of all pods, such as AWS_*.",
)
@click.option(
    "--retries",
    type=click.IntRange(min=0),
    default=3,
    show_default=True,
    help="New clusters that go on where one ended otherwise than well.",
)
@click.option("--namespace", default="", metavar="NAME", help="Default: that of kubectl.")
@click.option("--ray-version", metavar="VERSION", help="The image's; default: that of this Ray.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Default: stdout.")
@click.pass_obj
def command(
    invocation: Invocation,
    /,
    file: Path,
    words: tuple[str, ...],
    gpus: int,
    cpus: int,
    memory: str,
    head_cpus: int,
    head_memory: str,
    **given: Any,
) -> None:
    """Write a manifest that runs FILE on Kubernetes by KubeRay (1.5.1 or later).

    It holds FILE and the plug-ins and published tables that it names; `kubectl apply -f MANIFEST`
    starts it. The cluster asks for a token and ends with the job. Nothing is sent anywhere.
    """
    from launch.ray_job.kuberay_manifest import Pod
    from launch.submit_kuberay_command import submit_kuberay

    head = Pod(cpus=head_cpus, memory=head_memory)
    worker = Pod(cpus=cpus, memory=memory, gpus=gpus)
    sys.exit(submit_kuberay(file, words, invocation, head=head, worker=worker, **given))
