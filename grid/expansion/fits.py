"""What an experiment expands to: its fits, and what each is scored on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from data.selection import Selection
from data.view import View, view_of
from detectors.contract import Card, Options
from detectors.recipe_fields import TEST_SETS, Recipe
from grid.expansion.equalising import Matched
from grid.experiment_file.schema import Experiment
from grid.experiment_file.staged_arms import chain_of
from grid.records.ensemble_records import EnsembleRecord
from grid.records.experiments import ScoringRecord
from grid.sources.catalog import Catalog
from grid.sources.tested_sets import TestSet
from grid.sources.training_sets import TrainingSet


@dataclass(frozen=True)
class Fit:
    """One trained detector, or one given checkpoint, of an experiment."""

    fit_id: str
    label: str
    arms: tuple[str, ...]
    card: Card
    options: Options
    training: TrainingSet | None
    selection: Selection | None
    train_geometry: str
    validation_geometry: str
    augment: str
    recipe: Recipe | None
    recipe_name: str
    seed: int | None
    weights: Mapping[str, Any] | None
    parent: str | None
    description: Mapping[str, Any]
    values: Mapping[str, Any]
    equalise: str = "none"
    also: tuple[Mapping[str, Any], ...] = ()
    """What other points of the product, in this arm or others, call the same fit."""

    @property
    def is_oracle(self) -> bool:
        """Whether its epoch is selected on the images that it is tested on."""
        return self.recipe is not None and self.recipe.validate_on == TEST_SETS

    @property
    def equalises_asked(self) -> set[str]:
        """What its arms ask for, as the file says it; of a trained fit it is one."""
        return {str(values["equalise"]) for values in (self.values, *self.also)}

    @property
    def train_view(self) -> View:
        """What is done to each image that it trains on, but for augmentation."""
        return view_of(self.equalise, geometry=self.train_geometry)

    @property
    def validation_view(self) -> View:
        """What is done to each image that it is validated on."""
        return view_of(self.equalise, geometry=self.validation_geometry)


@dataclass(frozen=True)
class Expansion:
    """An experiment, written out; `narrowed_from` is all of it where only some fits are meant."""

    experiment: Experiment
    catalog: Catalog
    fits: Mapping[str, Fit]
    scoring: Mapping[str, tuple[ScoringRecord, ...]]
    test_sets: tuple[TestSet, ...]
    narrowed_from: Expansion | None = None
    matched: tuple[Matched, ...] = ()
    """What `equalise: match` was made of, a training set or test set each; empty without it."""
    ensembles: tuple[EnsembleRecord, ...] = ()

    @property
    def equalises_asked(self) -> list[str]:
        """What its fits ask for, as the file says it, in the file's order."""
        return list(
            dict.fromkeys(
                asked for fit in self.fits.values() for asked in sorted(fit.equalises_asked)
            )
        )

    @property
    def silent_of_equalise(self) -> list[Fit]:
        """The fits of arms that say nothing of it, where the file says nothing either."""
        if self.experiment.equalise is not None:
            return []
        arms = [arm for arm in self.experiment.arms if not arm.equalise]
        silent = {step.name for arm in arms for step in chain_of(arm)}
        return [fit for fit in self.fits.values() if silent.intersection(fit.arms)]

    @property
    def whole(self) -> Expansion:
        """What the file expands to, however it was narrowed."""
        return self if self.narrowed_from is None else self.narrowed_from
