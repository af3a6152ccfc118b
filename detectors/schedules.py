"""The learning rate as a function of the step: nothing to store, nothing to restore."""

from __future__ import annotations

from math import cos, pi

from detectors.recipe_fields import Recipe

# One-cycle (Smith and Topin 2018) with torch's usual numbers; its momentum is left alone.
ONE_CYCLE_START = 1 / 25
ONE_CYCLE_END = ONE_CYCLE_START / 1e4


def learning_rate(
    recipe: Recipe, step: int, total_steps: int, steps_per_epoch: int, falls: int = 0
) -> float:
    """The rate of the optimiser's step number `step`, counted from 0.

    one_cycle: half a cosine from lr/25 up to lr within warmup_fraction of the steps, then half a
    cosine down to lr/250,000, reached at the last step. The others rise linearly within
    warmup_fraction (the first step has lr / number of warm-up steps), then: constant; cosine from
    lr to final_lr_fraction * lr, one step beyond the last (Loshchilov and Hutter 2017, eq. 5);
    step, multiplied by step_gamma after each of step_epochs; poly, (1 - e/E)^poly_power of lr in
    epoch e of E; plateau, multiplied by plateau_gamma at each of its `falls` so far
    (`detectors.plateau`).
    """
    if recipe.schedule == "one_cycle":
        return recipe.lr * _one_cycle(step, total_steps, recipe.warmup_fraction)
    warmup_steps = int(recipe.warmup_fraction * total_steps)
    if step < warmup_steps:
        return recipe.lr * (step + 1) / warmup_steps
    if recipe.schedule == "cosine":
        done = (step - warmup_steps) / (total_steps - warmup_steps)
        return recipe.lr * _half_cosine(1.0, recipe.final_lr_fraction, done)
    if recipe.schedule == "step":
        passed = sum(step >= epoch * steps_per_epoch for epoch in recipe.step_epochs)
        return recipe.lr * recipe.step_gamma**passed
    if recipe.schedule == "poly":
        epochs = -(-total_steps // steps_per_epoch)
        epoch = step // steps_per_epoch + (recipe.poly_ends == "at_zero")
        return float(recipe.lr * (1 - epoch / epochs) ** recipe.poly_power)
    if recipe.schedule == "plateau":
        return recipe.lr * recipe.plateau_gamma**falls
    return recipe.lr


def _one_cycle(step: int, total_steps: int, rise: float) -> float:
    peak = rise * total_steps - 1
    if step <= peak:
        return _half_cosine(ONE_CYCLE_START, 1.0, step / peak if peak > 0 else 1.0)
    # A rise shorter than one step starts at the peak.
    start = max(peak, 0.0)
    left = total_steps - 1 - start
    return _half_cosine(1.0, ONE_CYCLE_END, (step - start) / left if left > 0 else 0.0)


def _half_cosine(start: float, end: float, done: float) -> float:
    return end + (start - end) * (1 + cos(pi * done)) / 2
