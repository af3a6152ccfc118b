"""Two sides of a comparison: fits that differ in one setting, everything else being equal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.comparing.compared_cells import GIVEN, ComparedCell
from analysis.comparing.question import Unanswerable

_OF_IMAGES = ("degradation", "equalise", "epoch")
"""What has to be equal of any two sides: else other pictures, or other epochs, are compared."""
_COMES_WITH = {
    "detector": ("input", "test input", "validated on", "weights", "recipe", "augment"),
    "arm": ("",),
    "matrix": ("",),
    "recipe": ("recipe", "validated on"),
    "weights": ("weights",),
    "input": ("test input", "validated on"),
    "train": ("recipe",),
}
"""By what is compared: beginnings of settings that may come with it, and are then told."""


@dataclass(frozen=True)
class Side:
    """One side: its name, the settings of its fits, its cells."""

    name: str
    settings: Mapping[str, str]
    cells: tuple[ComparedCell, ...]


@dataclass(frozen=True)
class Sides:
    """Two sides that differ in one setting.

    `stratum` says in which of the settings that both share there are other such pairs, "" where
    this is the only one. `also` names what else differs, since it comes with the setting.
    """

    key: str
    a: Side
    b: Side
    stratum: str
    also: tuple[str, ...]


def sides_of(
    key: str,
    a: tuple[str, Sequence[ComparedCell]],
    b: tuple[str, Sequence[ComparedCell]],
) -> tuple[list[Sides], list[str]]:
    """Match the fits of two levels by all their other settings.

    Args:
        key: the setting.
        a: the name of one level, and its cells.
        b: likewise of the other.

    Returns:
        The matched pairs, and what has no partner, in words.

    Raises:
        Unanswerable: nothing of both is equal but for the setting.
    """
    ours, theirs = _by_settings(*a), _by_settings(*b)
    matched: list[tuple[Side, Side]] = []
    hindrances: list[list[str]] = []
    for one in ours:
        possible = []
        for other in theirs:
            differing = _differing(key, one.settings, other.settings)
            forbidden = [k for k in differing if not _may(key, one.settings, other.settings, k)]
            if forbidden:
                hindrances.append(forbidden)
            else:
                possible.append((len(_also(key, one, other)), other))
        fewest = min((count for count, _ in possible), default=0)
        matched.extend((one, other) for count, other in possible if count == fewest)
    if not matched:
        least = min(hindrances, key=len)
        raise Unanswerable(
            f"{a[0]} and {b[0]} differ in more than {key}: {', '.join(least)}",
            "Compare what is equal but for one thing, or narrow it with `where`",
        )
    told = _told_apart([one for one, _ in matched]) | _told_apart([other for _, other in matched])
    pairs = [
        Sides(
            key=key,
            a=one,
            b=other,
            stratum=_stratum(told - {key}, one.settings, other.settings),
            also=tuple(
                f"{k} ({one.settings.get(k, 'none')} and {other.settings.get(k, 'none')})"
                for k in _also(key, one, other)
            ),
        )
        for one, other in matched
    ]
    used = [side for pair in matched for side in pair]
    alone = [side for side in (*ours, *theirs) if all(side is not each for each in used)]
    return pairs, [f"{side.name}: {side.cells[0].title}" for side in alone]


def rows_of(sides: Sides) -> dict[str, str]:
    """Return the training sets that both sides have, each as A and as B call it.

    Where the training set is what is compared each side has its own; weights that were given are
    held against each other, or against one training set.

    Raises:
        Unanswerable: they have none in common.
    """
    ours, theirs = (dict.fromkeys(cell.train for cell in side.cells) for side in (sides.a, sides.b))
    if sides.key == "train" or (len(ours) == len(theirs) == 1 and GIVEN in (*ours, *theirs)):
        return dict(zip(ours, theirs, strict=False))
    shared = {row: row for row in ours if row in theirs}
    if not shared:
        raise Unanswerable(
            f"{sides.a.name} and {sides.b.name} were not trained on the same images: "
            f"{', '.join(ours)}; {', '.join(theirs)}",
            "Train both on the same sets",
        )
    return shared


def _by_settings(name: str, cells: Sequence[ComparedCell]) -> list[Side]:
    found: dict[frozenset[tuple[str, str]], list[ComparedCell]] = {}
    for cell in cells:
        found.setdefault(frozenset(cell.settings.items()), []).append(cell)
    return [Side(name, each[0].settings, tuple(each)) for each in found.values()]


def _also(key: str, one: Side, other: Side) -> list[str]:
    """Name what differs besides, but for options that only one of two detectors has."""
    differing = _differing(key, one.settings, other.settings)
    return [k for k in differing if not _is_own(k, one.settings, other.settings)]


def _differing(key: str, one: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    """Name the settings that differ, but for the compared one, also that of earlier stages."""
    keys = dict.fromkeys((*one, *other))
    return [k for k in keys if k not in (key, f"weights.{key}") and one.get(k) != other.get(k)]


def _may(key: str, one: Mapping[str, str], other: Mapping[str, str], setting: str) -> bool:
    """Say whether a setting may differ, since it comes with what is compared."""
    if setting in _OF_IMAGES:
        return False
    return _is_own(setting, one, other) or setting.startswith(_COMES_WITH.get(key, ("\0",)))


def _is_own(setting: str, one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Say whether a setting is an option that only one of two detectors has."""
    detectors = (one["detector"], other["detector"])
    owner = setting.partition(".")[0]
    return detectors[0] != detectors[1] and owner in detectors


def _told_apart(sides: Sequence[Side]) -> set[str]:
    """Return the settings in which several matched sides differ from one another."""
    every = [side.settings for side in sides]
    told = {key for each in every for key in each if len({other.get(key) for other in every}) > 1}
    return {key for key in told if not (key.startswith("recipe.") and "recipe" in told)}


def _stratum(told: set[str], one: Mapping[str, str], other: Mapping[str, str]) -> str:
    return ", ".join(
        dict.fromkeys(
            f"{key}={side[key]}"
            for key in dict.fromkeys((*one, *other))
            for side in (one, other)
            if key in told and key in side
        )
    )
