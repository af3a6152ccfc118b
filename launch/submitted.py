"""What a job is told of the command that submitted it, so that its hints can be typed there.

A job reads a copy of the experiment file, from a folder that is gone with it. What it prints must
name the file that the user has, and the command that goes on is the one that submitted.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass

from launch.command_lines import Pairs

VARIABLE = "CROSSGEN_SUBMITTED"


@dataclass(frozen=True, kw_only=True)
class Submitted:
    """How a job came about; travels as text in the environment.

    Attributes:
        command: the words that submit again, for a shell.
        file: the experiment file as the user named it.
        places: (key, value) pairs as of --set: where the job finds what the file names by a path.
    """

    command: str
    file: str
    places: Pairs = ()

    def as_text(self) -> str:
        """Return it as a value of the environment."""
        return json.dumps(asdict(self), ensure_ascii=False)


def submitted() -> Submitted | None:
    """Return how this process's job was submitted, None outside of such a job."""
    text = os.environ.get(VARIABLE)
    if not text:
        return None
    told = json.loads(text)
    places = tuple((key, value) for key, value in told["places"])
    return Submitted(command=told["command"], file=told["file"], places=places)
