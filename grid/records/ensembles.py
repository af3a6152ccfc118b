"""Ensembles: committed fits put together by their scores; nothing of one is trained or scored.

An experiment's record names the fits. What an ensemble is, as a row beside fits, and which cells it
has follow from its members; so its numbers can be computed from their score files alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from grid.records.commits import Commit
from grid.records.ensemble_records import EnsembleRecord
from grid.records.experiments import (
    Cell,
    ExperimentRecord,
    FitRecord,
    TrainRecord,
    cells_of,
    resolved_epochs,
)
from grid.records.oracles import is_oracle
from grid.records.pieces import Piece

OWN = "each its own"
"""Of a setting in which the members differ."""


class EnsembleFit(FitRecord):
    """An ensemble, shown as a fit among fits: no store has it. `members` are ids of fits."""

    members: list[str]


@dataclass(frozen=True, kw_only=True)
class EnsembleCell(Cell):
    """A cell of an ensemble: `members` are the cells that it is computed from, joined as `by` says.

    Its epoch is as the experiment names it, since "selected" is another number for each member. It
    has no pieces of its own.
    """

    members: tuple[Cell, ...]
    by: str

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """All pieces that its numbers are computed from."""
        return tuple(p for member in self.members for p in (*member.real, *member.fake))


def ensembles_of(experiment: ExperimentRecord) -> list[EnsembleRecord]:
    """Return an experiment's ensembles; records of earlier versions have none."""
    return experiment.get("ensembles", [])


def members_of(fit: FitRecord) -> list[str]:
    """Return the ids of the fits that an ensemble is made of; of a fit none."""
    return fit["members"] if _is_ensemble(fit) else []


def _is_ensemble(fit: FitRecord) -> TypeGuard[EnsembleFit]:
    return "members" in fit


def ensemble_fits(experiment: ExperimentRecord) -> dict[str, EnsembleFit]:
    """Return each ensemble as a fit among fits, by id.

    It has the training set and seed of its members, of any other setting what they share; whatever
    one of them has seen, it has seen. It has no commit, and no store has scores under its id.
    """
    fits = {fit["fit_id"]: fit for fit in experiment["fits"]}
    return {
        each["fit_id"]: _as_fit(each, [fits[member] for member in each["members"]])
        for each in ensembles_of(experiment)
    }


def ensemble_cells_of(
    experiment: ExperimentRecord, commits: Mapping[str, Commit] | None = None
) -> Iterator[EnsembleCell]:
    """Yield the cells of an experiment's ensembles: what all their members are scored on.

    With `commits`, those whose every member is committed and kept the epoch, members with their
    pieces; without, every cell: that is how many there will be.
    """
    ensembles = ensembles_of(experiment)
    if not ensembles:
        return
    asked: dict[str, dict[tuple[object, ...], Cell]] = {
        member: {} for each in ensembles for member in each["members"]
    }
    for cell in cells_of(experiment):
        if cell.fit_id in asked:
            asked[cell.fit_id].setdefault((*_place(cell), cell.epoch), cell)
    stored = {
        (cell.fit_id, *_place(cell), cell.test_pipeline, cell.epoch): cell
        for cell in (cells_of(experiment, commits) if commits is not None else ())
        if cell.fit_id in asked
    }
    for each in ensembles:
        cells = [asked[member] for member in each["members"]]
        for place in cells[0]:
            if all(place in of_member for of_member in cells):
                members = [of_member[place] for of_member in cells]
                if commits is not None:
                    members = [m for cell in members if (m := _stored(cell, stored, commits))]
                if len(members) == len(cells):
                    yield _cell(each, members, cells[0][place])


def _place(cell: Cell) -> tuple[object, ...]:
    """What cells that are put together have in common: images, and what is done to them."""
    record = cell.record
    classes = record["classes"]
    test_set = (
        record["name"],
        tuple(classes) if isinstance(classes, list) else classes,
        tuple(record["real_pools"]),
        tuple(record["fake_pools"]),
    )
    return (test_set, cell.degradation, cell.equalise)


def _stored(
    cell: Cell, stored: Mapping[tuple[object, ...], Cell], commits: Mapping[str, Commit]
) -> Cell | None:
    """Return a member's cell with its pieces, None where it cannot have them."""
    commit = commits.get(cell.fit_id)
    epochs = resolved_epochs([cell.epoch], commit) if commit is not None else []
    if not epochs:
        return None
    return stored.get((cell.fit_id, *_place(cell), cell.test_pipeline, epochs[0]))


def _cell(ensemble: EnsembleRecord, members: Sequence[Cell], asked: Cell) -> EnsembleCell:
    return EnsembleCell(
        fit_id=ensemble["fit_id"],
        epoch=asked.epoch,
        test_set=asked.test_set,
        degradation=asked.degradation,
        test_pipeline=" + ".join(dict.fromkeys(member.test_pipeline for member in members)),
        equalise=asked.equalise,
        real=(),
        fake=(),
        record=asked.record,
        members=tuple(members),
        by=ensemble["by"],
    )


def _as_fit(ensemble: EnsembleRecord, members: Sequence[FitRecord]) -> EnsembleFit:
    train = _united([fit["train"] for fit in members if fit["train"] is not None])
    seed = next((fit["seed"] for fit in members if fit["seed"] is not None), None)
    label = f"{ensemble['name']} on {train['label'] if train else 'given weights'}"
    recipes = [fit["recipe"] or {} for fit in members]
    recipe = recipes[0] if all(each == recipes[0] for each in recipes) else {"name": OWN}
    if any(is_oracle(each) for each in recipes):
        recipe = {**recipe, "validate_on": "test_sets"}
    return EnsembleFit(
        fit_id=ensemble["fit_id"],
        label=label if seed is None else f"{label}, seed {seed}",
        arms=[ensemble["name"]],
        detector=ensemble["name"],
        card_version=1,
        options={"by": ensemble["by"], "of": [fit["detector"] for fit in members]},
        train=train,
        augment=_shared([fit["augment"] for fit in members]),
        input=_shared([fit["input"] for fit in members]),
        recipe=recipe,
        seed=seed,
        weights=None,
        parent=None,
        description={"ensemble": {"by": ensemble["by"], "members": ensemble["members"]}},
        members=ensemble["members"],
    )


def _united(trains: Sequence[TrainRecord]) -> TrainRecord | None:
    """Return the training set that members share, with whatever any of them has seen of it."""
    if not trains:
        return None
    united = trains[0].copy()
    united["generators"] = list(dict.fromkeys(g for each in trains for g in each["generators"]))
    united["groups"] = sorted({group for each in trains for group in each["groups"]})
    united["families"] = sorted({family for each in trains for family in each["families"]})
    # Of a record of an earlier version the classes are not known: then they are not of all.
    united["classes"] = sorted({c for each in trains for c in each.get("classes", [""])})
    if any(each.get("simulated") for each in trains):
        united["simulated"] = True
    return united


def _shared(values: Sequence[Any]) -> Any:
    return values[0] if all(value == values[0] for value in values) else OWN
