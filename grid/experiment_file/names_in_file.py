"""Names in a file that lead nowhere, found even where its shape has mistakes: a user mends it once.

What can be read is read: an arm without its wrong keys, a test without its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from grid.experiment_file.arm_check import check_arm, check_degradations
from grid.experiment_file.schema import Arm, TestSpec
from grid.refusal import Problems, did_you_mean

Raw = Mapping[Any, Any]
Model = TypeVar("Model", bound=BaseModel)


def check_datasets(raw: Raw, problems: Problems) -> None:
    """Note every dataset that training or testing names and `data:` does not."""
    data = raw.get("data")
    if not isinstance(data, Mapping) or not data:
        return
    known = [str(alias) for alias in data]
    for where, value in _naming_datasets(raw):
        for name in value if isinstance(value, list | tuple) else [value]:
            if isinstance(name, str) and name.partition("/")[0] not in known:
                alias = name.partition("/")[0]
                problems.add(
                    f"{where}: {name}",
                    f"`data:` has no dataset {alias!r}",
                    did_you_mean(alias, known),
                )


def check_readable(raw: Raw, problems: Problems) -> None:
    """Note unknown detectors, options, recipes and operations in what can be read of a file."""
    for where, arm in _arms(raw):
        name = str(arm.get("name") or where.removeprefix("arms."))
        fallback = {"name": name, "detector": [], "train": {"all": True}}
        read = _readable(Arm, {**arm, "name": name}, fallback)
        if read is not None:
            check_arm(read, problems)
    test = raw.get("test")
    if isinstance(test, Mapping):
        read_test = _readable(TestSpec, dict(test), {})
        if read_test is not None:
            check_degradations("test", read_test, problems)


def _readable(model: type[Model], raw: dict[Any, Any], fallback: Mapping[str, Any]) -> Model | None:
    """Return a model of the keys that are well, the others replaced by `fallback`'s or left out."""
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        wrong = {item["loc"][0] if item["loc"] else None for item in error.errors()}
    options = {key for key in raw if "options" in wrong and isinstance(key, str) and "." in key}
    kept = {key: value for key, value in raw.items() if key not in wrong | options}
    try:
        return model.model_validate({**fallback, **kept})
    except ValidationError:  # a rule between keys
        return None


def _naming_datasets(raw: Raw) -> Iterator[tuple[str, Any]]:
    yield from _of_test("test", raw.get("test"))
    for alias, spec in raw["data"].items():
        if isinstance(spec, Mapping):
            yield f"data.{alias}.reals", spec.get("reals")
    for where, arm in _arms(raw):
        yield from _of_test(f"{where}.test", arm.get("test"))
        yield from _of_train(f"{where}.train", arm.get("train"))
        stages = arm.get("stages")
        for number, stage in enumerate(stages if isinstance(stages, list) else []):
            if isinstance(stage, Mapping):
                yield from _of_train(f"{where}.stages.{number}.train", stage.get("train"))


def _of_train(where: str, train: Any) -> Iterator[tuple[str, Any]]:
    for spec in train if isinstance(train, list | tuple) else [train]:
        if isinstance(spec, Mapping):
            for key in ("each", "sets"):
                yield f"{where}.{key}", spec.get(key)


def _of_test(where: str, test: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(test, Mapping):
        for key in ("sets", "reals"):
            yield f"{where}.{key}", test.get(key)


def _arms(raw: Raw) -> Iterator[tuple[str, Raw]]:
    """Yield the arms that are mappings, each with what it is called in a refusal."""
    arms = raw.get("arms")
    for index, arm in enumerate(arms if isinstance(arms, list | tuple) else []):
        if isinstance(arm, Mapping):
            name = arm.get("name")
            yield f"arms.{name if isinstance(name, str) and name else index}", arm
