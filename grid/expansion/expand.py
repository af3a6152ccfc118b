"""From an experiment to its fits and to what each is scored on: the product of every arm's axes.

Nothing here looks at the store. A fit is described by content (images, options, recipe, seed),
its id is the hash of that description, and the arms of an experiment are merged by it.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from data.counts import counted
from data.operations import PipelineError, parse
from data.selection import SelectionError
from data.view import view_of
from detectors.contract import (
    find_preset,
    load_card,
    parse_options,
)
from detectors.recipes import resolve_recipe
from grid.expansion.chosen_rows import Selections, TrainedClasses
from grid.expansion.description import describe_fit
from grid.expansion.fits import Expansion, Fit
from grid.expansion.given_weights import given_weights
from grid.expansion.labels import short_label, with_own_labels
from grid.experiment_file.pipelines import chosen_pipelines
from grid.experiment_file.schema import Arm, Experiment, InputSpec, TestSpec, WeightsSpec
from grid.records.experiments import ScoringRecord
from grid.records.fit_views import scoring_record
from grid.records.identity import fit_id
from grid.refusal import Problems, did_you_mean
from grid.sources.catalog import Catalog
from grid.sources.tested_sets import TestSet, check_classes_left, form_test_sets
from grid.sources.training_sets import TrainingSet, training_sets


@dataclass(frozen=True)
class _Choice:
    """One point of an arm's product, before it has an id."""

    arm: Arm
    detector: str
    options: Mapping[str, Any]
    training: TrainingSet | None
    input: str | InputSpec
    augment: str | None
    recipe: str | Mapping[str, Any]
    weights: WeightsSpec | None
    seed: int | None
    equalise: str

    @property
    def values(self) -> dict[str, Any]:
        """What `exclude`, `--only` and `weights: {where: ...}` can match."""
        recipe = self.recipe if isinstance(self.recipe, str) else self.recipe.get("base", "own")
        return {
            "arm": self.arm.name,
            "detector": self.detector,
            "train": self.training.label if self.training else "none",
            "augment": self.augment or "default",
            "input": self.input if isinstance(self.input, str) else self.input.model_dump(),
            "recipe": recipe,
            "seed": self.seed,
            **{f"{self.detector}.{k}": v for k, v in self.options.items()},
        }


def expand(experiment: Experiment, catalog: Catalog, problems: Problems) -> Expansion:
    """Write an experiment out into fits and what they are scored on.

    Every mistake is noted in `problems` and what it concerns is left out, so one reading of a
    file finds them all; the caller raises.
    """
    fits: dict[str, Fit] = {}
    selections = Selections(fits)
    trained = TrainedClasses(fits)
    scoring: dict[str, list[ScoringRecord]] = {}
    test_sets: dict[str, TestSet] = {}
    by_arm: dict[str, list[Fit]] = {}
    unused = dict(enumerate(experiment.exclude))
    keys: set[str] = set()
    for arm in _parents_first(experiment.arms, problems):
        made: list[Fit] = []
        for choice in _choices(arm, experiment, catalog, problems):
            keys.update(choice.values)
            excluding = [i for i, p in enumerate(experiment.exclude) if _matches(choice.values, p)]
            for index in excluding:
                unused.pop(index, None)
            if excluding:
                continue
            fit = _fit(choice, selections, by_arm, problems)
            if fit is not None:
                made.append(fit)
        by_arm[arm.name] = made
        tested = arm.test or experiment.test
        sets = form_test_sets(tested, catalog, problems)
        test_sets.update({_set_key(s): s for s in sets})
        asked = sorted(list(test_sets).index(_set_key(s)) for s in sets)
        for fit in made:
            fits[fit.fit_id] = _merged(fits.get(fit.fit_id), fit)
            check_classes_left(fit.values["train"], trained.of(fit), sets, catalog, problems)
            block = _scoring(fit, arm, tested, sets, problems)
            if block is not None:
                _add_block(scoring.setdefault(fit.fit_id, []), block, asked)
    if keys:  # else every arm was refused for another reason
        _check_excludes(unused.values(), keys, problems)
        for key in {key: None for contrast in experiment.contrasts for key in contrast.compare}:
            if key not in keys:
                problems.add(
                    f"contrasts: {key}", "no fit has such a value", did_you_mean(key, keys)
                )
    if not fits and not problems:
        problems.add("arms", "nothing is left to train or to score", "Loosen `exclude` or `--only`")
    return Expansion(
        experiment,
        catalog,
        with_own_labels(fits),
        {k: tuple(v) for k, v in scoring.items()},
        tuple(test_sets.values()),
    )


