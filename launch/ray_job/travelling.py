"""What of an experiment travels with a job: its file, and the files that it names.

A plug-in and a table of published results are small and are what their text says: they go along,
wherever they lie. Images, weights and stores are large: their paths stay, made absolute, and the
cluster must see them there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detectors.plugins import find_plugin
from detectors.weights_folder.names import looks_like_path
from grid.experiment_file.loading import checked_shape, read_changed
from grid.experiment_file.plugin_files import absolute_plugin
from grid.experiment_file.published import is_own_table
from launch.command_lines import Pairs

FOLDER = "experiment"
"""Where FILE lies below the job's working directory."""

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, kw_only=True)
class Travelling:
    """An experiment, packed for another machine.

    Attributes:
        name: of the experiment.
        file: FILE's own name, without its folders.
        texts: by path relative to FILE's new folder, what goes along; FILE among them.
        places: (key, value) pairs as of --set: top-level keys of the file whose paths differ there.
        variables: names of the environment that the file uses, in order.
        roots: folders of images as far as their variables are set here, absolute.
        store: the file's `store:` as it stands, None where it says none.
    """

    name: str
    file: str
    texts: dict[str, str]
    places: Pairs
    variables: tuple[str, ...]
    roots: tuple[Path, ...]
    store: str | None


def pack(file: Path, changes: dict[str, Any], environment: dict[str, str]) -> Travelling:
    """Return what travels of an experiment.

    Args:
        file: the experiment file.
        changes: as of --set, values by dotted path.
        environment: what `${NAME}` stands for here.

    Raises:
        Refused: the file has mistakes that can be seen without its data.
    """
    raw = read_changed(file, changes)
    for key in ("plugins", "published"):  # files that are read here
        if key in raw:
            raw[key] = _all_expanded(raw[key], environment)
    base = file.resolve().parent
    checked_shape(raw, base=base)

    def absolute(text: str) -> str:
        return _absolute(text, base, environment)

    texts = {file.name: file.read_text(encoding="utf-8")}
    moved = {
        "data": _moved_roots(raw.get("data"), absolute),
        "arms": _moved_weights(raw.get("arms"), absolute),
        "plugins": _with_plugins(raw.get("plugins"), base, texts),
        "published": _with_published(raw.get("published"), base, texts),
        "weights_folder": _path(raw.get("weights_folder"), absolute),
    }
    roots = [spec["root"] for spec in (moved["data"] or {}).values()]
    return Travelling(
        name=str(raw["name"]),
        file=file.name,
        texts=texts,
        places=tuple((key, _text(new)) for key, new in moved.items() if new != raw.get(key)),
        variables=tuple(dict.fromkeys(_variables(raw))),
        roots=tuple(Path(_expanded(root, environment)) for root in roots),
        store=raw.get("store"),
    )


def _text(value: Any) -> str:
    """JSON is YAML, which --set reads."""
    return json.dumps(value, ensure_ascii=False, default=str)


def _variables(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from _VARIABLE.findall(value)
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _variables(inner)


def _expanded(text: str, environment: dict[str, str]) -> str:
    return _VARIABLE.sub(lambda found: environment.get(found[1], found[0]), text)


def _all_expanded(value: Any, environment: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_all_expanded(each, environment) for each in value]
    return _expanded(value, environment) if isinstance(value, str) else value


def _absolute(text: str, base: Path, environment: dict[str, str]) -> str:
    """Return a path as it stands if it is absolute, or if only the cluster knows its variables."""
    expanded = _expanded(text, environment)
    path = Path(expanded).expanduser()
    if Path(expanded).is_absolute() or _VARIABLE.search(expanded):
        return text
    return str(path if path.is_absolute() else (base / path).resolve())


def _path(value: Any, absolute: Callable[[str], str]) -> Any:
    return absolute(value) if isinstance(value, str) else value


def _moved_roots(data: Any, absolute: Callable[[str], str]) -> Any:
    return data and {
        alias: {**spec, "root": _path(spec["root"], absolute)} for alias, spec in data.items()
    }


def _moved_weights(arms: Any, absolute: Callable[[str], str]) -> Any:
    return [
        {**arm, "weights": _weights(arm["weights"], absolute)} if "weights" in arm else arm
        for arm in arms or ()
    ]


def _weights(value: Any, absolute: Callable[[str], str]) -> Any:
    """Return weights with the paths in them made absolute: a text, a mapping, a list of these."""
    if isinstance(value, list):
        return [_weights(each, absolute) for each in value]
    if isinstance(value, str):
        return absolute(value) if looks_like_path(value) else value
    if isinstance(value, dict):
        moved = {key: _path(v, absolute) if key == "path" else v for key, v in value.items()}
        if isinstance(parts := moved.get("parts"), dict):
            moved["parts"] = {name: _weights(each, absolute) for name, each in parts.items()}
        return moved
    return value


def _with_plugins(named: Any, base: Path, texts: dict[str, str]) -> Any:
    """Put the text of each plug-in beside FILE; one that is named as a module becomes a file."""
    if not named:
        return named
    there = []
    for where in [named] if isinstance(named, str) else named:
        plugin = find_plugin(absolute_plugin(where, base))
        place = f"plugins/{plugin.name}.py"
        texts[place] = plugin.source
        there.append(place)
    return there


def _with_published(named: Any, base: Path, texts: dict[str, str]) -> Any:
    if not isinstance(named, str) or not is_own_table(named):
        return named
    table = Path(named).expanduser()
    place = f"published/{table.name}"
    texts[place] = (base / table).read_text(encoding="utf-8")
    return place
