"""Whether a JSON value is of the shape that a TypedDict states, said in words where it is not."""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Mapping
from functools import lru_cache
from typing import Any


def misfit(value: object, hint: Any, place: str = "") -> str | None:
    """Return the first place of a value that is not of a type, None where all is.

    Knows what records are made of: TypedDicts, dicts, lists, unions, plain types and Any. Fields
    that are absent, or that the TypedDict does not state, are no misfit.
    """
    if hint is Any:
        return None
    if typing.is_typeddict(hint):
        return _misfit_of_fields(value, hint, place)
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        found = [misfit(value, each, place) for each in inner]
        return None if None in found else found[0]
    if origin is list and isinstance(value, list):
        return _first(misfit(each, inner[0], f"{place}[{n}]") for n, each in enumerate(value))
    if origin is dict and isinstance(value, dict):
        return _first(misfit(each, inner[1], f"{place}.{key}") for key, each in value.items())
    wanted = origin or hint
    is_one = isinstance(value, (int, float) if wanted is float else wanted)
    if is_one and (wanted is bool or not isinstance(value, bool)):
        infinite = isinstance(value, float) and not math.isfinite(value)
        return f"{place.lstrip('.') or 'it'} is {value}" if infinite else None
    return f"{place.lstrip('.') or 'it'} is a {type(value).__name__}"


def _misfit_of_fields(value: object, hint: Any, place: str) -> str | None:
    if not isinstance(value, Mapping):
        return f"{place.lstrip('.') or 'it'} is a {type(value).__name__}"
    hints = _fields(hint)
    return _first(
        misfit(value[name], hints[name], f"{place}.{name}") for name in hints if name in value
    )


def _first(found: typing.Iterable[str | None]) -> str | None:
    return next((each for each in found if each is not None), None)


@lru_cache(maxsize=64)
def _fields(hint: Any) -> dict[str, Any]:
    return typing.get_type_hints(hint)
