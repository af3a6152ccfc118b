"""From two sides to whole blocks of numbers: what both have, of the generators that are asked for.

A seed, training set or test set with a cell missing is left out and named, so that both sides are
means over the same cells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.comparing.blocks import Block, ComparedEntry, Values, mean_of_each
from analysis.comparing.compared_cells import ComparedCell
from analysis.comparing.question import SCOPES, Scope, Unanswerable
from analysis.comparing.sides import Sides, rows_of
from analysis.comparing.whole_blocks import Kept, numbered, whole_block
from analysis.matrices.relations import RELATIONS, Relation

Entry = Sequence[ComparedCell | None]
ValuesOfEntry = Callable[[Entry, Entry], tuple[Sequence[float | None], Sequence[float | None]]]
"""Gives a metric of the cells of A and of B in one entry, on the same images."""
_CellsOfPlace = Mapping[int | None, ComparedCell]


@dataclass(frozen=True)
class _Place:
    """A training set on a test set, with the cells of both sides by seed."""

    trained: str
    a: _CellsOfPlace
    b: _CellsOfPlace

    @property
    def example(self) -> ComparedCell:
        """A cell, for what all of them share."""
        return next(iter(self.a.values()))


def block_of(sides: Sides, scope: Scope, values_of: ValuesOfEntry) -> Block:
    """Gather the whole blocks of two sides.

    Args:
        sides: matched sides.
        scope: which tested generators are part of it, by what both sides were trained on.
        values_of: the metric.

    Raises:
        Unanswerable: no test set is in the scope, nothing is measured of both sides, or test sets
            of one name hold other images.
    """
    places = _places(sides, SCOPES[scope])
    if not places:
        raise Unanswerable(
            f"No test set of {sides.a.name} and {sides.b.name} is of generators that are asked "
            f"for (on: {scope}, which is: {_scope_words(scope)})",
            "Ask for others, such as on: all, or test on more generators",
        )
    seeds_a = _seeds(place.a for place in places)
    seeds_b = _seeds(place.b for place in places)
    a_SP, b_SP = _measured(places, seeds_a, seeds_b, values_of)
    rows = numbered([place.trained for place in places])
    columns = numbered([place.example.column.key for place in places])
    kept = whole_block(np.isnan(a_SP), np.isnan(b_SP), rows, columns)
    if not (kept.places.any() and kept.seeds_a.any() and kept.seeds_b.any()):
        raise Unanswerable(
            f"Nothing is measured yet of both {sides.a.name} and {sides.b.name} on the same test "
            "sets",
            "Run the experiment, and ask again",
        )
    remaining = [place for place, keep in zip(places, kept.places, strict=True) if keep]
    chosen_a = [seed for seed, keep in zip(seeds_a, kept.seeds_a, strict=True) if keep]
    chosen_b = [seed for seed, keep in zip(seeds_b, kept.seeds_b, strict=True) if keep]
    trained = tuple(dict.fromkeys(place.trained for place in remaining))
    facts = {p.example.test_set["generator"]: p.example.test_set for p in remaining}
    # In the order of the matrix, where the first row begins with its own, which may not count.
    in_order = dict.fromkeys(cell.test_set["generator"] for cell in sides.a.cells)
    generators = tuple(each for each in in_order if each in facts)
    arrange = _Arranging(remaining, trained, generators)
    return Block(
        a_STG=arrange.of(a_SP[kept.seeds_a][:, kept.places]),
        b_STG=arrange.of(b_SP[kept.seeds_b][:, kept.places]),
        seeds_a=tuple(chosen_a),
        seeds_b=tuple(chosen_b),
        trained=trained,
        generators=generators,
        families=tuple(facts[each]["family"] for each in generators),
        groups=tuple(facts[each]["generator_group"] for each in generators),
        entries=tuple(
            ComparedEntry(tuple(p.a[s] for s in chosen_a), tuple(p.b[s] for s in chosen_b))
            for p in remaining
        ),
        diagonal=_diagonal(remaining),
        left_out=_said(kept, sides, places, (seeds_a, seeds_b), (rows, columns)),
        is_same_fits={c.fit["fit_id"] for c in sides.a.cells}
        == {c.fit["fit_id"] for c in sides.b.cells},
    )


def _places(sides: Sides, allowed: Sequence[Relation]) -> list[_Place]:
    a, b = _by_place(sides.a.cells), _by_place(sides.b.cells)
    _refuse_other_images(sides)
    return [
        _Place(row, a[row, key], b[other, key])
        for row, other in rows_of(sides).items()
        for key in dict.fromkeys(cell.column.key for cell in sides.a.cells)
        if _is_part(a.get((row, key), {}), allowed) and _is_part(b.get((other, key), {}), allowed)
    ]


def _refuse_other_images(sides: Sides) -> None:
    """Refuse test sets that bear one name on both sides and hold other pools or classes."""
    of_a, of_b = (_keys_by_name(side.cells) for side in (sides.a, sides.b))
    for name in of_a.keys() & of_b.keys():
        if not of_a[name] & of_b[name]:
            raise Unanswerable(
                f"The test set {name} of {sides.a.name} and that of {sides.b.name} hold other "
                "images under one name",
                "Score both on the same pools, reals and classes included",
            )


def _keys_by_name(cells: Sequence[ComparedCell]) -> dict[str, set[tuple[object, ...]]]:
    found: dict[str, set[tuple[object, ...]]] = {}
    for cell in cells:
        found.setdefault(cell.test_set["name"], set()).add(cell.column.key)
    return found


def _by_place(
    cells: Sequence[ComparedCell],
) -> dict[tuple[str, tuple[object, ...]], dict[int | None, ComparedCell]]:
    found: dict[tuple[str, tuple[object, ...]], dict[int | None, ComparedCell]] = {}
    for cell in cells:
        at_place = found.setdefault((cell.train, cell.column.key), {})
        if cell.seed in at_place:
            raise Unanswerable(
                f"Two fits of seed {cell.seed} stand on one side: "
                f"{at_place[cell.seed].fit['label']} and {cell.fit['label']}",
                "Say with `where` which is meant",
            )
        at_place[cell.seed] = cell
    return found


def _is_part(cells: _CellsOfPlace, allowed: Sequence[Relation]) -> bool:
    return bool(cells) and all(cell.relation in allowed for cell in cells.values())


def _seeds(places: Iterable[_CellsOfPlace]) -> list[int | None]:
    found = {seed for cells in places for seed in cells}
    return sorted(found, key=lambda seed: -1 if seed is None else seed)


def _measured(
    places: Sequence[_Place],
    seeds_a: Sequence[int | None],
    seeds_b: Sequence[int | None],
    values_of: ValuesOfEntry,
) -> tuple[Values, Values]:
    """Return both sides' values, (seeds, places); NaN where there is none."""
    a_PS, b_PS = [], []
    for place in places:
        of_a, of_b = values_of([place.a.get(s) for s in seeds_a], [place.b.get(s) for s in seeds_b])
        a_PS.append([np.nan if value is None else value for value in of_a])
        b_PS.append([np.nan if value is None else value for value in of_b])
    return np.array(a_PS, np.float64).T, np.array(b_PS, np.float64).T


