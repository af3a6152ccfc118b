"""What does not fit the shape of an experiment file, in its words: where, why, what to write.

Pydantic finds the mistakes and names the types of Python; a user wrote YAML.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from pydantic import ValidationError

from detectors.contract import load_card
from grid.experiment_file.example_lines import as_yaml, example
from grid.experiment_file.file_keys import keys_at
from grid.experiment_file.schema import Experiment
from grid.refusal import Problem, did_you_mean

Location = tuple[int | str, ...]
LONGEST_VALUE = 60

_OF_ONES_OWN = (
    "data",
    "resources",
    "compare",
    "parts",
)  # their keys are names that the file chooses
_MODELS = (
    "TrainSpec",
    "TestSpec",
    "InputSpec",
    "WeightsSpec",
    "WeightsFile",
    "StageSpec",
    "EnsembleSpec",
)
_BRANCHES = (*_MODELS, "str", "dict[str,any]", "constrained-int")
_KINDS = {  # of pydantic's errors, by how they begin
    "int": "must be a whole number",
    "float": "must be a number",
    "bool": "must be true or false",
    "string": "must be a name or a text",
    "path": "must be a path",
    "finite": "must be a finite number",
}
_BOUNDS = {"ge": "{} or more", "gt": "more than {}", "le": "{} or less", "lt": "less than {}"}


def explained(error: ValidationError, raw: Mapping[Any, Any]) -> list[Problem]:
    """Return pydantic's errors as problems, each mistake once.

    Args:
        error: what `Experiment.model_validate` raised.
        raw: what it was given.
    """
    items = [_plain(item, raw) for item in error.errors(include_url=False)]
    found: dict[Problem, None] = {}
    for item in items:
        location = item["loc"]
        inner = any(o["loc"][: len(location)] == location for o in items if o["loc"] != location)
        if inner and item["type"] in ("too_short", "string_type", "dict_type"):
            continue  # a list whose only entry is wrong is not too short as well
        found.setdefault(_problem(item, raw))
    return list(found)


def _plain(item: Any, raw: Mapping[Any, Any]) -> dict[str, Any]:
    """Return an error without pydantic's names of alternatives in its location."""
    location: list[int | str] = []
    for step in item["loc"]:
        if step in _BRANCHES or str(step).startswith(("tuple[", "literal[")):
            branch = _value_at(raw, tuple(location))
            if not isinstance(branch, Mapping):
                return {**item, "loc": tuple(location), "type": "alternatives"}
        else:
            location.append(step)
    return {**item, "loc": tuple(location)}


def _problem(item: Mapping[str, Any], raw: Mapping[Any, Any]) -> Problem:
    location, kind, value = item["loc"], item["type"], item.get("input")
    where, line = _where(location, raw), example(_place(location), raw)
    key = str(location[-1]) if location else ""
    write = f"Write for instance `{line}`" if line else "Correct it in the file"
    if kind == "extra_forbidden":
        known = keys_at(Experiment, location[:-1])
        mend = _as_option(location, raw) or did_you_mean(key, known).rstrip(".")
        return Problem(what=where, why="is not a key here", mend=mend)
    if kind == "missing":
        return Problem(what=where, why="is missing", mend=f"Add `{line or key + ':'}`")
    if kind == "invalid_key" or key == "[key]":
        name = location[-1] if kind == "invalid_key" else location[-2]
        why = f"YAML reads the key as {_said(name)}, which is no name"
        return Problem(
            what=where.removesuffix(".[key]"), why=why, mend=f'Write `"{name}":`, in quotes'
        )
    shown = f"{where} = {_said(value)}" if not isinstance(value, Mapping | list) else where
    if isinstance(value, bool) and not kind.startswith("bool"):
        words = "yes, on and true as true" if value else "no, off and false as false"
        quoted = '"yes" or "on"' if value else '"no" or "off"'
        why = f"YAML reads {words}, and a name is needed"
        return Problem(what=where, why=why, mend=f"Write a name in quotes, such as {quoted}")
    if value is None and kind != "value_error":
        return Problem(what=where, why="has no value", mend=write)
    if kind == "tuple_type" or (kind == "alternatives" and key == "classes"):
        return Problem(what=shown, why="must be a list", mend=_as_list(location, value))
    if kind in ("model_type", "dict_type"):
        mend = _as_mapping(location, value, raw) or write
        # Entries of one axis are one mistake: it is said of the axis.
        if isinstance(location[-1], int):
            axis = location[:-1]
            shown = f"{_where(axis, raw)} = {_said(_value_at(raw, axis))}"
        return Problem(what=shown, why="must be a mapping of keys to values", mend=mend)
    if kind == "too_short":
        return Problem(what=where, why="is empty, so nothing would be left to do", mend=write)
    return Problem(what=shown or "the file", why=_why(item), mend=_mend(item, write))


