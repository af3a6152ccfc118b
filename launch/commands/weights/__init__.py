"""`crossgen weights ...`: what trainings may begin with, brought in beforehand."""

from __future__ import annotations

from launch.command_folder import CommandFolder

SECTION, PLACE = "start", 8

command = CommandFolder(
    __name__, help="Fetch, import, list and check weights that trainings begin with."
)
