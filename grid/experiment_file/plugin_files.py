"""`plugins:` of an experiment file: a user's own detectors, known for as long as it is planned."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from detectors.plugins import BadPlugin, Plugin, find_plugin, use_plugins
from grid.refusal import Problems


def absolute_plugin(where: str, base: Path) -> str:
    """Return a file's path from `base` where it is relative; the name of a module as it stands."""
    if not where.endswith(".py"):
        return where
    path = Path(where).expanduser()
    return str(path if path.is_absolute() else (base / path).resolve())


def use_named_plugins(named: Iterable[str], problems: Problems) -> None:
    """Make the plug-ins of an experiment known by their names, and no others.

    Args:
        named: absolute paths of files that end in .py, or names of modules.
        problems: receives each that cannot be one.
    """
    found: dict[str, tuple[Plugin, str]] = {}
    for where in named:
        try:
            plugin = find_plugin(where)
        except BadPlugin as error:
            problems.add("plugins", str(error), "Correct the file, or take it out of `plugins:`")
            continue
        other, elsewhere = found.setdefault(plugin.name, (plugin, where))
        if other != plugin:
            problems.add(
                f"plugins: {where}",
                f"{elsewhere} is another detector {plugin.name!r}",
                "Give one of them another name, the file and its CARD",
            )
    use_plugins(plugin for plugin, _ in found.values())
