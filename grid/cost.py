"""What a fit will cost, from what its like has cost in this store; unknown is said, not guessed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from grid.expand import Fit
from grid.records import Commit
from grid.trial import Work

# What makes two fits cost alike per image: network and geometry. Names of keys in a description.
_ALIKE = ("detector", "options", "train_geometry", "validation_geometry", "augment")


@dataclass
class Costs:
    """Seconds per trained image, by kind of work; scoring is taken for a part of training."""

    per_image: dict[str, list[float]] = field(default_factory=dict)

    def predict(self, work: Work) -> float | None:
        """Return the seconds that some work will take, None where its like never ran here."""
        known = self.per_image.get(work.kind)
        return median(known) * work.amount if known else None


def known_costs(commits: Mapping[str, Commit]) -> Costs:
    """Learn costs from the fits that are committed."""
    costs = Costs()
    for commit in commits.values():
        images = commit["n_train"] * commit["last_epoch"]
        if images and commit["seconds"] > 0:
            kind = kind_of_work(commit["description"])
            costs.per_image.setdefault(kind, []).append(commit["seconds"] / images)
    return costs


def work_of(fit: Fit, *, trains: bool, scored_images: int) -> Work:
    """Return what is left of a fit in images: of all epochs (or the recipe's steps), and scored."""
    trained = 0
    if trains and fit.recipe is not None and fit.selection is not None:
        if fit.recipe.steps is not None:
            trained = fit.recipe.steps * fit.recipe.batch_size
        else:
            trained = (fit.recipe.epochs or 0) * len(fit.selection.train.image_ids)
    return Work(kind_of_work(fit.description), trained, scored_images)


def kind_of_work(description: Mapping[str, Any]) -> str:
    """Return the same text for fits that cost alike per image."""
    return repr([description.get(key) for key in _ALIKE])
