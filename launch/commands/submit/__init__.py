"""`crossgen submit ...`: the same experiment file, run by a cluster."""

from __future__ import annotations

from launch.command_folder import CommandFolder

SECTION, PLACE = "run", 7

command = CommandFolder(__name__, help="Hand an experiment to a cluster: Slurm, Ray, Kubernetes.")
