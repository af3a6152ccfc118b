"""In which values two fits differ, with the words and the defaults that people know them by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from data.decode_version import DECODE
from detectors.contract import Card, Pipelines, load_card, parse_options
from detectors.input_geometry import input_pipelines
from detectors.recipe_fields import Recipe

# Rows of images stand in a description as digests.
IMAGES = {"training": "training image", "validation": "validation image"}
_WORDS = {
    "plugin": "text of the plug-in, sha256",
    "card": "card version",
    "augment": "augmentation",
    "train_geometry": "training input",
    "validation_geometry": "validation input",
    "training_semantics": "version of what a training means",
    "weights.from": "initial weights of fit",
    "weights.epoch": "initial weights of epoch",
    "weights.sha256": "initial weights with sha256",
}


def differing_fields(
    first: Mapping[str, Any], second: Mapping[str, Any], prefix: str = ""
) -> dict[str, tuple[Any, Any]]:
    """Return the fields of two descriptions that differ, by dotted name; absent is None.

    An operation that only one of them uses is left out: the pipelines that name it differ.
    """
    found: dict[str, tuple[Any, Any]] = {}
    for key in sorted({*first, *second}):
        one, other = first.get(key), second.get(key)
        if isinstance(one, Mapping) or isinstance(other, Mapping):
            found.update(differing_fields(one or {}, other or {}, f"{prefix}{key}."))
        elif one != other and not (
            prefix == "operations." and None in (one, other) and key != DECODE
        ):
            found[f"{prefix}{key}"] = (one, other)
    return found


def distance(first: Mapping[str, Any], second: Mapping[str, Any]) -> int:
    """Return how many values differ, those of a mapping each for itself."""
    if first == second:
        return 0
    count = 0
    for key in first.keys() | second.keys():
        one, other = first.get(key), second.get(key)
        if one != other:
            nested = isinstance(one, Mapping) or isinstance(other, Mapping)
            count += distance(one or {}, other or {}) if nested else 1
    return count


def field_in_words(name: str) -> str:
    """Return what people call a field of a description."""
    if name in IMAGES:
        return f"{IMAGES[name]}s"
    group, _, rest = name.partition(".")
    if group == "operations":
        return f"version of {rest}"
    return rest if group in ("recipe", "options") else _WORDS.get(name, name)


def value_in_words(name: str, value: Any, description: Mapping[str, Any]) -> str:
    """Return a field's value; of one that is left out, the default that it stands for.

    Args:
        name: of the field, dotted.
        value: None where the description leaves it out.
        description: the whole of it: its detector knows the default of an option.
    """
    if value is not None:
        return _said(value)
    default = _default(name, description)
    return "default" if default is None else f"{_said(default[0])} (default)"


def _default(name: str, description: Mapping[str, Any]) -> tuple[Any] | None:
    """Return the default in a tuple of one, None where it is not known today."""
    group, _, key = name.partition(".")
    if name in ("augment", "equalise"):
        return ("none",)
    if name in ("training_semantics", f"operations.{DECODE}"):
        return (1,)
    if group == "weights":
        return ("random",)
    if group == "recipe":
        field = Recipe.model_fields.get(key)
        is_known = field is not None and not field.is_required() and "recipe" in description
        return (field.get_default(),) if field is not None and is_known else None
    card = _card(description)
    if card is None:
        return None
    if name in ("train_geometry", "validation_geometry"):
        pipelines = _default_pipelines(card, description)
        if pipelines is None:
            return None
        return (pipelines.train if name == "train_geometry" else pipelines.test,)
    options = card.options().model_dump(mode="json")
    return (options[key],) if group == "options" and key in options else None


def _default_pipelines(card: Card, description: Mapping[str, Any]) -> Pipelines | None:
    """Return the geometry of an input that nobody chose, None where the options are not known."""
    try:
        return input_pipelines(card, parse_options(card, description.get("options", {})))
    except ValueError:
        return None


def _card(description: Mapping[str, Any]) -> Card | None:
    """Return the card of a fit where it is there today, in the version that the fit was of."""
    try:
        card = load_card(str(description["detector"]))
    except ValueError:
        return None
    return card if card.version == description.get("card") else None


def _said(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_said, value))}]"
    return "none" if value is None else str(value)
