"""What the fits of a matrix were made with, and what their training came to, in words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.selecting.selection import StoreSelection
from data.counts import counted
from grid.records.commits import Commit
from grid.records.ensembles import members_of
from grid.records.experiments import FitRecord
from grid.records.identity import canonical_json
from grid.records.readable import readable_histories

# Of a recipe's values: those that stand elsewhere among the facts, or are no value of a training.
_ELSEWHERE = ("epochs", "steps", "batch_size", "keep_epochs", "augment")


@dataclass(frozen=True)
class TrainingFacts:
    """Facts as (name, value) pairs, whole for the page and in few words for a terminal."""

    named: tuple[tuple[str, str], ...]
    short: str


def read_steps(selection: StoreSelection) -> dict[str, int]:
    """Return the optimiser steps of the committed fits, from their histories.

    Fits that differ in their seed or initial weights alone took the same number, so one history
    of each such group is read.
    """
    groups: dict[str, list[Commit]] = {}
    for commit in selection.commits.values():
        if commit["n_train"]:
            shared = {
                k: v for k, v in commit["description"].items() if k not in ("seed", "weights")
            }
            key = canonical_json([shared, commit["last_epoch"]])
            groups.setdefault(key, []).append(commit)
    histories, damaged = readable_histories(
        selection.store, [commits[0] for commits in groups.values()]
    )
    selection.damaged.update(damaged)
    return {
        commit["fit_id"]: max(histories[commits[0]["fit_id"]]["step"].to_pylist())
        for commits in groups.values()
        if commits[0]["fit_id"] in histories
        for commit in commits
    }


def training_facts(
    settings: Mapping[str, str],
    fits: Iterable[FitRecord],
    commits: Mapping[str, Commit],
    steps: Mapping[str, int],
) -> TrainingFacts:
    """Gather the facts of fits whose settings are equal; what differs between them is a range.

    Args:
        settings: what the fits and their tests have in common, as `ArmOfFit` names it.
        fits: as the experiment wants them, trained or not.
        commits: of those that are trained.
        steps: optimiser steps by fit id, where known.
    """
    wanted = list(fits)
    done = [commits[fit["fit_id"]] for fit in wanted if fit["fit_id"] in commits]
    trained_on = [fit["train"] for fit in wanted if fit["train"] is not None]
    if any(members_of(fit) for fit in wanted):
        return _of_ensembles(wanted, settings)
    test_input = ("test input", settings["test input"])
    if not trained_on:
        return TrainingFacts(
            (("weights", "given, not trained here"), test_input),
            f"given weights, test input {settings['test input']}",
        )
    recipe = wanted[0]["recipe"] or {}
    epochs = _epochs(recipe, settings["epoch"], done, len(wanted))
    images = _range(each["n"] for each in trained_on)
    batch = recipe.get("batch_size")
    taken = _range(steps[each["fit_id"]] for each in done if each["fit_id"] in steps)
    budget = {
        "training images": images,
        "validation images": _range(each["n_validation"] for each in trained_on),
        "batch size": "" if batch is None else f"{batch:,}",
        "steps": taken,
    }
    # "default": as the detector's card says; the record has no other words for it.
    own_input = settings["validated on"] not in ("default", settings["test input"])
    named = {
        "recipe": _recipe(wanted[0]),
        "initial weights": "" if settings["weights"] == "random" else settings["weights"],
        "epochs": epochs,
        **budget,
        "training input": settings["input"],
        "validation input": settings["validated on"] if own_input else "",
        "test input": settings["test input"],
        "augmentation": settings["augment"],
    }
    short = [
        f"recipe {recipe.get('name', 'none')}",
        f"epochs: {epochs}",
        f"{images} training images" + (f" in batches of {batch:,}" if batch else ""),
        f"training input {settings['input']}",
        f"test input {settings['test input']}",
        f"augmentation {settings['augment']}",
    ]
    return TrainingFacts(
        tuple((name, value) for name, value in named.items() if value), "; ".join(short)
    )


def _of_ensembles(fits: Sequence[FitRecord], settings: Mapping[str, str]) -> TrainingFacts:
    """Say what is put together: an ensemble itself is not trained."""
    members = " and ".join(fits[0]["options"]["of"])
    by = fits[0]["options"]["by"].replace("_", " ")
    named = (
        ("ensemble of", members),
        ("joined by", by),
        ("training images", _range(fit["train"]["n"] for fit in fits if fit["train"])),
        ("test input", settings["test input"]),
    )
    return TrainingFacts(
        tuple((name, value) for name, value in named if value),
        f"{by} of {members}, test input {settings['test input']}",
    )


def _recipe(fit: FitRecord) -> str:
    """Name a recipe with the values that it states; those left out are neutral."""
    values = fit["description"].get("recipe") or {}
    said = ", ".join(
        f"{key} {_said(value)}" for key, value in values.items() if key not in _ELSEWHERE
    )
    name = (fit["recipe"] or {}).get("name", "none")
    return f"{name} ({said})" if said else name


def _epochs(recipe: Mapping[str, Any], scored: str, done: list[Commit], wanted: int) -> str:
    """Say how many epochs were trained, of how many, and which one the numbers are of."""
    most = recipe.get("epochs")
    if not done:
        return "none trained yet" + (f", {most:,} wanted" if most else "")
    text = _range(each["last_epoch"] for each in done)
    if most and any(each["last_epoch"] < most for each in done):
        text += f" of at most {most:,}"
    if len(done) < wanted:
        text += f" ({len(done):,} of {counted(wanted, 'fit')} trained)"
    if scored == "selected" and any(e["selected_epoch"] != e["last_epoch"] for e in done):
        return f"{text}, scored at the selected one: {_range(e['selected_epoch'] for e in done)}"
    return f"{text}, scored at {'the last' if scored in ('selected', 'last') else scored}"


def _range(values: Iterable[int]) -> str:
    found = sorted(set(values))
    if not found:
        return ""
    return f"{found[0]:,}" if len(found) == 1 else f"{found[0]:,} to {found[-1]:,}"


def _said(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
