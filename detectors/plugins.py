"""Detectors from outside the repository: plug-ins, each one file whose text travels with its fits.

A plug-in is what a file of the zoo is. Its text is its identity: its sha256 stands in the
description of its fits, the text itself in their provenance, and a worker on any host runs that
text. So it must be whole by itself: packages that are installed may be imported, files beside it
not. Nothing of it runs before its card is asked for.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import linecache
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from detectors.zoo import zoo_names

MODULE_PREFIX = "crossgen_plugin_"
OURS = ("data", "detectors")
"""Packages that are there wherever a plug-in runs."""


class BadPlugin(ValueError):
    """A plug-in that cannot be one; the message says why and what to do."""


@dataclass(frozen=True)
class Plugin:
    """A detector's name and the whole text of its file."""

    name: str
    source: str

    @property
    def sha256(self) -> str:
        """What stands for its text in the identity of its fits."""
        return hashlib.sha256(self.source.encode()).hexdigest()


_registered: dict[str, Plugin] = {}
_modules: dict[str, tuple[Plugin, ModuleType]] = {}


def find_plugin(where: str) -> Plugin:
    """Read a plug-in, without running any of it.

    Args:
        where: path of a file that ends in .py, or the name of a module that can be imported; its
            last part is the detector's name.

    Raises:
        BadPlugin: it is not there, is no Python, needs files beside it, or has the name of a
            detector of the zoo.
    """
    path = Path(where).expanduser() if where.endswith(".py") else _file_of_module(where)
    name = path.stem
    if not name.isidentifier():
        raise BadPlugin(
            f"{where}: {name!r} is no name of a detector; use letters, digits and '_' for the file"
        )
    if name in zoo_names():
        raise BadPlugin(
            f"{where}: the zoo has a detector {name!r} already; give the file and its CARD another "
            "name"
        )
    try:
        source = path.read_text(encoding="utf-8")
        tree = ast.parse(source)
    except OSError as error:
        raise BadPlugin(
            f"{where}: the file cannot be read ({error.strerror}); correct the path"
        ) from None
    except (ValueError, SyntaxError) as error:
        raise BadPlugin(f"{where}: it is no Python ({error}); correct the file") from None
    if beside := _imports_beside(tree, path):
        raise BadPlugin(
            f"{where}: it imports {', '.join(beside)} from beside it. A plug-in is one file, which "
            "is what travels and what a fit is named by: put all of it into that file"
        )
    return Plugin(name, source)


def register(plugin: Plugin) -> None:
    """Make a plug-in known to this process by its name, in place of another text of that name."""
    _registered[plugin.name] = plugin


def use_plugins(plugins: Iterable[Plugin]) -> None:
    """Make these plug-ins known and no others: what another experiment named is forgotten."""
    _registered.clear()
    for plugin in plugins:
        register(plugin)


def registered() -> Mapping[str, Plugin]:
    """The plug-ins that this process knows, by name."""
    return dict(_registered)


def plugin_module(name: str) -> ModuleType:
    """Run a plug-in's text as a module, once per text.

    Raises:
        BadPlugin: running it raised; with what.
        KeyError: no plug-in of that name is registered.
    """
    plugin = _registered[name]
    known = _modules.get(name)
    module = ModuleType(f"{MODULE_PREFIX}{name}")
    if known is not None and known[0] == plugin:
        sys.modules[module.__name__] = known[1]
        return known[1]
    module.__file__ = f"<plug-in {name} {plugin.sha256[:8]}>"
    # So that tracebacks and `inspect` find the lines, on hosts where no file holds them.
    lines = plugin.source.splitlines(keepends=True)
    linecache.cache[module.__file__] = (len(plugin.source), None, lines, module.__file__)
    sys.modules[module.__name__] = module  # pickle and pydantic look classes up here
    try:
        exec(compile(plugin.source, module.__file__, "exec"), module.__dict__)
    except Exception as error:
        del sys.modules[module.__name__]
        raise BadPlugin(
            f"plug-in {name}: running its file raises {type(error).__name__}: {error}; correct it"
        ) from error
    _modules[name] = (plugin, module)
    return module


def _file_of_module(name: str) -> Path:
    try:
        found = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        found = None
    if found is None or found.origin is None or not found.origin.endswith(".py"):
        raise BadPlugin(
            f"{name}: there is no such module here; give the path of a file that ends in .py, or "
            "install the package"
        )
    return Path(found.origin)


def _imports_beside(tree: ast.Module, path: Path) -> list[str]:
    """Modules that a file imports from its own folder or package."""
    found: dict[str, None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            found["." * node.level + (node.module or "")] = None
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.update(_beside(node.module, path))
        elif isinstance(node, ast.Import):
            for alias in node.names:
                found.update(_beside(alias.name, path))
    return list(found)


def _beside(module: str, path: Path) -> dict[str, None]:
    top = module.partition(".")[0]
    if top in OURS:
        return {}
    own_package = path.parent
    while (own_package / "__init__.py").exists() and own_package.name != top:
        own_package = own_package.parent
    is_own = own_package.name == top and (own_package / "__init__.py").exists()
    is_near = (path.parent / f"{top}.py").exists() or (path.parent / top / "__init__.py").exists()
    return {module: None} if is_own or is_near else {}
