"""Recipes: resolution, refusals, identity, and the rate at every epoch."""

import warnings
from typing import Any

import pytest
import torch

from detectors.contract import load_card
from detectors.recipe_fields import Recipe
from detectors.recipes import BadRecipe, differing, recipe_names, resolve_recipe
from detectors.schedules import learning_rate

NPR = load_card("npr")


def test_shared_recipes_have_the_stated_values() -> None:
    small = resolve_recipe(NPR, "small")
    assert (small.optimizer, small.lr, small.weight_decay) == ("adamw", 1e-3, 1e-2)
    assert (small.schedule, small.warmup_fraction) == ("one_cycle", 0.2)
    assert (small.batch_size, small.epochs, small.selection) == (32, 8, "last")
    common = resolve_recipe(NPR, "common")
    assert (common.selection, common.schedule) == ("validation_loss", "cosine")
    assert recipe_names(NPR) == ["common", "genimage", "official", "paper", "seed", "small"]


def test_a_base_is_changed_field_by_field() -> None:
    changed = resolve_recipe(NPR, {"base": "small", "epochs": 20, "lr": 5e-4})
    assert changed == resolve_recipe(NPR, "small").model_copy(update={"epochs": 20, "lr": 5e-4})


def test_a_step_budget_replaces_the_epochs_of_the_base() -> None:
    budget = resolve_recipe(NPR, {"base": "small", "steps": 500})
    assert (budget.steps, budget.epochs) == (500, None)
    other = resolve_recipe(NPR, {"base": "paper", "schedule": "constant"})
    assert other.step_epochs == ()


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("smal", r"'smal' for npr\. Did you mean small\?"),
        ({"base": "small", "epoch": 3}, r"field 'epoch'\. Did you mean epochs"),
        ({"base": "small", "lr": 0}, r"lr = 0: .*greater than 0"),
        ({"base": "small", "epochs": 2, "steps": 10}, "either epochs or steps"),
        ({"base": "small", "micro_batch": 64}, "micro_batch 64 is larger than batch_size 32"),
        ({"base": "small", "keep_epochs": [9]}, "keep_epochs 9 is not one of the epochs 1 to 8"),
        ({"base": "small", "patience": 2}, "patience needs a measure"),
        ({"base": "small", "momentum": 0.9}, "momentum would change nothing with optimizer: adamw"),
        ({"base": "small", "schedule": "step"}, "step_epochs"),
        ({"base": "paper", "step_epochs": [3, 2]}, "must rise"),
        ({"base": "small", "nesterov": True}, "nesterov would change nothing with optimizer"),
        ({"base": "small", "optimizer": "sgd", "nesterov": True}, "nesterov needs a momentum"),
        ({"base": "small", "step_epochs": [3]}, "step_epochs would change nothing with schedule"),
        ({"base": "small", "step_gamma": 0.5}, "step_gamma would change nothing with schedule"),
        (
            {"base": "small", "final_lr_fraction": 0.5},
            "final_lr_fraction would .* schedule: cosine",
        ),
        (
            {"base": "small", "optimizer": "sgd", "betas": [0.5, 0.9]},
            "betas would .* adam or adamw",
        ),
        ({"base": "paper", "decay_on": "matrices"}, "decay_on would change nothing without"),
        ({"lr": 1e-3}, "optimizer"),
    ],
)
def test_wrong_recipes_are_refused(spec: object, message: str) -> None:
    with pytest.raises(BadRecipe, match=message):
        resolve_recipe(NPR, spec)  # type: ignore[arg-type]


def test_identity_holds_required_fields_and_what_differs() -> None:
    small = resolve_recipe(NPR, "small")
    assert differing(small) == {
        "optimizer": "adamw",
        "lr": 1e-3,
        "weight_decay": 1e-2,
        "schedule": "one_cycle",
        "warmup_fraction": 0.2,
        "epochs": 8,
        "batch_size": 32,
    }
    stated = resolve_recipe(NPR, {"base": "small", "label_smoothing": 0.0, "betas": [0.9, 0.999]})
    assert differing(stated) == differing(small)
    kept = resolve_recipe(NPR, {"base": "small", "keep_epochs": [2, "last"]})
    assert differing(kept)["keep_epochs"] == ["selected", "last", 2]


@pytest.mark.parametrize(
    ("selection", "spellings"),
    [
        ("last", [["selected", "last"], ["last", "selected"], ["last"], ["selected"], []]),
        ("validation_loss", [["selected", "last"], ["last", "selected"], ["last", "last"]]),
        ("validation_loss", [["selected"], []]),
        ("validation_loss", [[3, 1], ["selected", 1, 3, 3]]),
    ],
)
def test_one_choice_of_epochs_has_one_spelling(selection: str, spellings: list[Any]) -> None:
    spec = {"base": "small", "selection": selection}
    said = [differing(resolve_recipe(NPR, {**spec, "keep_epochs": each})) for each in spellings]
    assert all(each == said[0] for each in said)


