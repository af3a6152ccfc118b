"""The matrices of one expansion of an experiment, made from its cells in the store."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Self

from analysis.matrices.arms import ArmOfFit, arms_of
from analysis.matrices.heads import (
    column_heads,
    row_head,
    row_name,
    row_place,
    set_key,
    shared_prefix,
)
from analysis.matrices.lineage import SeenGenerators, seen_generators
from analysis.matrices.matrix import Matrix, MatrixEntry, SeedCell
from analysis.matrices.relations import relation_of
from analysis.matrices.training_facts import TrainingFacts, read_steps, training_facts
from analysis.measuring.cell_measures import Measured
from analysis.measuring.cells import measured_cells
from analysis.selecting.selection import StoreSelection
from grid.records.ensembles import EnsembleCell, ensemble_cells_of
from grid.records.experiments import Cell, ExperimentRecord, FitRecord, cells_of, resolved_epochs
from grid.records.pieces import Piece
from grid.refusal import Refused


class AmbiguousSeeds(Refused):
    """Two fits of one seed in one entry."""

    @classmethod
    def of(cls, one: str, other: str) -> Self:
        """Name the two fits."""
        return cls.because(
            f"{one} and {other}",
            "they have one seed and equal settings, so no mean over seeds can be taken",
            "Ask `crossgen diff` in what they differ, and leave one out: --only arm=NAME",
        )


def matrices(selection: StoreSelection, experiment: ExperimentRecord) -> list[Matrix]:
    """Return an experiment's matrices, in its file's order; what is missing is in them as such.

    Args:
        selection: of this experiment alone.
        experiment: its expansion.
    """
    measured: dict[tuple[object, ...], Measured] = {
        (each.cell.fit_id, each.cell.epoch, *_condition(each.cell)): each.measured
        for each in measured_cells(selection)
    }
    scored: dict[tuple[object, ...], tuple[Piece, ...]] = {
        (cell.fit_id, cell.epoch, *_condition(cell)): (*cell.real, *cell.fake)
        for cell, _ in selection.complete_cells
    }
    scored.update(
        ((cell.fit_id, cell.epoch, *_condition(cell)), cell.pieces)
        for cell, _ in selection.complete_ensemble_cells
    )
    fits = dict(selection.fits_of(experiment))
    grouped: dict[ArmOfFit, list[tuple[Cell, SeedCell]]] = {}
    for cell in (*cells_of(experiment), *ensemble_cells_of(experiment)):
        fit = fits[cell.fit_id]
        arm = ArmOfFit.of(fit, cell, fits)
        place = (cell.fit_id, _epoch(cell, selection), *_condition(cell))
        found = measured.get(place)
        unused = scored.get(place, ()) if found is None else ()
        seed_cell = SeedCell(cell.fit_id, fit["seed"], found, unused)
        grouped.setdefault(arm, []).append((cell, seed_cell))
    grouped = _with_parents_seeds_apart(grouped, fits)
    titles = arms_of(grouped)
    order = [set_key(record) for record in experiment["test_sets"]]
    steps = read_steps(selection)
    made = []
    for arm, cells in grouped.items():
        own = {cell.fit_id: fits[cell.fit_id] for cell, _ in cells}
        facts = training_facts(dict(arm.settings), own.values(), selection.commits, steps)
        made.append(_matrix(titles[arm], arm, facts, cells, fits, order))
    return made


def _with_parents_seeds_apart(
    grouped: dict[ArmOfFit, list[tuple[Cell, SeedCell]]], fits: dict[str, FitRecord]
) -> dict[ArmOfFit, list[tuple[Cell, SeedCell]]]:
    """Split groups in which fits of one seed began with weights of several seeds."""
    apart: dict[ArmOfFit, list[tuple[Cell, SeedCell]]] = {}
    for arm, cells in grouped.items():
        places = [
            (row_name(fits[cell.fit_id]), set_key(cell.record), seed_cell.seed)
            for cell, seed_cell in cells
        ]
        is_clear = len(set(places)) == len(places)
        for cell, seed_cell in cells:
            own = arm if is_clear else arm.of_parents_seed(fits[cell.fit_id], fits)
            apart.setdefault(own, []).append((cell, seed_cell))
    return apart


def _matrix(
    title: str,
    arm: ArmOfFit,
    facts: TrainingFacts,
    cells: Sequence[tuple[Cell, SeedCell]],
    fits: dict[str, FitRecord],
    order: Sequence[tuple[object, ...]],
) -> Matrix:
    asked = {set_key(cell.record): cell.record for cell, _ in cells}
    sets = {key: asked[key] for key in order if key in asked}
    names: dict[str, FitRecord] = {}
    for cell, _ in cells:
        fit = fits[cell.fit_id]
        names.setdefault(row_name(fit), fit)
    families = list(dict.fromkeys(record["family"] for record in sets.values()))
    keys = sorted(sets, key=lambda key: families.index(sets[key]["family"]))
    place = {sets[key]["generator"]: n for n, key in reversed(list(enumerate(keys)))}
    ordered = sorted(names, key=lambda name: row_place(names[name], families, place))
    seen = {name: seen_generators(fit, fits) for name, fit in names.items()}
    found: dict[tuple[str, tuple[object, ...]], list[tuple[Cell, SeedCell]]] = {}
    for cell, seed_cell in cells:
        key = (row_name(fits[cell.fit_id]), set_key(cell.record))
        found.setdefault(key, []).append((cell, seed_cell))
    return Matrix(
        title=title,
        settings=dict(arm.settings),
        facts=facts,
        rows=tuple(row_head(names[name], fits, shared_prefix(ordered)) for name in ordered),
        columns=column_heads([sets[key] for key in keys]),
        entries=tuple(
            tuple(_entry(found.get((name, key)), names[name], seen[name]) for key in keys)
            for name in ordered
        ),
    )


def _entry(
    cells: Sequence[tuple[Cell, SeedCell]] | None, fit: FitRecord, seen: SeenGenerators
) -> MatrixEntry | None:
    if not cells:
        return None
    ordered = sorted((c for _, c in cells), key=lambda c: -1 if c.seed is None else c.seed)
    for one, other in pairwise(ordered):
        if one.seed == other.seed:
            raise AmbiguousSeeds.of(one.fit_id, other.fit_id)
    return MatrixEntry(relation_of(fit, seen, cells[0][0].record), tuple(ordered))


def _epoch(cell: Cell, selection: StoreSelection) -> int | str | None:
    if isinstance(cell, EnsembleCell):  # its members' numbers differ
        return cell.epoch
    commit = selection.commits.get(cell.fit_id)
    epochs = resolved_epochs([cell.epoch], commit) if commit is not None else []
    return epochs[0] if epochs else None


def _condition(cell: Cell) -> tuple[object, ...]:
    return (set_key(cell.record), cell.degradation, cell.test_pipeline, cell.equalise)
