"""Every recipe of every detector comes to what its source says: `tests/support/recipe_table.py`."""

from dataclasses import replace

import pytest
from recipe_row import HISTORY, history_row
from recipe_table import TABLE

from data.operations import parse
from detectors.contract import build, load_card
from detectors.history import selected_epoch
from detectors.optimizers import Optimizer
from detectors.plateau import falls_so_far, is_at_the_end
from detectors.recipe_fields import TEST_SETS, Recipe
from detectors.recipes import SHARED, differing, resolve_recipe
from detectors.schedules import learning_rate
from detectors.zoo import zoo_names

STEPS_PER_EPOCH = 10
IN_A_ROW = {
    "optimizer",
    "batch_size",
    "micro_batch",
    "epochs",
    "steps",
    "weight_decay",
    "decay_on",
    "betas",
    "momentum",
    "dampening",
    "nesterov",
    "lr",
    "schedule",
    "warmup_fraction",
    "final_lr_fraction",
    "step_epochs",
    "step_gamma",
    "poly_power",
    "poly_ends",
    "plateau_patience",
    "plateau_gamma",
    "plateau_min_lr",
    "plateau_delta",
    "plateau_delta_after",
    "selection",
    "validate_on",
    "gradient_clip",
    "label_smoothing",
    "class_balance",
    "augment",
    "precision",
}
NO_RECIPE_OF_THE_PAPER = {
    "resnet50": "paper_without_jsd says what it leaves out of it",
    "log_dct_linear": "the paper is followed in the spectra alone",
    "log_fft_linear": "the paper is followed in the spectra alone",
    "patchcraft": "neither the code of its training nor the settings were published",
}


def recipe_of(key: str) -> Recipe:
    detector, slash, name = key.rpartition("/")
    return resolve_recipe(load_card(detector if slash else "npr"), name)


def test_every_recipe_has_a_row_and_every_row_a_recipe() -> None:
    own = {f"{name}/{recipe}" for name in zoo_names() for recipe in load_card(name).recipes}
    assert set(TABLE) == own | set(SHARED)


@pytest.mark.parametrize("name", zoo_names())
def test_what_is_called_paper_has_a_paper(name: str) -> None:
    card = load_card(name)
    expected = card.paper is not None and name not in NO_RECIPE_OF_THE_PAPER
    assert ("paper" in card.recipes) == expected


@pytest.mark.parametrize("key", TABLE)
def test_no_value_is_left_out_of_the_row(key: str) -> None:
    assert set(differing(recipe_of(key))) <= IN_A_ROW


def rates_of(recipe: Recipe, epochs: int) -> dict[tuple[int, int], float]:
    """The rate by epoch and step, both from 1; with plateau accuracy never changes."""
    flat = [history_row(number, 0.5, 0.5) for number in range(1, epochs + 1)]
    total = recipe.steps or epochs * STEPS_PER_EPOCH
    shown = range(1, epochs + 1) if epochs < 1000 else [1, 3_751, 7_501, epochs]
    rates = {}
    for epoch in shown:
        falls = falls_so_far(flat[: epoch - 1], recipe)
        for step in (1, STEPS_PER_EPOCH):
            done = (epoch - 1) * STEPS_PER_EPOCH + step - 1
            rates[epoch, step] = learning_rate(recipe, done, total, STEPS_PER_EPOCH, falls)
    return rates


@pytest.mark.parametrize("key", TABLE)
def test_the_rate(key: str) -> None:
    recipe, row = recipe_of(key), TABLE[key]
    assert (recipe.epochs, recipe.steps) == (row.epochs, row.steps)
    epochs = row.ends_after or row.epochs or (row.steps or 0) // STEPS_PER_EPOCH
    rates = rates_of(recipe, epochs)
    assert {epoch: rates[epoch, 1] for epoch in row.rates} == pytest.approx(row.rates, rel=1e-5)
    assert rates[epochs, STEPS_PER_EPOCH] == pytest.approx(row.last_rate, rel=1e-5)
    flat = [history_row(number, 0.5, 0.5) for number in range(1, min(epochs, 100) + 1)]
    ends = [len(flat[:n]) for n in range(1, len(flat) + 1) if is_at_the_end(flat[:n], recipe)]
    assert (ends[0] if ends else None) == row.ends_after


@pytest.mark.parametrize("key", [key for key, row in TABLE.items() if row.progress])
def test_what_counts_as_progress(key: str) -> None:
    recipe, row = recipe_of(key), TABLE[key]
    assert row.progress is not None
    for rise, is_progress in ((1.01, True), (0.99, False)):
        first = [history_row(n, 0.5, 0.5) for n in range(1, 6)]
        first.append(history_row(6, 0.5, 0.5 + row.progress[0] * rise))
        assert falls_so_far(first, recipe) == (0 if is_progress else 1)
        second = [history_row(n, 0.5, 0.5) for n in range(1, 12)]
        second.append(history_row(12, 0.5, 0.5 + row.progress[1] * rise))
        assert falls_so_far(second, recipe) == (1 if is_progress else 2)


def decays(recipe: Recipe) -> tuple[set[float], set[float]]:
    """Of matrices, and of biases and normalisations, in the optimiser of a small network."""
    network = build("resnet50", {"size": "tiny"}, seed=0)
    decay_of = {
        name: decay for decay, group in Optimizer(network, recipe).groups() for name in group
    }
    sizes = {name: value.ndim for name, value in network.named_parameters()}
    assert set(decay_of) == set(sizes)
    matrices = {decay for name, decay in decay_of.items() if sizes[name] > 1}
    return matrices, {decay for name, decay in decay_of.items() if sizes[name] <= 1}


@pytest.mark.parametrize("key", TABLE)
def test_everything_else(key: str) -> None:
    recipe, row = recipe_of(key), TABLE[key]
    of_matrices, of_vectors = row.decay
    assert decays(recipe) == ({of_matrices}, {of_vectors})
    came_to = replace(
        row,
        optimizer=recipe.optimizer,
        batch=recipe.batch_size,
        betas=recipe.betas,
        momentum=recipe.momentum,
        dampening=recipe.dampening,
        nesterov=recipe.nesterov,
        micro_batch=recipe.micro_batch,
        selected=selected_epoch(HISTORY, recipe),
        on_test_sets=recipe.validate_on == TEST_SETS,
        clip=recipe.gradient_clip,
        smoothing=recipe.label_smoothing,
        balanced=recipe.class_balance == "balanced",
        augment=parse(recipe.augment, "augmentation").canonical,
        precision=recipe.precision,
    )
    assert came_to == replace(row, augment=parse(row.augment, "augmentation").canonical)