def test_what_a_base_says_for_another_schedule_or_optimizer_is_dropped() -> None:
    recipe = resolve_recipe(NPR, {"base": "paper", "schedule": "cosine", "optimizer": "sgd"})
    assert (recipe.step_epochs, recipe.step_gamma) == ((), 0.1)
    assert resolve_recipe(NPR, {"base": "common", "weight_decay": 0.0}).decay_on == "all"


def test_micro_batch_is_identity_only_where_it_acts() -> None:
    micro = resolve_recipe(NPR, {"base": "small", "micro_batch": 8})
    assert differing(micro)["micro_batch"] == 8
    assert "micro_batch" not in differing(micro, micro_batch_acts=False)
    whole = resolve_recipe(NPR, {"base": "small", "micro_batch": 32})
    assert "micro_batch" not in differing(whole)


def rates_by_epoch(recipe: Recipe, epochs: int, steps_per_epoch: int = 10) -> list[float]:
    """The rate of the first step of each epoch."""
    total = epochs * steps_per_epoch
    return [
        learning_rate(recipe, epoch * steps_per_epoch, total, steps_per_epoch)
        for epoch in range(epochs)
    ]


def test_rate_of_npr_paper_at_every_epoch() -> None:
    # Official: times 0.9 after the epochs of index 10, 20, 30, 40; ends at 1.3122e-4.
    rates = rates_by_epoch(resolve_recipe(NPR, "paper"), 50)
    expected = [2e-4] * 11 + [1.8e-4] * 10 + [1.62e-4] * 10 + [1.458e-4] * 10 + [1.3122e-4] * 9
    assert rates == pytest.approx(expected)


def test_rate_of_small_rises_for_a_fifth_and_falls_to_the_end() -> None:
    recipe = resolve_recipe(NPR, "small")
    rates = [learning_rate(recipe, step, 100, 13) for step in range(100)]
    assert rates[0] == pytest.approx(1e-3 / 25)
    assert rates[19] == pytest.approx(1e-3)
    assert rates[:20] == sorted(rates[:20])
    assert rates[19:] == sorted(rates[19:], reverse=True)
    # Half way down the cosine stands at the mean of its ends.
    assert rates[59] == pytest.approx((1e-3 + 4e-9) / 2)
    assert rates[99] == pytest.approx(4e-9)


@pytest.mark.slow  # building one of torch's optimisers imports its compiler
def test_rate_of_small_equals_torchs_one_cycle() -> None:
    recipe = resolve_recipe(NPR, "small")
    total = 8 * 16
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=recipe.lr, total_steps=total, pct_start=0.2, cycle_momentum=False
    )
    for step in range(total):
        expected = optimizer.param_groups[0]["lr"]
        assert learning_rate(recipe, step, total, 16) == pytest.approx(
            expected, rel=1e-9, abs=1e-15
        )
        with warnings.catch_warnings():
            # The order of optimizer.step and scheduler.step; nothing is optimised here.
            warnings.simplefilter("ignore")
            if step < total - 1:
                scheduler.step()


def test_rate_of_common_at_every_epoch() -> None:
    recipe = resolve_recipe(NPR, "common")
    rates = rates_by_epoch(recipe, 10)
    # 5 of 100 steps rise linearly: 1/5, 2/5, ...; epoch 2 starts at step 10, 5/95 into the cosine.
    assert rates[0] == pytest.approx(recipe.lr / 5)
    expected = [
        recipe.lr * (1 + torch.cos(torch.tensor(torch.pi * (10 * e - 5) / 95)).item()) / 2
        for e in range(1, 10)
    ]
    assert rates[1:] == pytest.approx(expected, rel=1e-5)
    assert rates[1:] == sorted(rates[1:], reverse=True)


@pytest.mark.parametrize(("ends", "first"), [("above_zero", 0), ("at_zero", 1)])
def test_rate_of_poly_falls_with_the_epoch(ends: str, first: int) -> None:
    spec = {"base": "small", "schedule": "poly", "poly_power": 0.7, "poly_ends": ends}
    recipe = resolve_recipe(NPR, {**spec, "epochs": 5, "warmup_fraction": 0.0})
    rates = [learning_rate(recipe, step, 50, 10) for step in range(50)]
    expected = [recipe.lr * (1 - e / 5) ** 0.7 for e in range(first, first + 5) for _ in range(10)]
    assert rates == pytest.approx(expected)
    assert (rates[-1] == 0) == (ends == "at_zero")


@pytest.mark.parametrize("schedule", ["constant", "one_cycle", "cosine"])
@pytest.mark.parametrize("total", [1, 2, 3, 7])
@pytest.mark.parametrize("warmup", [0.0, 0.2, 0.9])
def test_rate_is_positive_and_at_most_lr_for_few_steps(
    schedule: str, total: int, warmup: float
) -> None:
    spec = {"base": "small", "schedule": schedule, "warmup_fraction": warmup}
    recipe = resolve_recipe(NPR, spec)
    rates = [learning_rate(recipe, step, total, total) for step in range(total)]
    assert all(0 < rate <= recipe.lr for rate in rates)
