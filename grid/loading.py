"""From a YAML file to an Experiment, with every mistake of the file named at once."""

from __future__ import annotations

import os
import re
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError

from grid.experiment import Experiment
from grid.refusal import Problem, Problems, Refused, did_you_mean

_ENVIRONMENT = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class _PlainLoader(yaml.SafeLoader):
    """YAML without aliases and without a key given twice: the file says what it says, once."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.constructor.ConstructorError(
                None, None, "anchors and aliases are not used here; write it out", event.start_mark
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key, (key_node, _) in zip(keys, node.value, strict=True):
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} is given twice", key_node.start_mark
                )
        return super().construct_mapping(node, deep)


def load_experiment(path: Path, changes: dict[str, Any] | None = None) -> Experiment:
    """Read and validate an experiment file.

    Args:
        path: the YAML file. Relative roots in it are relative to its folder.
        changes: values by dotted path that replace those of the file, e.g. {"arms.0.recipe":
            "small", "limit": 64}.

    Raises:
        Refused: the file cannot be read or is not a valid experiment; it names every mistake.
    """
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=_PlainLoader)
    except OSError as error:
        raise _refused(str(path), f"cannot be read ({error.strerror})", "Check the path") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise _refused(str(path), f"is not valid YAML: {error}", "Mend the file there") from error
    if not isinstance(raw, dict):
        raise _refused(str(path), "is not a mapping of keys to values", "See `crossgen init`")
    for where, value in (changes or {}).items():
        _change(raw, where, value)
    return parse_experiment(raw, base=path.resolve().parent)


def parse_experiment(raw: dict[str, Any], *, base: Path) -> Experiment:
    """Validate a plain mapping; relative roots are taken from `base`.

    Raises:
        Refused: with every mistake found.
    """
    problems = Problems()
    raw = _with_environment(raw, "", problems)
    try:
        experiment = Experiment.model_validate(raw)
    except ValidationError as error:
        problems.extend(_explained(error))
        problems.raise_if_any()
        raise  # unreachable: a ValidationError holds at least one error
    problems.raise_if_any()
    data = {
        alias: spec.model_copy(update={"root": _absolute(spec.root, base)})
        for alias, spec in experiment.data.items()
    }
    arms = tuple(
        arm.model_copy(
            update={
                "weights": tuple(
                    w.model_copy(update={"path": _absolute(w.path, base)}) if w and w.path else w
                    for w in arm.weights
                )
            }
        )
        for arm in experiment.arms
    )
    return experiment.model_copy(update={"data": data, "arms": arms})


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


def _explained(error: ValidationError) -> list[Problem]:
    """Pydantic's errors in our words: where, why, what to do."""
    problems = []
    errors = error.errors(include_url=False)
    for item in errors:
        # A list whose only entry is wrong is not too short as well.
        inner = (e["loc"] for e in errors if len(e["loc"]) > len(item["loc"]))
        if item["type"] == "too_short" and any(
            loc[: len(item["loc"])] == item["loc"] for loc in inner
        ):
            continue
        where = ".".join(str(step) for step in item["loc"] if step not in _TYPE_NAMES)
        value = item.get("input")
        shown = f" = {value!r}" if isinstance(value, str | int | float) else ""
        if item["type"] == "extra_forbidden":
            known = _fields_at(Experiment, item["loc"][:-1])
            problems.append(
                Problem(
                    what=where,
                    why="is not a key of an experiment file",
                    mend=did_you_mean(str(item["loc"][-1]), known),
                )
            )
        elif item["type"] == "missing":
            problems.append(Problem(what=where, why="is missing", mend=f"Add `{item['loc'][-1]}:`"))
        else:
            why = _IN_YAML.get(item["type"]) or item["msg"].removeprefix("Value error, ")
            problems.append(
                Problem(
                    what=f"{where}{shown}" or "the file", why=why, mend="Correct it in the file"
                )
            )
    return problems


# What the types of Python are called in the file.
_IN_YAML = {
    "tuple_type": "must be a list, such as [0, 1]",
    "model_type": "must be a mapping, such as {key: value}",
    "dict_type": "must be a mapping, such as {key: value}",
}
_TYPE_NAMES = {"TrainSpec", "TestSpec", "InputSpec", "WeightsSpec", "str", "dict[str,any]"}


def _fields_at(model: Any, loc: tuple[Any, ...]) -> list[str]:
    """Names of the keys that are allowed at a place of the file."""
    candidates: list[Any] = [model]
    for step in loc:
        found: list[Any] = []
        for candidate in candidates:
            for inner in _unwrapped(candidate):
                if isinstance(inner, type) and issubclass(inner, BaseModel):
                    if step == inner.__name__:
                        found.append(inner)
                    for name, field in inner.model_fields.items():
                        if step in (name, field.alias):
                            found.extend(_unwrapped(field.annotation))
                elif get_origin(inner) in (tuple, dict, list):
                    found.extend(a for a in get_args(inner) if a is not Ellipsis)
        candidates = found or candidates
    names: set[str] = set()
    for candidate in candidates:
        for inner in _unwrapped(candidate):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                names.update(f.alias or n for n, f in inner.model_fields.items())
    return sorted(names)


def _unwrapped(annotation: Any) -> list[Any]:
    origin = get_origin(annotation)
    if origin in (Union, UnionType):
        return [inner for arg in get_args(annotation) for inner in _unwrapped(arg)]
    return [annotation]
