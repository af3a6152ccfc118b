"""How often a rate has fallen because validation brought no progress: a function of the history.

The rule is that of CNNSpot's code (Wang et al., CVPR 2020, arXiv 1912.11035): after
`plateau_patience` epochs without progress the rate is divided, and the count of epochs and the
mark to beat begin anew; below `plateau_min_lr` the training ends.
"""

from __future__ import annotations

from collections.abc import Sequence

from detectors.history import HistoryRow, badness
from detectors.recipe_fields import Recipe


def falls_so_far(history: Sequence[HistoryRow], recipe: Recipe) -> int:
    """How often the rate has been multiplied by plateau_gamma; 0 with another schedule."""
    if recipe.plateau_patience is None:
        return 0
    falls, without_progress = 0, 0
    mark: float | None = None
    for row in history:
        measure = badness(row, recipe)
        if mark is None or _is_progress(mark - measure, recipe, falls):
            mark, without_progress = measure, 0
        else:
            without_progress += 1
        if without_progress == recipe.plateau_patience:
            falls, without_progress, mark = falls + 1, 0, None
    return falls


def is_at_the_end(history: Sequence[HistoryRow], recipe: Recipe) -> bool:
    """Whether the rate has fallen below plateau_min_lr."""
    rate = recipe.lr * recipe.plateau_gamma ** falls_so_far(history, recipe)
    return recipe.plateau_patience is not None and rate < recipe.plateau_min_lr


def _is_progress(improvement: float, recipe: Recipe, falls: int) -> bool:
    delta = recipe.plateau_delta
    if falls and recipe.plateau_delta_after is not None:
        delta = recipe.plateau_delta_after
    return improvement > 0 and improvement >= delta
