"""What a plan remarks about the weights that fits begin with."""

from __future__ import annotations

from collections.abc import Iterator

from data.counts import counted
from grid.plan.plan import Plan
from grid.records.weights_origin import given_files, name_of_weights, stated_training


def weights_remarks(plan: Plan) -> Iterator[str]:
    """Yield where a published training begins with weights and a fit does not, and what is unknown.

    Of given weights only names of generators are known, so no test image can be flagged as seen.
    """
    yield from _at_random(plan)
    yield from _of_images_not_known(plan)


def _at_random(plan: Plan) -> Iterator[str]:
    begun: dict[str, int] = {}
    for fit in plan.expansion.fits.values():
        is_tiny = getattr(fit.options, "size", None) == "tiny"
        if fit.card.initial_weights is not None and fit.weights is None and not is_tiny:
            begun[fit.card.name] = begun.get(fit.card.name, 0) + 1
    cards = {fit.card.name: fit.card for fit in plan.expansion.fits.values()}
    for name, count in begun.items():
        yield (
            f"{counted(count, 'fit')} of {name} with random initial weights, where its paper begins"
            f" with {cards[name].initial_weights}; `weights: paper` does as the paper"
        )


def _of_images_not_known(plan: Plan) -> Iterator[str]:
    given = {
        name_of_weights(fit.weights or {}): stated_training(fit.weights)
        for fit in plan.expansion.fits.values()
        if given_files(fit.weights)
    }
    unstated = sorted(name for name, stated in given.items() if stated is None)
    if unstated:
        yield (
            f"of the weights {', '.join(unstated)} nobody stated which generators they were "
            "trained on, so no test is called unseen; `crossgen weights import FILE --as NAME "
            "--generator NAME` (or `none`) states it"
        )
    named = sorted(name for name, stated in given.items() if stated and stated["generators"])
    if named:
        yield (
            f"of the weights {', '.join(named)} the generators are known and the images are not: "
            "test images among them are scored and not flagged as seen"
        )
