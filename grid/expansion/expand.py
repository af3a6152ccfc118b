"""From an experiment to its fits and to what each is scored on: the product of every arm's axes.

Nothing here looks at the store. A fit is described by content (images, options, recipe, seed),
its id is the hash of that description, and the arms of an experiment are merged by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from grid.cache_folder import default_weights_folder
from grid.expansion.choices import choices, matches
from grid.expansion.chosen_rows import Selections, TrainedClasses
from grid.expansion.equalising import Equalising
from grid.expansion.fits import Expansion, Fit
from grid.expansion.forming_ensembles import form_ensembles
from grid.expansion.labels import with_own_labels
from grid.expansion.parents import parents_first
from grid.expansion.resolving import resolved
from grid.expansion.tested_on import add_block, scored_on
from grid.experiment_file.schema import Experiment
from grid.experiment_file.staged_arms import chain_of, unscored
from grid.records.experiments import ScoringRecord
from grid.refusal import Problems, did_you_mean
from grid.sources.catalog import Catalog
from grid.sources.tested_sets import TestSet, check_classes_left, form_test_sets


def expand(experiment: Experiment, catalog: Catalog, problems: Problems) -> Expansion:
    """Write an experiment out into fits and what they are scored on.

    Every mistake is noted in `problems` and what it concerns is left out, so one reading of a
    file finds them all; the caller raises.
    """
    fits: dict[str, Fit] = {}
    selections = Selections(fits, catalog.undecodable)
    equalising = Equalising(catalog, problems)
    trained = TrainedClasses(fits)
    scoring: dict[str, list[ScoringRecord]] = {}
    test_sets: dict[str, TestSet] = {}
    by_arm: dict[str, list[Fit]] = {}
    folder = experiment.weights_folder or default_weights_folder()
    unused = dict(enumerate(experiment.exclude))
    keys: set[str] = set()
    arms = tuple(step for arm in experiment.arms for step in chain_of(arm))
    on_the_way = unscored(experiment.arms)
    for arm in parents_first(arms, problems):
        made: dict[str, list[Fit]] = {}  # by the equalise that was asked for
        tested = arm.test or experiment.test
        sets = form_test_sets(tested, catalog, problems)
        pools = [catalog.pool(p) for s in sets for p in (*s.real_pools, *s.fake_pools)]
        for choice in choices(arm, experiment, catalog, problems):
            keys.update(choice.values)
            excluding = [i for i, p in enumerate(experiment.exclude) if matches(choice.values, p)]
            for index in excluding:
                unused.pop(index, None)
            if excluding:
                continue
            fit = resolved(choice, selections, equalising, by_arm, pools, folder, problems)
            if fit is not None:
                made.setdefault(choice.equalise, []).append(fit)
        by_arm[arm.name] = [fit for some in made.values() for fit in some]
        test_sets.update({_set_key(s): s for s in sets})
        by_equalise = {
            asked: equalising.of_test_sets(asked, sets)
            for asked in made or arm.equalise or (experiment.equalise or "none",)
        }
        numbers = {key: number for number, key in enumerate(test_sets)}
        for asked, fit in ((asked, fit) for asked, some in made.items() for fit in some):
            fits[fit.fit_id] = _merged(fits.get(fit.fit_id), fit)
            if arm.name in on_the_way:
                continue
            check_classes_left(fit.values["train"], trained.of(fit), sets, catalog, problems)
            for equalise, alike in by_equalise[asked].items():
                block = scored_on(fit, arm, tested, equalise, alike, problems)
                if block is not None:
                    places = sorted(numbers[_set_key(s)] for s in alike)
                    add_block(scoring.setdefault(fit.fit_id, []), block, places)
    _check_whole(experiment, fits, unused.values(), keys, problems)
    return Expansion(
        experiment,
        catalog,
        with_own_labels(fits),
        {k: tuple(v) for k, v in scoring.items()},
        tuple(test_sets.values()),
        matched=tuple(equalising.matched.values()),
        # Of fits that are refused already, an ensemble would only be missing its members.
        ensembles=() if problems else form_ensembles(experiment, fits.values(), scoring, problems),
    )


def _check_whole(
    experiment: Experiment,
    fits: Mapping[str, Fit],
    unused: Iterable[Mapping[str, Any]],
    keys: set[str],
    problems: Problems,
) -> None:
    """Note what only the whole product shows: patterns and contrasts without a fit, or no fit."""
    if keys:  # else every arm was refused for another reason
        _check_excludes(unused, keys, problems)
        _check_contrasts(experiment, keys, problems)
    if not fits and not problems:
        problems.add("arms", "nothing is left to train or to score", "Loosen `exclude` or `--only`")


def _merged(known: Fit | None, fit: Fit) -> Fit:
    """One fit of two that are the same: it has the arms and the names of both."""
    if known is None:
        return fit
    arms = dict.fromkeys((*known.arms, *fit.arms))
    return replace(known, arms=tuple(arms), also=(*known.also, fit.values))


def _check_excludes(
    unused: Iterable[Mapping[str, Any]], keys: set[str], problems: Problems
) -> None:
    """A pattern of `exclude` that excludes nothing is a typing mistake, not a filter."""
    for pattern in unused:
        for key in pattern:
            if key not in keys:
                problems.add(f"exclude: {key}", "no fit has such a value", did_you_mean(key, keys))
        if keys.issuperset(pattern):
            problems.add(
                f"exclude: {dict(pattern)}", "no fit has these values", "Correct it, or take it out"
            )


def _check_contrasts(experiment: Experiment, keys: set[str], problems: Problems) -> None:
    for key in {key: None for contrast in experiment.contrasts for key in contrast.compare}:
        if key not in keys:
            problems.add(f"contrasts: {key}", "no fit has such a value", did_you_mean(key, keys))


def _set_key(test_set: TestSet) -> str:
    return f"{test_set.name}|{test_set.classes}|{test_set.real_pools}"
