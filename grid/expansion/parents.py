"""Which weights a fit begins with: a parent's of another arm, or a file's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from data.counts import counted
from detectors.contract import Card, Options
from grid.expansion.choices import Choice, matches
from grid.expansion.fits import Fit
from grid.expansion.given_weights import as_published, given_weights
from grid.experiment_file.schema import Arm
from grid.refusal import Problems, did_you_mean


class NoWeights(Exception):
    """The weights that an arm begins with are not there; what is wrong has been noted."""


def parents_first(arms: tuple[Arm, ...], problems: Problems) -> list[Arm]:
    """Order arms so that `weights: {from: ARM}` finds its arm expanded; cycles are refused."""
    by_name = {arm.name: arm for arm in arms}
    needs: dict[str, set[str]] = {}
    for arm in arms:
        needs[arm.name] = {w.from_ for w in arm.weights if w and w.from_}
        for name in sorted(needs[arm.name] - set(by_name)):
            problems.add(
                f"arms.{arm.name}.weights: {{from: {name}}}",
                "there is no such arm",
                did_you_mean(name, by_name),
            )
        needs[arm.name] &= set(by_name)
    ordered: list[Arm] = []
    while needs:
        ready = [name for name, parents in needs.items() if not parents & set(needs)]
        if not ready:
            problems.add(
                f"arms: {' -> '.join([*needs, next(iter(needs))])}",
                "their weights come from each other in a circle",
                "Break the circle",
            )
            return ordered
        for name in ready:
            ordered.append(by_name[name])
            del needs[name]
    return ordered


def initial_weights(
    choice: Choice,
    card: Card,
    options: Options,
    by_arm: Mapping[str, list[Fit]],
    folder: Path,
    problems: Problems,
) -> tuple[dict[str, Any] | None, Fit | None]:
    """Return what stands for the initial weights in a fit, and the parent.

    Raises:
        NoWeights: they are not there, or do not fit; a problem is noted.
    """
    spec = as_published(choice.weights, card)
    if spec is None:
        return None, None
    where = f"arms.{choice.arm.name}.weights"
    if spec.from_ is None:
        trained = choice.training is not None
        given = given_weights(where, spec, card, options, folder, problems, trained=trained)
        if given is None:
            raise NoWeights
        return given, None
    parents = _parents(choice, by_arm.get(spec.from_ or "", []))
    if len(parents) != 1:
        if spec.from_ in by_arm:  # an unknown arm was refused before
            shown = "; ".join(p.label for p in parents[:4])
            problems.add(
                f"{where}: {{from: {spec.from_}}}",
                f"{counted(len(parents), 'fit')} of that arm match {choice.values}"
                + (f": {shown}" if parents else ""),
                "Exactly one must: add `where: {...}` with values of the parent's axes",
            )
        raise NoWeights
    [parent] = parents
    if parent.card.name != choice.detector:
        problems.add(
            f"{where}: {{from: {spec.from_}}}",
            f"{parent.label} is no {choice.detector}, and its weights fit no other network",
            "Name an arm with the same detector",
        )
        raise NoWeights
    if not is_kept(parent, spec.epoch):
        problems.add(*not_kept(f"{where}.epoch: {spec.epoch}", parent))
        raise NoWeights
    return {"from": parent.fit_id, "epoch": spec.epoch}, parent


def is_kept(fit: Fit, epoch: int | str) -> bool:
    """Whether the weights of an epoch will be there; given weights are all of their epochs."""
    if fit.recipe is None:
        return epoch in ("selected", "last")
    kept = fit.recipe.keep_epochs
    ends_there = epoch == fit.recipe.epochs and fit.recipe.patience is None
    return epoch in kept or (ends_there and "last" in kept)


def not_kept(what: str, fit: Fit) -> tuple[str, str, str]:
    """Return the problem of an epoch whose weights will not be there."""
    kept = fit.recipe.keep_epochs if fit.recipe else ("selected", "last")
    return (
        what,
        f"the recipe of {fit.label} keeps the weights of {', '.join(map(str, kept))} only",
        "Add it to the recipe's keep_epochs, or name a kept epoch",
    )


def _parents(choice: Choice, fits: list[Fit]) -> list[Fit]:
    """Return the parent's fits that agree on the seed and on each axis that both arms have.

    An axis on which the child has a value that the parent lacks is one that the child overrides;
    it does not restrict. `where` names parents outright.
    """
    spec = choice.weights
    where = dict(spec.where) if spec else {}
    found = [f for f in fits if matches(f.values, where)]
    for key, value in choice.values.items():
        if key in ("arm", "recipe") or key in where:
            continue
        parents = [f for f in found if f.values.get(key) == value]
        if parents or key == "seed":
            found = parents
    return found
