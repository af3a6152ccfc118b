"""What a fit will cost, from what its like has cost in this store; unknown is said, not guessed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from grid.expand import Fit
from grid.records import Commit

# What makes two fits cost alike per image: network and geometry. Names of keys in a description.
_ALIKE = ("detector", "options", "train_geometry", "validation_geometry", "augment")


@dataclass
class Costs:
    """Seconds per trained image, by what kind of fit; scoring is taken from validation."""

    per_image: dict[str, list[float]] = field(default_factory=dict)

    def predict(self, fit: Fit, *, trains: bool, scored_images: int) -> float | None:
        """Return seconds for what is left of a fit, or None where its like never ran here."""
        known = self.per_image.get(_kind(fit.description))
        if not known:
            return None
        per_image = median(known)
        trained = _trained_images(fit) if trains else 0
        # A training step is a forward and about two forwards' worth of backward.
        return per_image * (trained + scored_images / 3)


def known_costs(commits: Mapping[str, Commit]) -> Costs:
    """Learn costs from the fits that are committed."""
    costs = Costs()
    for commit in commits.values():
        images = commit["n_train"] * commit["last_epoch"]
        if images and commit["seconds"] > 0:
            kind = _kind(commit["description"])
            costs.per_image.setdefault(kind, []).append(commit["seconds"] / images)
    return costs


def _trained_images(fit: Fit) -> int:
    """Images that pass through training, over all epochs or by the recipe's steps."""
    if fit.recipe is None or fit.selection is None:
        return 0
    if fit.recipe.steps is not None:
        return fit.recipe.steps * fit.recipe.batch_size
    return (fit.recipe.epochs or 0) * len(fit.selection.train.image_ids)


def _kind(description: Mapping[str, Any]) -> str:
    return repr([description.get(key) for key in _ALIKE])
