"""An arm made small: tiny detectors, small inputs, no weights from files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from data.operations import parse
from detectors.contract import Card, load_card, parse_options
from grid.smoke.smaller_training import smaller_label, smaller_recipe, smaller_training

INPUT_PX = 64
TINY = {"size": "tiny"}
# Of `where:`, what the variant has one value of.
ONE_OF = ("input", "seed")


@dataclass(frozen=True)
class Sizes:
    """What holds for all arms of a file."""

    totals: Mapping[int, int]
    """Every `total_images`, and what it becomes."""
    wanted: Sequence[str]
    """Training sets that `where:` names."""

    def training(self, train: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a training set becomes."""
        return smaller_training(train, self.totals, self.wanted)

    def where(self, where: Mapping[str, Any]) -> dict[str, Any]:
        """Return what names a parent's fits, in the variant."""
        kept = {k: v for k, v in where.items() if k not in ONE_OF and not k.endswith(".size")}
        if isinstance(kept.get("train"), str):
            kept["train"] = smaller_label(kept["train"], self.totals)
        return kept


def tests_given_weights(arm: Mapping[str, Any]) -> bool:
    """Whether an arm trains nothing, and so has nothing to test without its weights."""
    return "train" in arm and all(train in (None, "none") for train in _axis(arm["train"]))


def smaller_arm(arm: Mapping[str, Any], sizes: Sizes, said: list[str]) -> dict[str, Any]:
    """Return an arm of the same axes, CPU-sized.

    Args:
        arm: as the file has it.
        sizes: of all arms.
        said: receives what was left out, in sentences.
    """
    made = dict(arm)
    cards = [load_card(name) for name in _axis(arm["detector"])]
    if "train" in arm:
        trains = [train for train in _axis(arm["train"]) if isinstance(train, dict)]
        made["train"] = _once([sizes.training(train) for train in trains])
    recipes = _axis(arm.get("recipe", "common"))
    made["recipe"] = _once([smaller_recipe(recipe) for recipe in recipes])
    made["input"] = f"common({_input_px(cards)})"
    for card in cards:
        _with_tiny(made, card)
    if "weights" in arm:
        made["weights"] = _weights(arm, sizes, said)
    if "equalise" in arm:
        made["equalise"] = _once([smaller_equalise(text) for text in _axis(arm["equalise"])])
    if arm.get("seeds"):
        made["seeds"] = list(arm["seeds"])[:2]
    if "stages" in arm:
        made["stages"] = [_stage(stage, sizes) for stage in arm["stages"]]
    return made


def smaller_equalise(text: str) -> str:
    """Return an equalise whose square the simulated images hold."""
    steps = parse(text, "equalise").operations
    is_large = any(
        step.name == "match" and (dict(step.keywords).get("px") or 0) > INPUT_PX for step in steps
    )
    return "match" if is_large else text


def _stage(stage: Mapping[str, Any], sizes: Sizes) -> dict[str, Any]:
    made = dict(stage)
    if "train" in made:
        made["train"] = sizes.training(made["train"])
    if "where" in made:
        made["where"] = sizes.where(made["where"])
    if "recipe" in made:
        made["recipe"] = smaller_recipe(made["recipe"])
    if "epochs" in made:
        made["epochs"] = 1
    return made


def _with_tiny(arm: dict[str, Any], card: Card) -> None:
    """Give a detector its tiny size, and take from its options what does not go with it."""
    if "size" not in card.options.model_fields or not _fits(card, {}):
        return
    for key in [key for key in arm if key.startswith(f"{card.name}.")]:
        option = key.partition(".")[2]
        values = [value for value in _axis(arm[key]) if _fits(card, {option: value})]
        if option == "size" or not values:
            del arm[key]
        else:
            arm[key] = values
    arm[f"{card.name}.size"] = ["tiny"]


def _fits(card: Card, options: Mapping[str, Any]) -> bool:
    """Whether the tiny network takes some options, none of them a side of many pixels."""
    if any(name.endswith("_px") and _is_large(value) for name, value in options.items()):
        return False
    try:
        parse_options(card, {**options, **TINY})
    except ValueError:
        return False
    return True


def _is_large(value: Any) -> bool:
    return isinstance(value, int) and value > INPUT_PX


def _input_px(cards: list[Card]) -> int:
    """The side of the squares that all of some detectors can take; 64 where they do not care."""
    asked = []
    for card in cards:
        try:
            options = parse_options(card, TINY)
        except ValueError:
            options = card.options()
        if not options.last_geometry():  # else it picks its own side of any square
            asked.append(options.fixed_input_px())
    known = [px for px in asked if px is not None]
    return min(known, default=INPUT_PX)


def _weights(arm: Mapping[str, Any], sizes: Sizes, said: list[str]) -> list[Any]:
    """Weights of other arms stay; those from files are left out, and it is said."""
    kept: list[Any] = []
    for given in _axis(arm["weights"]):
        if isinstance(given, dict) and "from" in given:
            kept.append({**given, "where": sizes.where(given.get("where") or {})})
        else:
            if given not in (None, "none"):
                said.append(f"arm {arm['name']} begins with random weights in place of {given}")
            kept.append("none")
    return _once(kept)


def _axis(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _once(values: list[Any]) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if value not in found:
            found.append(value)
    return found
