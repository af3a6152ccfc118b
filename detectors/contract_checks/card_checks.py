"""Checks of what is known of a detector without building it."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from data.operations import parse
from detectors.contract import options_that_differ
from detectors.contract_checks.subject import Subject, require
from detectors.input_geometry import input_pipelines
from detectors.recipes import recipe_names, resolve_recipe

HEAVY = ("torch", "torchvision", "timm", "open_clip", "ray", "pandas", "PIL", "sklearn", "scipy")
"""Packages that take long to import. Every command that plans or answers reads all cards."""

_PROGRAM = """
import json, sys
names, plugins, heavy = json.load(sys.stdin)
from detectors import contract, recipes
from detectors.plugins import Plugin, register
for name, source in plugins.items():
    register(Plugin(name, source))
found = {}
for name in names:
    before = set(sys.modules)
    card = contract.load_card(name)
    contract.options_that_differ(card, contract.parse_options(card, {}))
    recipes.resolve_recipe(card, "small")
    found[name] = sorted(set(heavy) & (set(sys.modules) - before))
print(json.dumps(found))
"""


def card_is_complete(subject: Subject) -> None:
    """The card has a title, its default preset exists, and it survives pickling."""
    card = subject.card
    require(card.title.strip(), "CARD.title is empty", "Say in a line what the detector is")
    require(
        card.default_preset in card.presets,
        f"CARD.default_preset {card.default_preset!r} is none of {sorted(card.presets)}",
        "Name one of the presets",
    )
    require(
        pickle.loads(pickle.dumps(card)) == card,
        "the card is another one after pickling",
        "Use plain values, and an options class at the top of the file",
    )
    default = card.options()
    require(
        not options_that_differ(card, default),
        "the default options differ from themselves",
        "Give options whose values are equal when they are the same",
    )


def presets_are_geometry(subject: Subject) -> None:
    """Every preset is two pipelines of geometry, and what testing draws is a function of images."""
    for preset in ("", "common", "common(64)", *subject.card.presets):
        pipelines = input_pipelines(subject.card, subject.options, preset)
        parse(pipelines.train, "geometry")
        require(
            parse(pipelines.test, "geometry").is_testable,
            f"the preset {preset!r} tests on {pipelines.test!r}, which is random",
            "Take out the random operations of `test`: a score must repeat itself",
        )


def recipes_resolve(subject: Subject) -> None:
    """Every recipe is one that training understands."""
    for recipe in recipe_names(subject.card):
        resolve_recipe(subject.card, recipe)


def imports_are_light(subject: Subject) -> None:
    """Loading the card imports no torch and nothing else that is slow to import."""
    found = heavy_imports([subject.name])[subject.name]
    require(
        not found,
        f"loading its card imports {', '.join(found)}",
        "Import them inside `build`: plan, status and --help load every card",
    )


def heavy_imports(names: Sequence[str]) -> dict[str, list[str]]:
    """What of `HEAVY` the cards of some detectors import, in a process of its own.

    Raises:
        RuntimeError: a card that cannot be loaded there; with what Python said.
    """
    from detectors.plugins import registered

    plugins = {name: plugin.source for name, plugin in registered().items() if name in names}
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        input=json.dumps([list(names), plugins, HEAVY]),
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found
