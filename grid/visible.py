"""Text that others wrote, made fit for a terminal: what would command it is shown, not obeyed."""

from __future__ import annotations

import re

# C0 and C1 control characters but tab and newline, and what turns the direction of writing.
_COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    r"""Return text with each control character as people write it, such as \x1b.

    File names, questions, messages of errors and values of a query come from anywhere. An escape
    sequence in one could clear the screen, rename the window or forge a line.
    """
    return _COMMANDS.sub(lambda found: ascii(found[0])[1:-1], text)
