"""Ladders: results that are alike but for one number, such as a JPEG quality, level by level.

What is drawn against a number is taken from the same cells at every level, so that a curve never
shows which cells happen to be missing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from analysis.figures.sides import OTHERS
from analysis.matrices.matrix import Matrix, MatrixEntry, Spread, mean_over

CellKey = tuple[object, object]
"""Row and column, which tell the same cell at several levels."""

NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w.])")
MILDER_WHEN_LARGER = frozenset({"jpeg", "webp", "resize", "crop"})
"""Degradations whose number says what is left; of all others it says what is done."""


@dataclass(frozen=True)
class FamilyEntry:
    """One training set on one test set, and the test set's family."""

    entry: MatrixEntry
    family: str


@dataclass(frozen=True)
class Level:
    """One number of a ladder: what it is called, and the entries made at it."""

    value: float
    text: str
    entries: Mapping[CellKey, FamilyEntry]


@dataclass(frozen=True)
class Ladder:
    """Levels of `axis`; `title` is what they have in common."""

    axis: str
    title: str
    levels: tuple[Level, ...]

    def means(
        self, metric: str, wanted: Callable[[FamilyEntry], bool]
    ) -> tuple[Spread, ...] | None:
        """Return a metric's mean and spread at each level, over the wanted cells all levels have.

        None where there is no such cell. A cell that lacks a seed at any level is no such cell.
        """
        common = set.intersection(*(self._whole(level, metric) for level in self.levels))
        keys = sorted(common, key=str)
        kept = [
            [at.entries[key].entry for key in keys if wanted(at.entries[key])] for at in self.levels
        ]
        spreads = [mean_over(entries, metric) for entries in kept]
        found = tuple(spread for spread in spreads if spread is not None)
        return found if len(found) == len(self.levels) else None

    @staticmethod
    def _whole(level: Level, metric: str) -> set[CellKey]:
        return {
            key
            for key, each in level.entries.items()
            if (spread := each.entry.spread(metric)) is not None
            and len(spread.values) == len(each.entry.cells)
        }

    @property
    def families(self) -> tuple[str, ...]:
        """The families of its test sets, in their order."""
        return tuple(dict.fromkeys(e.family for e in self.levels[0].entries.values()))


def is_other(each: FamilyEntry) -> bool:
    """Say whether the fits are not known to have been trained on the tested generator."""
    return each.entry.relation in OTHERS


def is_own(each: FamilyEntry) -> bool:
    """Say whether the fits were trained on the tested generator."""
    return each.entry.relation == "trained"


def entries_of(matrix: Matrix) -> dict[CellKey, FamilyEntry]:
    """Return a matrix's entries by what tells them from each other."""
    return {
        (row.label, column.key): FamilyEntry(entry, column.family)
        for row, entries in zip(matrix.rows, matrix.entries, strict=True)
        for column, entry in zip(matrix.columns, entries, strict=True)
        if entry is not None
    }


def sweeps(found: Sequence[Matrix], fewest: int = 3) -> list[Ladder]:
    """Return the ladders of settings whose values are numbers, of `fewest` levels or more."""
    names = dict.fromkeys(name for matrix in found for name in matrix.settings)
    return [
        Ladder(name, _shared_title(alike), tuple(sorted(levels, key=lambda each: each.value)))
        for name in names
        for alike in _alike_but_for(name, found)
        if len(levels := _numeric_levels(name, alike)) >= fewest
    ]


def degradation_ladders(found: Sequence[Matrix]) -> list[Ladder]:
    """Return the ladders of degradations, from the undegraded images down, the mildest first.

    Texts that differ in one number are one ladder: jpeg(90), jpeg(50). A text of one number that
    stands alone is one, too.
    """
    made = []
    for alike in _alike_but_for("degradation", found):
        by_text = {matrix.settings["degradation"]: matrix for matrix in alike}
        base = by_text.pop("none", None)
        for axis, numbered in _numbered(by_text).items():
            descends = (re.findall(r"(\w+)\([^()]*#", axis) or [""])[-1] in MILDER_WHEN_LARGER
            steps = [Level(v, f"{v:g}", entries_of(by_text[t])) for v, t in numbered]
            steps.sort(key=lambda each: -each.value if descends else each.value)
            if base is not None:
                steps.insert(0, Level(float("nan"), "none", entries_of(base)))
            if len(steps) > 1:
                made.append(Ladder(axis, _shared_title(alike), tuple(steps)))
    return made


def _numbered(texts: Iterable[str]) -> dict[str, list[tuple[float, str]]]:
    """Group texts that differ in one number: the text with # in its place, numbers and texts."""
    forms: dict[str, list[tuple[list[str], str]]] = {}
    for text in texts:
        forms.setdefault(NUMBER.sub("#", text), []).append((NUMBER.findall(text), text))
    found: dict[str, list[tuple[float, str]]] = {}
    for alike in forms.values():
        places = [n for n in range(len(alike[0][0])) if len({each[n] for each, _ in alike}) > 1]
        if not places and len(alike[0][0]) == 1:
            places = [0]
        if len(places) != 1:
            continue
        [place] = places
        first, last = list(NUMBER.finditer(alike[0][1]))[place].span()
        axis = f"{alike[0][1][:first]}#{alike[0][1][last:]}"
        found[axis] = [(float(numbers[place]), text) for numbers, text in alike]
    return found


def _alike_but_for(name: str, found: Sequence[Matrix]) -> list[list[Matrix]]:
    """Group matrices that have a setting by all their others."""
    groups: dict[tuple[tuple[str, str], ...], list[Matrix]] = {}
    for matrix in found:
        if name in matrix.settings:
            others = tuple(item for item in matrix.settings.items() if item[0] != name)
            groups.setdefault(others, []).append(matrix)
    return list(groups.values())


def _numeric_levels(name: str, found: Sequence[Matrix]) -> list[Level]:
    levels = []
    for matrix in found:
        text = matrix.settings[name]
        if NUMBER.fullmatch(text):
            levels.append(Level(float(text), text, entries_of(matrix)))
    return levels


def _shared_title(found: Sequence[Matrix]) -> str:
    """Return what the titles of several matrices have in common."""
    parts = [matrix.title.split(", ") for matrix in found]
    shared = [part for part in parts[0] if all(part in each for each in parts)]
    return ", ".join(part for part in shared if part != "undegraded")
