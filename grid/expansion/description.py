"""The canonical description of a fit: everything that makes it the fit that it is, and no more.

In it: content (digests of rows), options, equalise, geometry and recipe where they differ from the
defaults, versions of card and operations, seed, initial weights; of decoding and of the training
loop's meaning the version where it is above 1; of a plug-in the sha256 of its text. Not in it:
paths, names, devices, threads, batch sizes of tests. A new option with a neutral default therefore
changes no id.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from data.decode_version import with_decoding
from data.operations import Pipeline, parse
from data.selection import Selection
from data.view import NOTHING
from detectors.contract import Card, Options, options_that_differ
from detectors.input_geometry import input_pipelines
from detectors.plugins import registered
from detectors.recipe_fields import Recipe
from detectors.recipes import differing
from detectors.second_view.text import view_versions
from detectors.training_version import TRAINING_SEMANTICS
from grid.records.weights_origin import identity_of

# Values of a recipe that stand elsewhere in a description: as an operation, as rows.
_ELSEWHERE = ("augment", "validation_fraction")


def describe_fit(
    *,
    card: Card,
    options: Options,
    selection: Selection | None,
    train_geometry: Pipeline,
    validation_geometry: Pipeline,
    augment: Pipeline,
    recipe: Recipe | None,
    seed: int | None,
    weights: Mapping[str, Any] | None,
    equalise: Pipeline = NOTHING,
) -> dict[str, Any]:
    """Return the description that a fit's id is the hash of; plain values, keys by meaning."""
    description: dict[str, Any] = {"detector": card.name, "card": card.version}
    if plugin := registered().get(card.name):
        description["plugin"] = plugin.sha256
    differing_options = options_that_differ(card, options)
    if differing_options:
        description["options"] = differing_options
    if weights is not None:  # a file is what its bytes are, wherever it lies
        description["weights"] = identity_of(weights)
    of_second_view = view_versions(options.second_input())
    if selection is None or recipe is None:
        if of_second_view:
            description["operations"] = of_second_view
        return description
    default = input_pipelines(card, options)
    if equalise.canonical != "none":
        description["equalise"] = equalise.canonical
    if train_geometry.canonical != parse(default.train, "geometry").canonical:
        description["train_geometry"] = train_geometry.canonical
    if validation_geometry.canonical != parse(default.test, "geometry").canonical:
        description["validation_geometry"] = validation_geometry.canonical
    if augment.canonical != "none":
        description["augment"] = augment.canonical
    operations = operations_of(equalise, train_geometry, validation_geometry, augment)
    operations |= of_second_view
    if operations:
        description["operations"] = operations
    description["training"] = selection.train.digest
    description["validation"] = selection.validation.digest
    values = differing(recipe, micro_batch_acts=options.micro_batch_acts())
    description["recipe"] = {k: v for k, v in values.items() if k not in _ELSEWHERE}
    description["seed"] = seed
    if TRAINING_SEMANTICS > 1:
        description["training_semantics"] = TRAINING_SEMANTICS
    return description


def operations_of(*pipelines: Pipeline) -> dict[str, int]:
    """Return the versions of all operations in some pipelines, of decoding where it is not 1."""
    return with_decoding({name: v for each in pipelines for name, v in each.versions.items()})
