"""`crossgen check ...`: what can be proved, on one word."""

from __future__ import annotations

from launch.command_folder import CommandFolder

SECTION, PLACE = "keep", 1

command = CommandFolder(__name__, help="Look for damage in a store; prove a detector's logits.")
