"""An experiment as it was expanded: the fits, pools, test sets and what is scored on what.

It is what analysis needs and all it needs: the user's file may have changed or be lost. Names
of pools and fits are digests, so several expansions of one experiment share what they can.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from grid.records.commits import Commit
from grid.records.ensemble_records import EnsembleRecord
from grid.records.equalised import EqualisedRecord
from grid.records.pieces import Piece

# Of a test set: the classes that the fit at hand was not trained on, whichever these are.
NOT_TRAINED_CLASSES = "not_trained_classes"


class _RequiredOfTrain(TypedDict):
    label: str
    generators: list[str]
    groups: list[str]
    families: list[str]
    classes: list[str]
    n: int
    n_validation: int


class TrainRecord(_RequiredOfTrain, total=False):
    """What a fit was trained on, for people and for grouping; the rows are in its identity.

    `classes` are those of all images that it has seen, validation and its ancestors' included;
    "" among them where some state none. Records of earlier versions have no such field.
    `simulated` stands only where it is true and the experiment's `simulated_datasets` are named.
    """

    simulated: bool


class _RequiredOfFit(TypedDict):
    fit_id: str
    label: str
    arms: list[str]
    detector: str
    card_version: int
    options: dict[str, Any]
    train: TrainRecord | None
    augment: str
    input: Any
    recipe: dict[str, Any] | None
    seed: int | None
    weights: dict[str, Any] | None
    parent: str | None
    description: dict[str, Any]


class FitRecord(_RequiredOfFit, total=False):
    """One fit that an experiment wants; `label` is for people.

    `is_control` stands only where it is true: others are held against it.
    """

    is_control: bool


class PoolRecord(TypedDict):
    """One pool that an experiment uses."""

    pool_id: str
    dataset: str
    source: str
    label: int
    split: str
    family: str
    generator_group: str
    n: int
    duplicates: int


class _RequiredOfScoring(TypedDict):
    fit_id: str
    epochs: list[int | str]
    pools: list[str]
    degradations: list[str]
    test_pipeline: str
    equalise: str
    operations: dict[str, dict[str, int]]


class ScoringRecord(_RequiredOfScoring, total=False):
    """What one fit is scored on: the product of epochs, pools and degradations.

    `operations` maps each degradation to the versions of the operations that it and the test
    pipeline use. `test_sets` are places in the experiment's list; without it, as in records of
    earlier versions, every test set that the pools make up is meant.
    """

    test_sets: list[int]


class PaperRecord(TypedDict):
    """Where a detector was published; see `detectors.paper.Paper`."""

    title: str
    authors: str
    venue: str
    year: int
    arxiv: str | None


class UndecodableRecord(TypedDict):
    """An image that no fit trains or is validated on, since it does not decode."""

    pool_id: str
    image_id: str


class SetRecord(TypedDict):
    """A column of the matrix: which pools are real, which fake, and of which classes.

    `classes` is a list, NOT_TRAINED_CLASSES (resolved for each fit), or None for all.
    """

    name: str
    dataset: str
    generator: str
    family: str
    generator_group: str
    real_pools: list[str]
    fake_pools: list[str]
    classes: list[str] | str | None


class _RequiredOfExperiment(TypedDict):
    schema: int
    name: str
    question: str
    digest: str
    limit: int | None
    simulated: bool
    leakage: str
    equalise: str
    contrasts: list[dict[str, Any]]
    published: dict[str, Any] | None
    """A table's name, source, note, and its results: a row per number, as shares of 1."""
    fits: list[FitRecord]
    pools: list[PoolRecord]
    scoring: list[ScoringRecord]
    test_sets: list[SetRecord]


# A class of its own, since NotRequired does not survive postponed annotations at run time.
class ExperimentRecord(_RequiredOfExperiment, total=False):
    """`experiments/<name>/<digest>.json`.

    `undecodable` stands only where something was left out, `equalised` where `match` is asked for,
    `simulated_datasets` where the images of some datasets are simulated and of others are not.
    `equalises` stands where arms state theirs: what the fits ask for, in the order of the file;
    `ensembles` where the file asks for some.
    `papers` has that of each detector with one, by name; it is for citing and in no digest.
    """

    seeds: list[int]
    degradations: list[str]
    created_by: str
    simulated_datasets: list[str]
    undecodable: list[UndecodableRecord]
    equalised: list[EqualisedRecord]
    equalises: list[str]
    papers: dict[str, PaperRecord]
    ensembles: list[EnsembleRecord]


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One fit at one epoch on one test set under one degradation, and the pieces it is made of.

    `epoch` is "selected" or "last" only where the commits were not given; it then has no pieces
    yet. `record` is the test set's whole record: two sets may share a name and differ in classes.
    """

    fit_id: str
    epoch: int | str
    test_set: str
    degradation: str
    test_pipeline: str
    equalise: str
    real: tuple[Piece, ...]
    fake: tuple[Piece, ...]
    record: SetRecord


def equalises_of(experiment: ExperimentRecord) -> list[str]:
    """Return what an experiment's fits ask for, as the file says it."""
    return experiment.get("equalises") or [experiment["equalise"]]