@dataclass(frozen=True)
class _Arranging:
    """Puts values of places in the order of training sets and generators."""

    places: Sequence[_Place]
    trained: Sequence[str]
    generators: Sequence[str]

    def of(self, values_SP: Values) -> Values:
        """Return (seeds, training sets, generators), test sets of one generator as their mean."""
        values_STP = np.full((len(values_SP), len(self.trained), len(self.places)), np.nan)
        for number, place in enumerate(self.places):
            values_STP[:, self.trained.index(place.trained), number] = values_SP[:, number]
        names = [place.example.test_set["generator"] for place in self.places]
        members = [[n for n, name in enumerate(names) if name == g] for g in self.generators]
        return mean_of_each(values_STP, members)


def _said(
    kept: Kept,
    sides: Sides,
    places: Sequence[_Place],
    seeds: tuple[Sequence[int | None], Sequence[int | None]],
    numbers: tuple[Sequence[int], Sequence[int]],
) -> tuple[str, ...]:
    said = []
    for axis, number in kept.dropped:
        if axis in ("a", "b"):
            side = sides.a if axis == "a" else sides.b
            said.append(f"seed {seeds[axis == 'b'][number]} of {side.name}")
        elif axis == "row":
            said.append(f"training set {places[numbers[0].index(number)].trained}")
        else:
            said.append(f"test set {places[numbers[1].index(number)].example.test_set['name']}")
    return tuple(said)


def _diagonal(places: Sequence[_Place]) -> str:
    trained = ["trained" in {c.relation for c in (*p.a.values(), *p.b.values())} for p in places]
    return "only" if all(trained) else "in" if any(trained) else "out"


def _scope_words(scope: Scope) -> str:
    return "; ".join(RELATIONS[each] for each in SCOPES[scope])
