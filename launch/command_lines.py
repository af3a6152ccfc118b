"""The commands that hints name: what was given is given again, quoted, to be copied."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grid.console import Console

Pairs = Sequence[tuple[str, str]]


def command_line(*words: object) -> str:
    """Return `crossgen` with these words, as a shell reads them."""
    return " ".join(["crossgen", *(_quoted(str(word)) for word in words)])


def _quoted(word: str) -> str:
    """Quote a word for a shell; SQL, which is full of single quotes, in double ones."""
    plain = "'" in word and not set(word) & set('"$`\\!')
    return f'"{word}"' if plain else shlex.quote(word)


@dataclass(frozen=True, kw_only=True)
class Given:
    """What a command was given that another one about the same experiment must be given too.

    Attributes:
        file: the experiment file.
        store: --store.
        store_in_file: the store that the file names, which commands without a file cannot know.
        only: --only, and --trial as the pair fit=FIT.
        changes: --set.
        limit: --limit.
    """

    file: Path
    store: str | None = None
    store_in_file: str | None = None
    only: Pairs = ()
    changes: Pairs = ()
    limit: int | None = None

    def command(self, name: str, *more: object) -> str:
        """Return a command about the experiment."""
        return command_line(
            name,
            self.file,
            *(("--store", self.store) if self.store is not None else ()),
            *(word for key, value in self.only for word in ("--only", f"{key}={value}")),
            *(word for key, value in self.changes for word in ("--set", f"{key}={value}")),
            *(("--limit", self.limit) if self.limit is not None else ()),
            *more,
        )

    def store_command(self, name: str, *more: object) -> str:
        """Return a command about the store alone."""
        return store_command(self.store or self.store_in_file, name, *more)


def store_command(store: str | None, name: str, *more: object) -> str:
    """Return a command about a store; None: the one that the environment names anyway."""
    return command_line(name, *more, *(("--store", store) if store is not None else ()))


def print_hint(console: Console, said: str, command: str, indent: int = 0, style: str = "") -> None:
    """Print what a command is for, and the command on a line that no one else breaks."""
    text = f"{' ' * indent}{said}:\n{' ' * indent}  {command}"
    console.print(text, style=style, soft_wrap=True, highlight=False, markup=False)
