"""One point of the product resolved: from words to the fit that they describe, and its id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.operations import Pipeline, parse
from data.pools import Pool
from data.selection import Selection, SelectionError
from detectors.contract import Card, Options, load_card, parse_options
from detectors.recipe_fields import TEST_SETS, Recipe
from detectors.recipes import resolve_recipe
from grid.expansion.choices import Choice
from grid.expansion.chosen_rows import Selections
from grid.expansion.description import describe_fit
from grid.expansion.equalising import Equalising
from grid.expansion.fits import Fit
from grid.expansion.labels import short_label
from grid.expansion.parents import NoWeights, initial_weights
from grid.experiment_file.pipelines import chosen_pipelines
from grid.records.identity import fit_id
from grid.refusal import Problems
from grid.sources.training_sets import TrainingSet


def resolved(
    choice: Choice,
    selections: Selections,
    equalising: Equalising,
    by_arm: Mapping[str, list[Fit]],
    tested: Sequence[Pool],
    weights_folder: Path,
    problems: Problems,
) -> Fit | None:
    """Resolve one point of the product: card, options, geometry, recipe, rows, identity.

    None, with a problem noted, where something of it does not exist or fit.
    """
    settings = _settings(choice, tested, problems)
    if settings is None:
        return None
    try:
        weights, parent = initial_weights(
            choice, settings.card, settings.options, by_arm, weights_folder, problems
        )
    except NoWeights:
        return None
    training = settings.training
    equalise: str | None = "none"
    if training is not None:
        equalise = equalising.of_training(choice.equalise, training)
    if equalise is None:
        return None
    try:
        selection = selections.of(training, parent, equalise) if training is not None else None
    except SelectionError as error:
        problems.add(f"arms.{choice.arm.name}.train", str(error), "Correct it in the file")
        return None
    return _fit(choice, settings, selection, weights, parent, equalise)


def _fit(
    choice: Choice,
    settings: _Settings,
    selection: Selection | None,
    weights: Mapping[str, Any] | None,
    parent: Fit | None,
    equalise: str,
) -> Fit:
    """Name what was resolved: the fit's description, its id, and what people call it."""
    description = describe_fit(
        card=settings.card,
        options=settings.options,
        selection=selection,
        train_geometry=settings.train_geometry,
        validation_geometry=settings.validation_geometry,
        augment=settings.augment,
        recipe=settings.recipe,
        seed=choice.seed,
        weights=weights,
        equalise=parse(equalise, "equalise"),
    )
    augment = settings.augment.canonical
    training = settings.training
    trained_on = training.label if training else None
    return Fit(
        fit_id=fit_id(description),
        label=short_label(
            settings.card,
            settings.options,
            trained_on,
            augment,
            choice.seed,
            is_oracle=settings.recipe is not None and settings.recipe.validate_on == TEST_SETS,
        ),
        arms=(choice.arm.name,),
        card=settings.card,
        options=settings.options,
        training=training,
        selection=selection,
        train_geometry=settings.train_geometry.canonical,
        validation_geometry=settings.validation_geometry.canonical,
        augment=augment,
        recipe=settings.recipe,
        recipe_name=choice.values["recipe"] if settings.recipe else "none",
        seed=choice.seed,
        weights=weights,
        parent=parent.fit_id if parent is not None else None,
        description=description,
        values=choice.values,
        equalise=equalise,
    )


@dataclass(frozen=True)
class _Settings:
    """What the words of a choice stand for, without looking at any image."""

    card: Card
    options: Options
    training: TrainingSet | None
    recipe: Recipe | None
    augment: Pipeline
    train_geometry: Pipeline
    validation_geometry: Pipeline


def _settings(choice: Choice, tested: Sequence[Pool], problems: Problems) -> _Settings | None:
    where = f"arms.{choice.arm.name}"
    try:
        card = load_card(choice.detector)
    except ValueError as error:
        problems.add(f"{where}.detector", str(error), "Correct the name")
        return None
    try:
        options = parse_options(card, choice.options)
        pipelines = chosen_pipelines(card, options, choice.input)
        recipe = training = None
        if choice.training is not None:
            recipe = resolve_recipe(card, choice.recipe)
            if choice.training.steps is not None:  # a budget of the training set, for any recipe
                recipe = recipe.model_copy(update={"steps": choice.training.steps, "epochs": None})
            training = choice.training.carved(recipe.validation_fraction)
            if recipe.validate_on == TEST_SETS:
                training = training.validated_on(tested)
        return _Settings(
            card=card,
            options=options,
            training=training,
            recipe=recipe,
            augment=parse(choice.augment or (recipe.augment if recipe else "none"), "augmentation"),
            train_geometry=parse(pipelines.train, "geometry"),
            validation_geometry=parse(pipelines.test, "geometry"),
        )
    except ValueError as error:  # PipelineError and pydantic's ValidationError are ValueErrors
        problems.add(where, str(error), "Correct it in the file")
        return None
