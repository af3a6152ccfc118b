"""What a fit has learned from: its own training set and those of the fits that it began from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from grid.records.ensembles import members_of
from grid.records.experiments import FitRecord
from grid.records.weights_origin import StatedTraining, stated_training


@dataclass(frozen=True)
class SeenGenerators:
    """The generators that a fit, or one that it descends from, was trained on.

    `generators` are in the order of training sets, the fit's own first; `own` are those of the
    first. Where `all_known` is false, training began with a file of weights of which nobody stated
    what it was trained on: there may be others.
    """

    own: frozenset[str]
    generators: tuple[str, ...]
    groups: tuple[str, ...]
    families: tuple[str, ...]
    all_known: bool


def seen_generators(fit: FitRecord, fits: Mapping[str, FitRecord]) -> SeenGenerators:
    """Return what a fit was trained on, its ancestors' training sets included.

    Args:
        fit: of an experiment's record; an ensemble has seen what any of its members has.
        fits: of the same record, by id: a fit's parent is among them.
    """
    if members := members_of(fit):
        return _united([seen_generators(fits[member], fits) for member in members])
    trained = [each["train"] for each in (fit, *ancestors(fit, fits)) if each["train"] is not None]
    own = fit["train"]
    stated = _stated_of(fit, fits)
    first = stated or StatedTraining(generators=[])
    every = [*trained, first]
    own_generators = own["generators"] if own is not None else first["generators"]
    return SeenGenerators(
        own=frozenset(own_generators),
        generators=tuple(dict.fromkeys(g for each in every for g in each["generators"])),
        groups=tuple(sorted({g for each in every for g in each.get("groups", ())})),
        families=tuple(sorted({f for each in every for f in each.get("families", ())})),
        all_known=stated is not None or not began_from_file(fit, fits),
    )


def _united(every: Sequence[SeenGenerators]) -> SeenGenerators:
    return SeenGenerators(
        own=frozenset().union(*(each.own for each in every)),
        generators=tuple(dict.fromkeys(g for each in every for g in each.generators)),
        groups=tuple(sorted({g for each in every for g in each.groups})),
        families=tuple(sorted({f for each in every for f in each.families})),
        all_known=all(each.all_known for each in every),
    )


def _stated_of(fit: FitRecord, fits: Mapping[str, FitRecord]) -> StatedTraining | None:
    """Return what was stated of the files that a fit's line began with; None where nothing was."""
    *_, first = (fit, *ancestors(fit, fits))
    return stated_training(first["weights"])


def ancestors(fit: FitRecord, fits: Mapping[str, FitRecord]) -> Iterator[FitRecord]:
    """Yield the fits whose weights a fit descends from, its parent first."""
    while (parent := fits.get(fit["parent"] or "")) is not None:
        yield parent
        fit = parent


def began_from_file(fit: FitRecord, fits: Mapping[str, FitRecord]) -> bool:
    """Say whether the first of a fit's line began with weights that no fit of the record made."""
    *_, first = (fit, *ancestors(fit, fits))
    return first["weights"] is not None or first["train"] is None
