"""`ensembles:` resolved: which fits each puts together, matched as weights of another arm are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from data.counts import counted
from grid.expansion.choices import matches
from grid.expansion.fits import Fit
from grid.experiment_file.ensemble_spec import EnsembleSpec
from grid.experiment_file.schema import Experiment
from grid.records.ensemble_records import EnsembleRecord, ensemble_record
from grid.records.experiments import ScoringRecord
from grid.refusal import Problems, did_you_mean

# Of the axes that two arms may both have: where they do, members agree on them.
_SHARED_AXES = ("augment", "input", "recipe", "equalise")
Scoring = Mapping[str, Sequence[ScoringRecord]]


class _NotOne(Exception):
    """Not exactly one fit is meant; what is wrong has been noted."""


def form_ensembles(
    experiment: Experiment, fits: Iterable[Fit], scoring: Scoring, problems: Problems
) -> tuple[EnsembleRecord, ...]:
    """Return the ensembles that an experiment asks for; every mistake is noted.

    Args:
        experiment: the file's words.
        fits: all of it.
        scoring: what each fit is scored on, by its id.
        problems: gets an ensemble that is ambiguous, empty, or named as something else is.
    """
    every = list(fits)
    formed: list[EnsembleRecord] = []
    detectors = {fit.card.name for fit in every}
    names = [spec.name for spec in experiment.ensembles]
    for spec in experiment.ensembles:
        where = f"ensembles.{spec.name}"
        if spec.name in detectors or names.count(spec.name) > 1:
            other = "a detector" if spec.name in detectors else "another ensemble"
            problems.add(where, f"{other} of the file has this name", "Give it a name of its own")
            continue
        groups = _groups(spec, where, every, problems)
        if groups is None:
            continue
        try:
            formed += _formed(spec, where, groups, scoring, problems)
        except _NotOne:
            continue
    return tuple(formed)


def _groups(
    spec: EnsembleSpec, where: str, fits: Sequence[Fit], problems: Problems
) -> list[list[Fit]] | None:
    """Return the fits of each pattern; None, with a problem noted, where one matches none."""
    known = {key for fit in fits for values in _points(fit) for key in values}
    groups = []
    for pattern in spec.of:
        for key in pattern:
            if key not in known:
                problems.add(f"{where}: {key}", "no fit has such a value", did_you_mean(key, known))
                return None
        found = [fit for fit in fits if any(matches(each, pattern) for each in _points(fit))]
        if not found:
            problems.add(
                f"{where}: {dict(pattern)}", "no fit has these values", "Correct the pattern"
            )
            return None
        groups.append(found)
    return groups


def _formed(
    spec: EnsembleSpec,
    where: str,
    groups: Sequence[Sequence[Fit]],
    scoring: Scoring,
    problems: Problems,
) -> list[EnsembleRecord]:
    """Return one ensemble for each trained fit of the first pattern that has any."""
    lead = next((n for n, some in enumerate(groups) if any(f.training for f in some)), 0)
    formed: dict[tuple[object, ...], EnsembleRecord] = {}
    for leader in groups[lead]:
        members = [
            leader if n == lead else _partner(leader, some, where, spec.of[n], problems)
            for n, some in enumerate(groups)
        ]
        ids = [fit.fit_id for fit in members]
        if len(set(ids)) < len(ids):
            problems.add(
                where,
                f"{leader.label} stands in it twice",
                "Let each pattern name another fit, by values in which they differ",
            )
            raise _NotOne
        _check_common(members, where, scoring, problems)
        place = (leader.values["train"], leader.seed, *(_shared(members, a) for a in _SHARED_AXES))
        if place in formed:
            problems.add(
                where,
                f"it would be two ensembles on {leader.values['train']}, seed {leader.seed}, which "
                "results could not tell apart",
                f"Say more of {spec.of[lead]}, or write an ensemble for each",
            )
            raise _NotOne
        formed[place] = ensemble_record(spec.name, spec.by, ids)
    return list(formed.values())


def _partner(
    leader: Fit,
    group: Sequence[Fit],
    where: str,
    pattern: Mapping[str, Any],
    problems: Problems,
) -> Fit:
    """Return the one fit of a group that goes with a leader.

    Raises:
        _NotOne: none does, or several do.
    """
    found = [fit for fit in group if _agree(leader, fit)]
    for key in _SHARED_AXES:
        wanted = {key: [values[key] for values in _points(leader)]}
        found = [f for f in found if any(matches(v, wanted) for v in _points(f))] or found
    if len(found) != 1:
        shown = "; ".join(fit.label for fit in found[:4])
        problems.add(
            where,
            f"{counted(len(found), 'fit')} of {dict(pattern)} go with {leader.label}"
            + (f": {shown}" if found else "; members share training set and seed"),
            "Exactly one must: say more in the patterns"
            if found
            else "Name training sets that all of them have: {detector: NAME, train: [...]}",
        )
        raise _NotOne
    return found[0]


def _agree(leader: Fit, other: Fit) -> bool:
    """Whether two fits have one training set and seed; given weights have none, and go with any."""
    if other.training is None:
        return True
    trains = {values["train"] for values in _points(leader)}
    return other.seed == leader.seed and any(v["train"] in trains for v in _points(other))


def _check_common(members: Sequence[Fit], where: str, scoring: Scoring, problems: Problems) -> None:
    """Note members that are scored on nothing in common, or one of them in two ways.

    Raises:
        _NotOne: so it is.
    """
    tested = [_tested(scoring.get(fit.fit_id, ())) for fit in members]
    common = set.intersection(*(set(each) for each in tested))
    if not common:
        problems.add(
            where,
            f"{', '.join(fit.label for fit in members)} are scored on nothing in common",
            "Give their arms the same `test:`",
        )
        raise _NotOne
    for fit, each in zip(members, tested, strict=True):
        if any(len(each[place]) > 1 for place in common):
            problems.add(
                where,
                f"{fit.label} is scored through two test inputs, either of which could be meant",
                "Test it in an experiment of its own, with one of them",
            )
            raise _NotOne


def _tested(blocks: Iterable[ScoringRecord]) -> dict[tuple[object, ...], set[str]]:
    """Return the inputs through which a fit is scored on each pool, degradation and epoch."""
    found: dict[tuple[object, ...], set[str]] = {}
    for block in blocks:
        for pool in block["pools"]:
            for degradation in block["degradations"]:
                for epoch in block["epochs"]:
                    place = (pool, degradation, block["equalise"], epoch)
                    found.setdefault(place, set()).add(block["test_pipeline"])
    return found


def _shared(members: Sequence[Fit], axis: str) -> str:
    values = {str(fit.values[axis]) for fit in members if fit.training is not None}
    return values.pop() if len(values) == 1 else ""


def _points(fit: Fit) -> tuple[Mapping[str, Any], ...]:
    return (fit.values, *fit.also)