def resolved_epochs(epochs: Sequence[int | str], commit: Commit) -> list[int]:
    """Return the epochs' numbers, each once; one whose weights were not kept is left out."""
    numbers = {"selected": commit["selected_epoch"], "last": commit["last_epoch"]}
    wanted = [numbers[epoch] if isinstance(epoch, str) else epoch for epoch in epochs]
    return [epoch for epoch in dict.fromkeys(wanted) if str(epoch) in commit["weights"]]


def pieces_of(experiment: ExperimentRecord, commits: Mapping[str, Commit]) -> Iterator[Piece]:
    """Yield each piece that an experiment wants, once; fits without a commit yield none."""
    yielded: set[str] = set()
    for scoring in experiment["scoring"]:
        commit = commits.get(scoring["fit_id"])
        if commit is None:
            continue
        for piece in pieces_of_scoring(scoring, commit):
            if piece.key not in yielded:
                yielded.add(piece.key)
                yield piece


def pieces_of_scoring(scoring: ScoringRecord, commit: Commit) -> Iterator[Piece]:
    """Yield the pieces of one scoring record, given its fit's commit, epoch by epoch."""
    for epoch in resolved_epochs(scoring["epochs"], commit):
        for degradation in scoring["degradations"]:
            for pool_id in scoring["pools"]:
                yield _piece(scoring, epoch, pool_id, degradation)


def cells_of(
    experiment: ExperimentRecord, commits: Mapping[str, Commit] | None = None
) -> Iterator[Cell]:
    """Yield each cell that an experiment wants: the test sets of each scoring record.

    With `commits`, the cells of committed fits with their pieces; without, every cell, its epoch
    as the experiment names it: that is how many there will be.
    """
    yielded: set[tuple[object, ...]] = set()
    for scoring in experiment["scoring"]:
        epochs: Sequence[int | str] = scoring["epochs"]
        if commits is not None:
            commit = commits.get(scoring["fit_id"])
            epochs = [] if commit is None else resolved_epochs(epochs, commit)
        sets = sets_of(experiment, scoring)
        for epoch in epochs:
            for degradation in scoring["degradations"]:
                for number in sets:
                    cell = _cell(scoring, epoch, degradation, experiment["test_sets"][number])
                    same = (cell.fit_id, epoch, number, degradation)
                    if (*same, cell.test_pipeline, cell.equalise) not in yielded:
                        yielded.add((*same, cell.test_pipeline, cell.equalise))
                        yield cell


def sets_of(experiment: ExperimentRecord, scoring: ScoringRecord) -> list[int]:
    """Return the places of the test sets that a scoring record asks for."""
    if "test_sets" in scoring:
        return scoring["test_sets"]
    return sets_made_of(experiment["test_sets"], scoring["pools"])


def sets_made_of(test_sets: Sequence[SetRecord], pools: Iterable[str]) -> list[int]:
    """Return the places of the test sets whose every pool is among some pools."""
    scored = set(pools)
    return [
        number
        for number, each in enumerate(test_sets)
        if scored.issuperset(each["real_pools"]) and scored.issuperset(each["fake_pools"])
    ]


def _cell(scoring: ScoringRecord, epoch: int | str, degradation: str, test_set: SetRecord) -> Cell:
    def pieces(pools: Sequence[str]) -> tuple[Piece, ...]:
        if isinstance(epoch, str):
            return ()
        return tuple(_piece(scoring, epoch, pool_id, degradation) for pool_id in pools)

    return Cell(
        fit_id=scoring["fit_id"],
        epoch=epoch,
        test_set=test_set["name"],
        degradation=degradation,
        test_pipeline=scoring["test_pipeline"],
        equalise=scoring["equalise"],
        real=pieces(test_set["real_pools"]),
        fake=pieces(test_set["fake_pools"]),
        record=test_set,
    )


def _piece(scoring: ScoringRecord, epoch: int, pool_id: str, degradation: str) -> Piece:
    return Piece(
        fit_id=scoring["fit_id"],
        epoch=epoch,
        pool_id=pool_id,
        degradation=degradation,
        test_pipeline=scoring["test_pipeline"],
        equalise=scoring["equalise"],
        operations=scoring["operations"].get(degradation, {}),
    )
