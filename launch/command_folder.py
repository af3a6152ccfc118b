"""Commands that are found by their presence in a folder: no list of them is kept anywhere."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import click

SECTIONS = {
    "": "Commands",
    "start": "Begin",
    "run": "Run",
    "look": "Look at results",
    "compare": "Compare and prove",
    "keep": "Keep a store",
}
"""Sections of the help, in the order in which one comes to need them; commands of a command have
none."""


class CommandFolder(click.Group):
    """A group whose commands are the modules of a package, each loaded when it is needed.

    Args:
        package: dotted name of the package; a module `import_scores` is the command
            `import-scores`.
    """

    def __init__(self, package: str, **settings: Any) -> None:
        super().__init__(**settings)
        self.package = package

    def list_commands(self, context: click.Context) -> list[str]:
        """Return the names of all commands, by section and place."""
        return sorted(self._modules(), key=self._rank)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Load one command, None where there is none of this name."""
        module = name.replace("-", "_")
        if name != module.replace("_", "-") or module not in self._modules().values():
            return None
        command: click.Command = self._load(module).command
        command.name = name
        return command

    def resolve_command(
        self, context: click.Context, words: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is called; a slip of the pen is answered with the nearest name."""
        try:
            return super().resolve_command(context, words)
        except click.UsageError as error:
            from data.suggestions import did_you_mean  # not before it is known whose `data` is ours

            near = did_you_mean(words[0], list(self._modules()))
            raise click.UsageError(f"{error.message} {near}", context) from error

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands of each section under its title."""
        limit = formatter.width - 6 - max(map(len, self._modules()), default=0)
        for section, title in SECTIONS.items():
            rows = [
                (name, command.get_short_help_str(limit))
                for name in self.list_commands(context)
                if self._section(name) == section and (command := self.get_command(context, name))
            ]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def _modules(self) -> dict[str, str]:
        folder = importlib.import_module(self.package).__path__
        found = [each.name for each in pkgutil.iter_modules(folder)]
        return {name.replace("_", "-"): name for name in found}

    def _load(self, module: str) -> Any:
        return importlib.import_module(f"{self.package}.{module}")

    def _section(self, name: str) -> str:
        section: str = getattr(self._load(self._modules()[name]), "SECTION", "")
        return section

    def _rank(self, name: str) -> tuple[int, int, str]:
        place = self._load(self._modules()[name]).PLACE
        return list(SECTIONS).index(self._section(name)), place, name
