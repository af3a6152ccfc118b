"""Every recipe that can be named, as a table; and the augmentation that a recipe can ask for."""

import math
from dataclasses import dataclass

import numpy as np
import pytest

import data.augmentations.blur_and_jpeg
from data.operations import parse
from data.randomness import stream
from detectors.contract import build, load_card, names
from detectors.history import HistoryRow, out_of_patience, selected_epoch
from detectors.optimizers import Optimizer
from detectors.recipe_fields import Recipe
from detectors.recipes import SHARED, recipe_names, resolve_recipe
from detectors.schedules import learning_rate

STEPS_PER_EPOCH = 10


@dataclass(frozen=True)
class Row:
    """What a recipe must come to."""

    optimizer: str
    betas: tuple[float, float] | None
    batch_size: int
    rates: list[float]
    """At the first step of each epoch of ten steps."""
    last_rate: float
    decay_of_matrices: float
    decay_of_vectors: float
    selected: int
    """Of the scripted epochs below."""
    clip: float | None = None
    momentum: float = 0.0
    label_smoothing: float = 0.0
    augment: str = "none"
    precision: str = "float32"


LAST, LOWEST_LOSS = 5, 2
TABLE = {
    "small": Row(
        optimizer="adamw",
        betas=(0.9, 0.999),
        batch_size=32,
        rates=[
            4e-05,
            7.6e-04,
            9.85016e-04,
            8.70476e-04,
            6.68446e-04,
            4.26637e-04,
            2.02154e-04,
            4.80092e-05,
        ],
        last_rate=4e-09,
        decay_of_matrices=0.01,
        decay_of_vectors=0.01,
        selected=LAST,
    ),
    "common": Row(
        optimizer="adamw",
        betas=(0.9, 0.999),
        batch_size=64,
        rates=[
            4e-05,
            1.98636e-04,
            1.87947e-04,
            1.67728e-04,
            1.40170e-04,
            1.08258e-04,
            7.54515e-05,
            4.53052e-05,
            2.10859e-05,
            5.41828e-06,
        ],
        last_rate=5.46743e-08,
        decay_of_matrices=0.05,
        decay_of_vectors=0.0,
        selected=LOWEST_LOSS,
        clip=1.0,
        precision="bfloat16",
    ),
    "npr/paper": Row(
        optimizer="adam",
        betas=(0.9, 0.999),
        batch_size=32,
        rates=[2e-4] * 11 + [1.8e-4] * 10 + [1.62e-4] * 10 + [1.458e-4] * 10 + [1.3122e-4] * 9,
        last_rate=1.3122e-4,
        decay_of_matrices=0.0,
        decay_of_vectors=0.0,
        selected=LAST,
    ),
    "log_dct_linear/l2": Row(
        optimizer="sgd",
        betas=(0.9, 0.999),
        batch_size=64,
        rates=[1 + math.cos(math.pi * epoch / 40) for epoch in range(40)],
        last_rate=1 + math.cos(math.pi * 399 / 400),
        decay_of_matrices=1e-3,
        decay_of_vectors=0.0,
        selected=LAST,
        momentum=0.9,
    ),
    "simple_cnn/seed": Row(
        optimizer="adam",
        betas=(0.9, 0.999),
        batch_size=32,
        rates=[1e-4] * 10,
        last_rate=1e-4,
        decay_of_matrices=0.0,
        decay_of_vectors=0.0,
        selected=LAST,
    ),
}


def recipe_of(key: str) -> Recipe:
    detector, slash, name = key.rpartition("/")
    return resolve_recipe(load_card(detector if slash else "npr"), name)


def history_row(epoch: int, loss: float) -> HistoryRow:
    return HistoryRow(epoch, epoch * 10, 1e-3, 0.5, loss, 0.9, 0.8, 100.0, 1.0, 0.0)


# The lowest loss twice: the earlier one is meant.
HISTORY = [history_row(e + 1, loss) for e, loss in enumerate([0.5, 0.3, 0.4, 0.3, 0.6])]


def test_the_table_has_every_shared_recipe() -> None:
    assert set(TABLE) >= set(SHARED)


@pytest.mark.parametrize("name", names())
def test_every_recipe_of_every_detector_makes_sense(name: str) -> None:
    card = load_card(name)
    for recipe in recipe_names(card):
        assert resolve_recipe(card, recipe)


