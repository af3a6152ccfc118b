"""Weights from files that a fit begins with, and what is said of what they were trained on.

A fit's `weights` are `{"from": fit, "epoch": ...}`, `{"sha256": ...}` for a file, or
`{"parts": {part: {"sha256": ...}}}` for several. A file's value may say more, which no identity
holds: `name` and `path` where it lies, `trained_on` what was stated of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

# What a file is, whatever it is called and wherever it lies; `backbone`: not a whole detector.
IDENTITY = ("sha256", "backbone")
NAME_LETTERS = 8
"""Of a checksum, for people."""


class _AlwaysStated(TypedDict):
    generators: list[str]


class StatedTraining(_AlwaysStated, total=False):
    """What weights were trained on, as somebody stated it.

    `generators` is empty where no generated image was among them. `groups` and `families` are those
    of the generators, and stand in an experiment's record only. Without `classes` nothing was said
    of them.
    """

    groups: list[str]
    families: list[str]
    classes: list[str]


def given_files(weights: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    """Return the files that a fit begins with; none where it begins at random or from a fit."""
    if weights is None or "from" in weights:
        return []
    return [*weights["parts"].values()] if "parts" in weights else [weights]


def identity_of(weights: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a fit's weights is in its identity: what the bytes are, not where they lie."""
    if "from" in weights:
        return dict(weights)
    if "parts" in weights:
        return {"parts": {part: identity_of(file) for part, file in weights["parts"].items()}}
    return {key: weights[key] for key in IDENTITY if key in weights}


def stated_training(weights: Mapping[str, Any] | None) -> StatedTraining | None:
    """Return what all files together were trained on; None where of one nobody has said it."""
    stated = [file.get("trained_on") for file in given_files(weights)]
    if not stated or any(each is None for each in stated):
        return None
    every = [each for each in stated if each is not None]
    found = StatedTraining(
        generators=_union(every, "generators"),
        groups=_union(every, "groups"),
        families=_union(every, "families"),
    )
    if all("classes" in each for each in every):
        found["classes"] = _union(every, "classes")
    return found


def name_of_weights(weights: Mapping[str, Any]) -> str:
    """Return what people call given weights: their name, else the beginning of their checksum."""
    called = [
        str(file.get("name") or str(file.get("sha256", ""))[:NAME_LETTERS])
        for file in given_files(weights)
    ]
    return "+".join(called)


def _union(stated: list[Mapping[str, Any]], key: str) -> list[str]:
    return list(dict.fromkeys(value for each in stated for value in each.get(key, ())))
