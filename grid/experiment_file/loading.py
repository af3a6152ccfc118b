"""From a YAML file to an Experiment, with every mistake of the file named at once."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from grid.experiment_file.arm_check import check_arms
from grid.experiment_file.mistakes import explained
from grid.experiment_file.names_in_file import check_datasets, check_readable
from grid.experiment_file.plugin_files import absolute_plugin, use_named_plugins
from grid.experiment_file.published import is_own_table, published_path, read_published
from grid.experiment_file.schema import Experiment
from grid.experiment_file.yaml_reading import read_yaml
from grid.refusal import Problem, Problems, Refused

_ENVIRONMENT = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def load_experiment(path: Path, changes: dict[str, Any] | None = None) -> Experiment:
    """Read and validate an experiment file.

    Args:
        path: the YAML file. Relative roots in it are relative to its folder.
        changes: values by dotted path that replace those of the file, e.g. {"arms.0.recipe":
            "small", "limit": 64}.

    Raises:
        Refused: the file cannot be read or is not a valid experiment; it names every mistake.
    """
    return parse_experiment(read_changed(path, changes), base=path.resolve().parent)


def read_changed(path: Path, changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return an experiment file as plain values, with some replaced; see `load_experiment`.

    Raises:
        Refused: the file cannot be read, or a path leads nowhere.
    """
    raw = read_yaml(path)
    for where, value in (changes or {}).items():
        _change(raw, where, value)
    return raw


def checked_shape(raw: dict[str, Any], *, base: Path) -> Experiment:
    """Validate a plain mapping without its folders: variables of the environment may be unset.

    Raises:
        Refused: with every mistake in keys, types, names of detectors, options and operations.
    """
    problems = Problems()
    try:
        experiment = Experiment.model_validate(raw)
    except ValidationError as error:
        problems.extend(explained(error, raw))
        problems.raise_if_any()
        raise
    use_named_plugins([absolute_plugin(where, base) for where in experiment.plugins], problems)
    if experiment.published:
        _published(experiment.published, base, problems)
    problems.raise_if_any()
    check_arms(experiment, problems)
    problems.raise_if_any()
    return experiment


def parse_experiment(raw: dict[str, Any], *, base: Path) -> Experiment:
    """Validate a plain mapping; relative roots are taken from `base`.

    Raises:
        Refused: with every mistake found.
    """
    problems = Problems()
    raw = _with_environment(raw, "", problems)
    experiment = None
    try:
        experiment = Experiment.model_validate(raw)
    except ValidationError as error:
        problems.extend(explained(error, raw))
    if experiment is not None and experiment.published:
        experiment = experiment.model_copy(
            update={"published": _published(experiment.published, base, problems)}
        )
    if problems:  # else the same names are looked up with the data at hand
        named = raw.get("plugins")
        named = [named] if isinstance(named, str) else named if isinstance(named, list) else []
        use_named_plugins((absolute_plugin(str(w), base) for w in named), problems)
        check_datasets(raw, problems)
        check_readable(raw, problems)
    problems.raise_if_any()
    assert experiment is not None, "a ValidationError holds at least one error"
    return with_absolute_paths(experiment, base)


def with_absolute_paths(experiment: Experiment, base: Path) -> Experiment:
    """Return an experiment whose files and folders are taken from `base` where relative."""
    data = {
        alias: spec.model_copy(update={"root": _absolute(spec.root, base)})
        for alias, spec in experiment.data.items()
    }
    arms = tuple(
        arm.model_copy(
            update={
                "weights": tuple(
                    w and w.with_paths(lambda path: _absolute(path, base)) for w in arm.weights
                )
            }
        )
        for arm in experiment.arms
    )
    folder = experiment.weights_folder
    return experiment.model_copy(
        update={
            "data": data,
            "arms": arms,
            "plugins": tuple(absolute_plugin(where, base) for where in experiment.plugins),
            "weights_folder": None if folder is None else _absolute(folder, base),
        }
    )


def _published(text: str, base: Path, problems: Problems) -> str:
    """Return what names a table of published results everywhere; notes mistakes in it."""
    name = str(_absolute(Path(text), base)) if is_own_table(text) else text
    try:
        read_published(published_path(name))
    except Refused as refused:
        problems.extend(refused.problems)
    return name


def _absolute(path: Path, base: Path) -> Path:
    """Roots are made absolute at the door: Ray changes the directory of its workers."""
    path = path.expanduser()
    return path if path.is_absolute() else (base / path).resolve()


def _refused(what: str, why: str, mend: str) -> Refused:
    return Refused([Problem(what=what, why=why, mend=mend)])


def _with_environment(value: Any, where: str, problems: Problems) -> Any:
    """Replace ${NAME} by the environment's value, in strings, everywhere."""
    if isinstance(value, dict):
        return {
            k: _with_environment(v, f"{where}.{k}".lstrip("."), problems) for k, v in value.items()
        }
    if isinstance(value, list):
        return [_with_environment(v, f"{where}.{i}", problems) for i, v in enumerate(value)]
    if not isinstance(value, str):
        return value

    def replaced(match: re.Match[str]) -> str:
        name = match[1]
        if name not in os.environ:
            problems.add(
                f"{where}: ${{{name}}}",
                f"the environment has no variable {name}",
                f"Set it (export {name}=...) or write the path out",
            )
        return os.environ.get(name, match[0])

    return _ENVIRONMENT.sub(replaced, value)


def _change(raw: dict[str, Any], where: str, value: Any) -> None:
    """Set one value by its dotted path, e.g. `arms.single.recipe`, in place."""
    target: Any = raw
    rest = where
    while True:
        step, dot, after = rest.partition(".")
        if isinstance(target, list):
            place: Any = _place(target, step, where)
        elif isinstance(target, dict):
            # In an arm `npr.factor` is one key, there already or not.
            if rest in target or ("detector" in target and step not in target):
                step, dot = rest, ""
            place = step
        else:
            raise _refused(
                f"--set {where}", f"{step!r} lies inside a plain value", "Set that value"
            )
        if not dot:
            target[place] = value
            return
        target = target.setdefault(place, {}) if isinstance(target, dict) else target[place]
        rest = after


def _place(entries: list[Any], step: str, where: str) -> int:
    """Return the index of a list's entry, which is named by its number or its `name`."""
    if step.isdigit() and int(step) < len(entries):
        return int(step)
    named = [i for i, e in enumerate(entries) if isinstance(e, dict) and e.get("name") == step]
    if len(named) != 1:
        raise _refused(
            f"--set {where}",
            f"there is no entry {step!r}",
            f"Use its number, 0 to {len(entries) - 1}, or its name",
        )
    return named[0]
