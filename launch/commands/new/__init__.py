"""`crossgen new ...`: a file to begin with."""

from __future__ import annotations

from launch.command_folder import CommandFolder

SECTION, PLACE = "start", 8

command = CommandFolder(__name__, help="Write a file to begin with: a detector of your own.")