def _parents_first(arms: tuple[Arm, ...], problems: Problems) -> list[Arm]:
    """Order arms so that `weights: {from: ARM}` finds its arm expanded; cycles are refused."""
    by_name = {arm.name: arm for arm in arms}
    needs: dict[str, set[str]] = {}
    for arm in arms:
        needs[arm.name] = {w.from_ for w in arm.weights if w and w.from_}
        for name in sorted(needs[arm.name] - set(by_name)):
            problems.add(
                f"arms.{arm.name}.weights: {{from: {name}}}",
                "there is no such arm",
                did_you_mean(name, by_name),
            )
        needs[arm.name] &= set(by_name)
    ordered: list[Arm] = []
    while needs:
        ready = [name for name, parents in needs.items() if not parents & set(needs)]
        if not ready:
            problems.add(
                f"arms: {' -> '.join([*needs, next(iter(needs))])}",
                "their weights come from each other in a circle",
                "Break the circle",
            )
            return ordered
        for name in ready:
            ordered.append(by_name[name])
            del needs[name]
    return ordered


def _choices(
    arm: Arm, experiment: Experiment, catalog: Catalog, problems: Problems
) -> Iterator[_Choice]:
    """Form the product of an arm's axes."""
    all_known = all(map(_is_known, arm.detector))  # else the mistake is named elsewhere
    for detector in arm.options:
        if detector not in arm.detector and all_known:
            problems.add(
                f"arms.{arm.name}: {detector}.{next(iter(arm.options[detector]))}",
                f"the arm has no detector {detector!r}",
                did_you_mean(detector, arm.detector),
            )
    trainings: list[TrainingSet | None] = []
    for spec in arm.train:
        trainings.extend([None] if spec is None else training_sets(spec, catalog, problems))
    for detector in arm.detector:
        axes = arm.options.get(detector, {})
        for values in itertools.product(*axes.values()):
            options = dict(zip(axes, values, strict=True))
            for training, input_, augment, recipe, weights in itertools.product(
                trainings, arm.input, arm.augment, arm.recipe, arm.weights
            ):
                # Given weights know neither a recipe nor a seed: one fit per checksum.
                seeds = (arm.seeds or experiment.seeds) if training is not None else (None,)
                for seed in seeds:
                    yield _Choice(
                        arm,
                        detector,
                        options,
                        training,
                        input_,
                        augment,
                        recipe,
                        weights,
                        seed,
                        experiment.equalise or "none",
                    )


def _merged(known: Fit | None, fit: Fit) -> Fit:
    """One fit of two that are the same: it has the arms and the names of both."""
    if known is None:
        return fit
    arms = dict.fromkeys((*known.arms, *fit.arms))
    return replace(known, arms=tuple(arms), also=(*known.also, fit.values))


def _is_known(detector: str) -> bool:
    try:
        load_card(detector)
    except ValueError:
        return False
    return True


def _matches(values: Mapping[str, Any], pattern: Mapping[str, Any]) -> bool:
    return all(
        key in values
        and any(
            _comparable(key, values[key]) == _comparable(key, option)
            for option in (wanted if isinstance(wanted, list | tuple) else [wanted])
        )
        for key, wanted in pattern.items()
    )


def _comparable(key: str, value: Any) -> Any:
    """Augmentations are equal when they say the same: `blur_jpeg(p=.5)` and `blur_jpeg(p=0.5)`."""
    if key == "augment" and isinstance(value, str) and value != "default":
        with contextlib.suppress(ValueError):
            return parse(value, "augmentation").canonical
    return value


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


def _fit(
    choice: _Choice,
    selections: Selections,
    by_arm: Mapping[str, list[Fit]],
    problems: Problems,
) -> Fit | None:
    """Resolve one point of the product: card, options, geometry, recipe, rows, identity."""
    where = f"arms.{choice.arm.name}"
    try:
        card = load_card(choice.detector)
    except ValueError as error:
        problems.add(f"{where}.detector", str(error), "Correct the name")
        return None
    try:
        options = parse_options(card, choice.options)
        pipelines = chosen_pipelines(card, choice.input)
        recipe = training = None
        if choice.training is not None:
            recipe = resolve_recipe(card, choice.recipe)
            if choice.training.steps is not None:  # a budget of the training set, for any recipe
                recipe = recipe.model_copy(update={"steps": choice.training.steps, "epochs": None})
            training = choice.training.carved(recipe.validation_fraction)
        augment = parse(choice.augment or (recipe.augment if recipe else "none"), "augmentation")
        train_geometry = parse(pipelines.train, "geometry")
        validation_geometry = parse(pipelines.test, "geometry")
    except ValueError as error:  # PipelineError and pydantic's ValidationError are ValueErrors
        problems.add(where, str(error), "Correct it in the file")
        return None
    weights, parent = _weights(choice, by_arm, problems)
    if choice.weights is not None and weights is None:
        return None
    try:
        selection = selections.of(training, parent) if training is not None else None
    except SelectionError as error:
        problems.add(f"{where}.train", str(error), "Correct it in the file")
        return None
    description = describe_fit(
        card=card,
        options=options,
        selection=selection,
        train_geometry=train_geometry,
        validation_geometry=validation_geometry,
        augment=augment,
        recipe=recipe,
        seed=choice.seed,
        weights=weights,
        equalise=parse(choice.equalise, "equalise"),
    )
    return Fit(
        fit_id=fit_id(description),
        label=short_label(
            card, options, training.label if training else None, augment.canonical, choice.seed
        ),
        arms=(choice.arm.name,),
        card=card,
        options=options,
        training=training,
        selection=selection,
        train_geometry=train_geometry.canonical,
        validation_geometry=validation_geometry.canonical,
        augment=augment.canonical,
        recipe=recipe,
        recipe_name=choice.values["recipe"] if recipe else "none",
        seed=choice.seed,
        weights=weights,
        parent=parent.fit_id if parent is not None else None,
        description=description,
        values=choice.values,
        equalise=choice.equalise,
    )