@pytest.mark.parametrize("key", TABLE)
def test_rate_at_every_epoch(key: str) -> None:
    recipe, row = recipe_of(key), TABLE[key]
    epochs = recipe.epochs
    assert epochs == len(row.rates)
    total = epochs * STEPS_PER_EPOCH
    rates = [learning_rate(recipe, step, total, STEPS_PER_EPOCH) for step in range(total)]
    assert rates[::STEPS_PER_EPOCH] == pytest.approx(row.rates, rel=1e-5)
    assert rates[-1] == pytest.approx(row.last_rate, rel=1e-5)


@pytest.mark.parametrize("key", TABLE)
def test_optimiser_groups_and_decay(key: str) -> None:
    recipe, row = recipe_of(key), TABLE[key]
    network = build("resnet50", {"size": "tiny"}, seed=0)
    decay_of = {
        name: decay for decay, group in Optimizer(network, recipe).groups() for name in group
    }
    assert set(decay_of) == {name for name, _ in network.named_parameters()}
    matrices = {name for name, value in network.named_parameters() if value.ndim > 1}
    assert {decay_of[name] for name in matrices} == {row.decay_of_matrices}
    assert {decay for name, decay in decay_of.items() if name not in matrices} == {
        row.decay_of_vectors
    }
    assert (recipe.optimizer, recipe.betas, recipe.batch_size) == (
        row.optimizer,
        row.betas,
        row.batch_size,
    )
    assert (recipe.momentum, recipe.gradient_clip) == (row.momentum, row.clip)


@pytest.mark.parametrize("key", TABLE)
def test_loss_augmentation_and_selection(key: str) -> None:
    recipe, row = recipe_of(key), TABLE[key]
    assert (recipe.loss, recipe.label_smoothing) == ("bce", row.label_smoothing)
    assert (recipe.class_balance, recipe.precision) == ("natural", row.precision)
    assert parse(recipe.augment, "augmentation").canonical == row.augment
    assert selected_epoch(HISTORY, recipe) == row.selected
    assert recipe.keep_epochs == ("selected", "last")
    assert not out_of_patience(HISTORY, recipe)


def test_blur_jpeg_draws_its_numbers_from_the_stated_ranges(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: dict[str, list[float]] = {"sigma": [], "quality": []}
    order: list[list[str]] = []

    def blurred(image_HWC: np.ndarray, sigma_px: float) -> np.ndarray:
        drawn["sigma"].append(sigma_px)
        order[-1].append("blur")
        return image_HWC

    def coded(image_HWC: np.ndarray, quality: int, subsampling: str) -> np.ndarray:
        drawn["quality"].append(quality)
        order[-1].append("jpeg")
        assert subsampling == "4:2:0"
        return image_HWC

    monkeypatch.setattr(data.augmentations.blur_and_jpeg, "gaussian_blur", blurred)
    monkeypatch.setattr(data.augmentations.blur_and_jpeg, "jpeg_coded", coded)
    num = 4000
    for text, p in (("blur_jpeg", 0.5), ("blur_jpeg(p=0.1)", 0.1)):
        drawn["sigma"].clear()
        drawn["quality"].clear()
        order.clear()
        pipeline = parse(text, "augmentation")
        for index in range(num):
            order.append([])
            pipeline(np.zeros((4, 4, 3), np.uint8), stream("augmentation", index))
        for values in drawn.values():
            assert len(values) / num == pytest.approx(p, abs=0.03)
        both = [steps for steps in order if len(steps) == 2]
        assert len(both) / num == pytest.approx(p * p, abs=0.03)
        assert all(steps == ["blur", "jpeg"] for steps in both)
        sigma, quality = np.array(drawn["sigma"]), np.array(drawn["quality"])
        assert sigma.min() >= 0
        assert sigma.max() <= 3
        assert sigma.mean() == pytest.approx(1.5, abs=0.15)
        assert sigma.std() == pytest.approx(3 / 12**0.5, abs=0.1)
        assert set(quality) <= set(range(30, 101))
        assert len(set(quality)) > (60 if p == 0.5 else 40), "every whole quality can come"
        assert {30, 100} <= set(quality) or p < 0.5
