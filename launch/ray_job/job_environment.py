"""The environment variables of a job: what its stop needs, what the file uses, what was asked for.

Ray keeps them as plain text where everyone with access to the cluster can read them, so none goes
along unasked but those that the experiment file names.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from grid.refusal import Problems
from grid.run.run_options import RunOptions
from launch.command_lines import command_line

STOP_WAIT_S = int(RunOptions().grace_s) + 30
"""Seconds that Ray waits after the stop signal before it kills: what trials have for their
checkpoints, and the end of the driver."""

STOP_SETTINGS = {"RAY_JOB_STOP_SIGNAL": "SIGINT", "RAY_JOB_STOP_WAIT_TIME_S": str(STOP_WAIT_S)}

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def asked_variables(asked: Sequence[str], environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that the words of --env ask for.

    Args:
        asked: NAME, NAME=VALUE, or a pattern such as AWS_*.
        environment: the one of this process.

    Raises:
        Refused: a word is none of these, or names what is not set here; no value is shown.
    """
    problems = Problems()
    found: dict[str, str] = {}
    for word in asked:
        name, equals, value = word.partition("=")
        if equals and _NAME.fullmatch(name):
            found[name] = value
        elif equals:
            problems.add(
                f"--env {name}=...",
                "this is no name of a variable",
                "Use letters, digits and _ for it",
            )
        else:
            matching = {n: v for n, v in environment.items() if fnmatchcase(n, name)}
            if not matching:
                problems.add(
                    f"--env {name}",
                    "no variable of this name is set here",
                    f"Set it, write --env {name}=VALUE, or leave it out",
                )
            found |= matching
    problems.raise_if_any()
    return found


def without_values(command: str) -> str:
    """Return a command line whose --env show names alone: it is printed into logs."""
    words = shlex.split(command)
    shown = []
    for before, word in zip(["", *words], words, strict=False):
        option, found, rest = word.partition("=")
        if before == "--env" and found:
            shown.append(f"{option}=...")
        elif option == "--env" and "=" in rest:
            shown.append(f"--env={rest.partition('=')[0]}=...")
        else:
            shown.append(word)
    return command_line(*shown[1:])
