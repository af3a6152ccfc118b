"""How the command says what it refuses: on stderr, a line each; on a terminal between words."""

from __future__ import annotations

import re
import shutil
import sys
import textwrap
from collections.abc import Sequence
from typing import Any

import click

from grid.visible import visible
from launch.invocation import Invocation

AGAIN = "run the same command to go on"


def refuse(title: str, lines: Sequence[str]) -> int:
    """Say what is refused and why; return the exit code of a refusal."""
    from grid.run.exit_codes import EXIT_REFUSED

    say(title, lines)
    return EXIT_REFUSED


def say_warnings() -> None:
    """From here on say notices as sentences, without the file and line that warn of them."""
    import warnings

    from data.notices import Notice

    others = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
        if issubclass(category, Notice):
            # Not past `sys.stderr`: a moving line that is shown there makes room for it.
            title = click.style("warning", fg="yellow") if sys.stderr.isatty() else "warning"
            sys.stderr.write(_text(title, [str(message)]))
        else:
            others(message, category, *place, **more)

    warnings.showwarning = show


def say_stopped(invocation: Invocation, reason: str) -> None:
    """Say what stopped the command, and what goes on with it."""
    say("stopped", [f"{reason}; {AGAIN}:", f"  {invocation.same_command}"])


def say(title: str, lines: Sequence[str]) -> None:
    """Errors go to stderr, one per line, whole: they are read in log files too."""
    click.echo(_text(click.style(title, fg="red", bold=True), lines), err=True, nl=False)


def _text(title: str, lines: Sequence[str]) -> str:
    width = shutil.get_terminal_size().columns if sys.stderr.isatty() else None
    shown = [_wrapped(line, width) if width else f"  {line}" for line in map(visible, lines)]
    return "\n".join([title, *shown, ""])


def _wrapped(text: str, width: int) -> str:
    """Wrap each line of a text by itself: what is shown below a problem keeps its own lines."""
    first, *below = text.split("\n")
    return "\n".join([_filled(first, width, 0), *(_indented(line, width) for line in below)])


def _indented(line: str, width: int) -> str:
    inner = line.lstrip(" ")
    return _filled(inner, width, len(line) - len(inner))


def _filled(line: str, width: int, indent: int) -> str:
    """Wrap between words, but not within `...`: that is to be copied."""
    whole = re.sub(r"`[^`]*`|^ +crossgen .*", lambda span: span[0].replace(" ", "\0"), line)
    filled = textwrap.fill(
        whole,
        width,
        initial_indent=" " * (indent + 2),
        subsequent_indent=" " * (indent + 4),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return filled.replace("\0", " ")
