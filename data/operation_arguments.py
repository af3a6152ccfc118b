"""Parameters of operations: checked against the factory's annotation and written one way.

`hflip(p=1)` and `hflip(p=1.0)` are the same operation, so a whole number given for a float becomes
one; everything else of the wrong type is refused rather than guessed.
"""

import json
import math
import types
import typing
from typing import Any, Literal

from data.suggestions import did_you_mean


class ArgumentError(ValueError):
    """A parameter that is missing, unknown or of the wrong type."""


def coerced(name: str, value: object, annotation: Any) -> Any:
    """The value as the annotation says: int, float, str, bool, None, Literal, tuple or a union.

    Raises:
        ArgumentError: it cannot be.
    """
    origin = typing.get_origin(annotation)
    if origin in {typing.Union, types.UnionType}:
        return _coerced_to_any(name, value, typing.get_args(annotation))
    if origin is Literal:
        choices = typing.get_args(annotation)
        if value in choices:
            return value
        raise ArgumentError(
            f"{name}={value!r} is not a choice. {did_you_mean(str(value), map(str, choices))}"
        )
    if origin is tuple:
        members = typing.get_args(annotation)
        if isinstance(value, tuple | list) and len(value) == len(members):
            return tuple(
                coerced(name, item, member) for item, member in zip(value, members, strict=True)
            )
        raise ArgumentError(f"{name}={value!r} must be a tuple of {len(members)} values.")
    return _coerced_to_plain(name, value, annotation)


def canonical_value(value: object) -> str:
    """The one way to write a parameter."""
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, tuple):
        return f"({','.join(canonical_value(item) for item in value)})"
    return repr(value)


def _coerced_to_any(name: str, value: object, annotations: tuple[Any, ...]) -> Any:
    errors = []
    for annotation in annotations:
        try:
            return coerced(name, value, annotation)
        except ArgumentError as error:
            errors.append(str(error))
    raise ArgumentError(errors[0])


def _coerced_to_plain(name: str, value: object, annotation: Any) -> Any:
    if annotation is float and type(value) in {int, float}:
        number = _float(name, value)
        # -0.0 equals 0.0 but would be written differently.
        return number + 0.0
    if type(value) is annotation or (annotation is type(None) and value is None):
        return value
    wanted = {int: "a whole number", float: "a number", str: "a quoted string"}.get(
        annotation, getattr(annotation, "__name__", str(annotation))
    )
    raise ArgumentError(f"{name}={value!r} must be {wanted}.")


def _float(name: str, value: Any) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ArgumentError(f"{name}={value!r} must be a finite number.")
    return number