def _weights(
    choice: _Choice, by_arm: Mapping[str, list[Fit]], problems: Problems
) -> tuple[dict[str, Any] | None, Fit | None]:
    """Return what stands for the initial weights in the identity, and the parent."""
    spec = choice.weights
    if spec is None:
        return None, None
    where = f"arms.{choice.arm.name}.weights"
    if spec.path is not None:
        return given_weights(where, spec.path, problems), None
    parents = _parents(choice, by_arm.get(spec.from_ or "", []))
    if len(parents) != 1:
        if spec.from_ in by_arm:  # an unknown arm was refused before
            shown = "; ".join(p.label for p in parents[:4])
            problems.add(
                f"{where}: {{from: {spec.from_}}}",
                f"{counted(len(parents), 'fit')} of that arm match {choice.values}"
                + (f": {shown}" if parents else ""),
                "Exactly one must: add `where: {...}` with values of the parent's axes",
            )
        return None, None
    [parent] = parents
    if parent.card.name != choice.detector:
        problems.add(
            f"{where}: {{from: {spec.from_}}}",
            f"{parent.label} is no {choice.detector}, and its weights fit no other network",
            "Name an arm with the same detector",
        )
        return None, None
    if not _is_kept(parent, spec.epoch):
        problems.add(*_not_kept(f"{where}.epoch: {spec.epoch}", parent))
        return None, None
    return {"from": parent.fit_id, "epoch": spec.epoch}, parent


def _is_kept(fit: Fit, epoch: int | str) -> bool:
    """Whether the weights of an epoch will be there; given weights are all of their epochs."""
    if fit.recipe is None:
        return epoch in ("selected", "last")
    kept = fit.recipe.keep_epochs
    ends_there = epoch == fit.recipe.epochs and fit.recipe.patience is None
    return epoch in kept or (ends_there and "last" in kept)


def _not_kept(what: str, fit: Fit) -> tuple[str, str, str]:
    kept = fit.recipe.keep_epochs if fit.recipe else ("selected", "last")
    return (
        what,
        f"the recipe of {fit.label} keeps the weights of {', '.join(map(str, kept))} only",
        "Add it to the recipe's keep_epochs, or name a kept epoch",
    )


def _parents(choice: _Choice, fits: list[Fit]) -> list[Fit]:
    """Return the parent's fits that agree on the seed and on each axis that both arms have.

    An axis on which the child has a value that the parent lacks is one that the child overrides;
    it does not restrict. `where` names parents outright.
    """
    spec = choice.weights
    where = dict(spec.where) if spec else {}
    found = [f for f in fits if _matches(f.values, where)]
    for key, value in choice.values.items():
        if key in ("arm", "recipe") or key in where:
            continue
        parents = [f for f in found if f.values.get(key) == value]
        if parents or key == "seed":
            found = parents
    return found


def _scoring(
    fit: Fit, arm: Arm, spec: TestSpec, sets: list[TestSet], problems: Problems
) -> ScoringRecord | None:
    """Return what a fit is scored on: every pool of the test sets, once."""
    where = f"arms.{arm.name}.test" if arm.test else "test"
    try:
        geometry = find_preset(fit.card, spec.input).test if spec.input else fit.validation_geometry
        views = [view_of(fit.equalise, text, geometry) for text in spec.degradations]
        if views[0].geometry.is_random:
            raise PipelineError(f"{views[0].geometry.canonical} is random, and a test is not")
    except ValueError as error:
        problems.add(where, str(error), "Correct it in the file")
        return None
    for epoch in spec.epochs:
        if not _is_kept(fit, epoch):
            problems.add(*_not_kept(f"{where}.epochs: {epoch}", fit))
            return None
    pools = dict.fromkeys(p for s in sets for p in (*s.real_pools, *s.fake_pools))
    return scoring_record(fit.fit_id, spec.epochs, list(pools), views)


def _add_block(blocks: list[ScoringRecord], block: ScoringRecord, asked: list[int]) -> None:
    """Add what a fit is scored on; arms that score the same pools alike share a block.

    `asked` are places in the experiment's list of test sets.
    """
    for known in blocks:
        if {**known, "test_sets": None} == {**block, "test_sets": None}:
            known["test_sets"] = sorted({*known["test_sets"], *asked})
            return
    block["test_sets"] = asked
    blocks.append(block)


def _set_key(test_set: TestSet) -> str:
    return f"{test_set.name}|{test_set.classes}|{test_set.real_pools}"
