"""A detector's options in words: which values each takes, and what its docstring says of it."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from detectors.contract import Options

_LIMITS = {
    "minimum": "from {}",
    "exclusiveMinimum": "above {}",
    "maximum": "to {}",
    "exclusiveMaximum": "below {}",
    "gt": "above {}",
    "ge": "from {}",
    "lt": "below {}",
    "le": "to {}",
}
_TYPES = {"integer": "whole number", "boolean": "true or false", "string": "text", "null": "none"}


@dataclass(frozen=True)
class OptionInWords:
    """One option: its values, its default as the file would write it, and its docstring."""

    name: str
    values: str
    default: str
    about: str


def options_in_words(options: type[Options]) -> list[OptionInWords]:
    """Every option of a detector, in the order in which it declares them."""
    schema = options.model_json_schema()
    shared = schema.get("$defs", {})
    docstrings = _docstrings(options)
    default = options().model_dump(mode="json")
    return [
        OptionInWords(name, _values(about, shared), _said(default[name]), docstrings.get(name, ""))
        for name, about in schema.get("properties", {}).items()
    ]


def _values(about: Mapping[str, Any], shared: Mapping[str, Any]) -> str:
    """The values that a part of a JSON schema allows."""
    if "$ref" in about:
        return _values(shared.get(about["$ref"].rpartition("/")[2], {}), shared)
    if "anyOf" in about:
        return " | ".join(dict.fromkeys(_values(each, shared) for each in about["anyOf"]))
    if "enum" in about:
        return " | ".join(map(_said, about["enum"]))
    if "const" in about:
        return _said(about["const"])
    if about.get("type") == "array":
        return f"list of {_values(about.get('items', {}), shared)}"
    kind = _TYPES.get(about.get("type", ""), about.get("type", "value"))
    limits = [words.format(_said(about[key])) for key, words in _LIMITS.items() if key in about]
    return ", ".join([kind, *limits])


def _said(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(_said, value))}]"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _docstrings(options: type[Options]) -> dict[str, str]:
    """The text below each field, of the class itself and of those that it inherits from."""
    found: dict[str, str] = {}
    for each in reversed(options.__mro__):
        if not (issubclass(each, Options) and each is not Options):
            continue
        try:
            [tree] = ast.parse(textwrap.dedent(inspect.getsource(each))).body
        except (OSError, TypeError, SyntaxError, ValueError):  # source that is not there
            continue
        assert isinstance(tree, ast.ClassDef)
        for field, below in zip(tree.body, tree.body[1:], strict=False):
            match field, below:
                case (
                    ast.AnnAssign(target=ast.Name(id=name)),
                    ast.Expr(value=ast.Constant(value=str() as text)),
                ):
                    found[name] = " ".join(text.split())
    return found
