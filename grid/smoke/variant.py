"""The smoke variant of an experiment: the same arms and axes, with nothing that takes long.

A function of the file alone: simulated images in place of its own, `size: tiny` of each detector,
two epochs, the first two seeds, inputs of at most 64 px and no weights from elsewhere. So all that
a file says is tried out within minutes, and nothing that comes of it is a result.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grid.experiment_file.schema import LONGEST_NAME
from grid.smoke.simulated_datasets import SimulatedDataset, simulated_datasets
from grid.smoke.smaller_arms import Sizes, smaller_arm, smaller_equalise, tests_given_weights
from grid.smoke.smaller_training import EPOCHS, named_in_where, spread, trainings

SEEDS = 2
SUFFIX = "-smoke"
KEPT_OF_DATASET = ("classes", "reals")
# Of a pattern of `exclude`: what the variant leaves as it is. Others would exclude nothing.
STILL_THERE = ("arm", "detector", "augment", "equalise")


@dataclass(frozen=True)
class SmokeVariant:
    """An experiment file as plain values, the images that it needs, and what it leaves out."""

    raw: dict[str, Any]
    datasets: Mapping[str, SimulatedDataset]
    left_out: tuple[str, ...]
    """In sentences, for people."""


def smoke_variant(raw: Mapping[str, Any], images: Path, base: Path) -> SmokeVariant:
    """Return the smoke variant of an experiment.

    Args:
        raw: the file as plain values, in the shape of `Experiment`.
        images: the folder in which the simulated datasets lie, each under its own name.
        base: the file's folder, for the plug-ins that it names by path.
    """
    made: dict[str, Any] = copy.deepcopy(dict(raw))
    left_out: list[str] = []
    arms = []
    for arm in made["arms"]:
        if tests_given_weights(arm):
            left_out.append(
                f"arm {arm['name']} scores given weights: left out, since no weights are given"
            )
        else:
            arms.append(arm)
    sizes = Sizes(spread(arms), named_in_where(arms))
    made["arms"] = [smaller_arm(arm, sizes, left_out) for arm in arms]
    datasets = simulated_datasets(made, sizes.totals)
    _complete_each(made, datasets)
    made["data"] = {
        alias: _dataset(spec, datasets[alias], images) for alias, spec in made["data"].items()
    }
    made["test"] = smaller_test(made["test"])
    for arm in made["arms"]:
        if arm.get("test"):
            arm["test"] = smaller_test(arm["test"])
    if made.get("equalise"):
        made["equalise"] = smaller_equalise(made["equalise"])
    if "seeds" in made:
        made["seeds"] = made["seeds"][:SEEDS]
    for key in ("limit", "resources", "weights_folder", "published", "exclude"):
        made.pop(key, None)
    if kept := [pattern for pattern in raw.get("exclude") or () if _still_matches(pattern, made)]:
        made["exclude"] = kept
    if asked := made.pop("ensembles", None):
        made["ensembles"] = [e for e in asked if all(_still_matches(p, made) for p in e["of"])]
        left_out += [
            f"ensemble {e['name']} names values that are left out"
            for e in asked
            if e not in made["ensembles"]
        ]
    if "plugins" in raw:
        made["plugins"] = [_plugin(where, base) for where in _listed(raw["plugins"])]
    made["name"] = f"{raw['name']}"[: LONGEST_NAME - len(SUFFIX)] + SUFFIX
    made["store"] = "store"
    made["simulated"] = True
    return SmokeVariant(made, datasets, tuple(left_out))


def smaller_test(test: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a `test:` says, with epochs and photographs that the variant has."""
    made = dict(test)
    made.pop("input", None)  # the arm's own, which is small
    if "epochs" in made:
        there = [e for e in made["epochs"] if isinstance(e, str) or e <= EPOCHS]
        made["epochs"] = there or ["selected"]
    if "reals" in made:
        made["reals"] = list(dict.fromkeys(name.partition("/")[0] for name in made["reals"]))
    return made


def _complete_each(made: Mapping[str, Any], datasets: Mapping[str, SimulatedDataset]) -> None:
    """Write out `each: DATASET` as two of its generators."""
    for arm in made["arms"]:
        for train in trainings(arm):
            if isinstance(train, dict) and "each" in train:
                named = [
                    name
                    for each in train["each"]
                    for name in ([each] if "/" in each else datasets[each].sources)
                ]
                train["each"] = list(dict.fromkeys(named))[:2]


def _dataset(spec: Mapping[str, Any], made: SimulatedDataset, images: Path) -> dict[str, Any]:
    kept = {key: spec[key] for key in KEPT_OF_DATASET if spec.get(key)}
    if "reals" in kept:
        names = _listed(kept["reals"])
        kept["reals"] = list(dict.fromkeys(name.partition("/")[0] for name in names))
    families = {g.name: g.family for g in made.generators if g.family_is_stated}
    groups = {n: group for n, group in (spec.get("groups") or {}).items() if n in made.names}
    return {
        "root": str(images / made.folder),
        "layout": "photographs" if not made.generators else "table",
        **kept,
        **({"families": families} if families else {}),
        **({"groups": groups} if groups else {}),
    }


def _still_matches(pattern: Mapping[str, Any], made: Mapping[str, Any]) -> bool:
    """Whether a pattern speaks of arms and values that the variant still has."""
    arms = [arm for arm in made["arms"] if pattern.get("arm", arm["name"]) == arm["name"]]
    return bool(arms) and all(
        key in STILL_THERE or any(_has(arm, key, value) for arm in arms)
        for key, value in pattern.items()
    )


def _has(arm: Mapping[str, Any], key: str, value: Any) -> bool:
    """Whether an option of a detector still has one of some values in an arm."""
    if "." not in key or key.endswith(".size") or key not in arm:
        return False
    there = arm[key] if isinstance(arm[key], list) else [arm[key]]
    return any(each in there for each in (value if isinstance(value, list) else [value]))


def _plugin(where: str, base: Path) -> str:
    """A plug-in by path is named from the variant's folder; a module's name stays."""
    if not where.endswith(".py") or Path(where).is_absolute():
        return where
    return str((base / where).resolve())


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