def _why(item: Mapping[str, Any]) -> str:
    kind, context = item["type"], item.get("ctx", {})
    if kind == "alternatives":
        return "is none of what can stand here"
    if kind == "literal_error":
        return f"must be {context['expected'].replace(chr(39), '')}"
    for bound, words in _BOUNDS.items():
        if bound in context:
            return f"must be {words.format(context[bound])}"
    words = next((said for begin, said in _KINDS.items() if kind.startswith(begin)), "")
    return words or str(item["msg"]).removeprefix("Value error, ").rstrip(".")


def _mend(item: Mapping[str, Any], write: str) -> str:
    if item["type"] == "literal_error" and isinstance(item["input"], str):
        known = item["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        said = did_you_mean(item["input"], known)
        near = said.removeprefix("Did you mean ").partition("?")[0].partition(" or ")[0]
        return f"Write `{item['loc'][-1]}: {near}`" if near != said else write
    if item["type"] == "value_error" and item["input"] not in ([], ()):
        return "Correct it in the file"
    return write


def _as_list(location: Location, value: Any) -> str:
    key = location[-1]
    if key == "arms" and isinstance(value, Mapping):
        return "Begin each arm with a dash: `- name: single`, its other keys below the name"
    if key == "seeds" and isinstance(value, int) and 0 < value <= 10:
        several = as_yaml(list(range(value)))
        return f"Write `seeds: [{value}]` for this seed, `seeds: {several}` for {value} seeds"
    return f"Write `{as_yaml(str(key))}: {as_yaml([value])}`"


def _as_option(location: Location, raw: Mapping[Any, Any]) -> str:
    """Return how an option is written that stands in an arm without its detector, else ""."""
    if len(location) != 3 or location[0] != "arms":
        return ""
    named, key = _value_at(raw, (*location[:-1], "detector")), str(location[-1])
    having = []
    for name in named if isinstance(named, list) else [named]:
        with suppress(ValueError):
            if key in load_card(str(name)).options.model_fields:
                having.append(f"`{name}.{key}:`")
    return f"An option bears its detector's name: write {', '.join(having)}" if having else ""


def _as_mapping(location: Location, value: Any, raw: Mapping[Any, Any]) -> str:
    """Return the mapping that a plain value at this place was probably meant to be."""
    place = _place(location)
    if place == "arms.train" and isinstance(value, str):
        whole = _value_at(raw, location[:-1])
        names = as_yaml(whole if isinstance(whole, list) else [whole])
        each = f"Write `train: {{each: {names}}}` for one fit per generator"
        return f"{each}, `train: {{sets: {names}}}` for one fit on all of it"
    if place == "data.*" and isinstance(value, str):
        return f"Write `{as_yaml(location[-1])}: {{root: {as_yaml(value)}}}`"
    if place == "data" and isinstance(value, str):
        return f"Write `data: {{photos: {{root: {as_yaml(value)}}}}}`"
    if place in ("test", "arms.test") and isinstance(value, str | list):
        sets = value if isinstance(value, list) else [value]
        return f"Write `test: {{sets: {as_yaml(sets)}}}`"
    if place == "resources.*" and isinstance(value, int | float):
        return f"Write `{as_yaml(location[-1])}: {{gpu: {value}}}`, or with `cpu:`"
    return ""


def _place(location: Location) -> str:
    """`arms.train` for ("arms", 0, "train", 1), `data.*.root` for ("data", "photos", "root")."""
    steps: list[str] = []
    for step in location:
        if isinstance(step, int):
            continue
        own = bool(steps) and steps[-1] in _OF_ONES_OWN
        steps.append("*" if own else step)
    return ".".join(steps)


def _where(location: Location, raw: Mapping[Any, Any]) -> str:
    """Name a place by keys, arms by their names, entries of lists that were given by number."""
    steps = []
    for depth, step in enumerate(location):
        if step == 0 and not isinstance(_value_at(raw, location[:depth]), list | tuple):
            continue
        arm = (
            _value_at(raw, location[: depth + 1]) if location[0] == "arms" and depth == 1 else None
        )
        name = arm.get("name") if isinstance(arm, Mapping) else None
        steps.append(name if isinstance(name, str) and name else str(step))
    return ".".join(steps)


def _value_at(raw: Any, location: Location) -> Any:
    for step in location:
        is_entry = isinstance(raw, list | tuple) and isinstance(step, int) and step < len(raw)
        if is_entry or (isinstance(raw, Mapping) and step in raw):
            raw = raw[step]
        elif step != 0:  # a single value is an axis of one
            return None
    return raw


def _said(value: Any) -> str:
    said = as_yaml(value)
    return said if len(said) <= LONGEST_VALUE else f"{said[: LONGEST_VALUE - 3]}..."
