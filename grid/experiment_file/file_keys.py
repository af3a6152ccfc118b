"""Which keys may stand at a place of an experiment file, for the suggestions of a refusal."""

from __future__ import annotations

from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel


def keys_at(model: Any, loc: tuple[Any, ...]) -> list[str]:
    """Return the names of the keys that are allowed at a place, given by its keys."""
    candidates: list[Any] = [model]
    for step in loc:
        found: list[Any] = []
        for candidate in candidates:
            for inner in _unwrapped(candidate):
                if isinstance(inner, type) and issubclass(inner, BaseModel):
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
