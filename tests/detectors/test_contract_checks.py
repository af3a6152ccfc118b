"""Every check of the contract finds the mistake it is there for, and says what to do."""

import pytest

from detectors.contract_checks.running import CHECKS, checked, outcome_of
from detectors.contract_checks.subject import Subject
from detectors.plugins import Plugin, forget, register

GOOD = """
from typing import Literal

from detectors.contract import Card, Options, Pipelines


class MineOptions(Options):
    def micro_batch_acts(self):
        return False


CARD = Card(
    name="mine",
    version=1,
    title="Mean colours",
    options=MineOptions,
    presets={"whole": Pipelines(train="random_crop(32)", test="none")},
    default_preset="whole",
)


def build(options):
    import torch
    from torch import nn

    class Mine(nn.Module):
        def __init__(self):
            super().__init__()
            self.hidden = nn.Linear(3, 4)
            self.last = nn.Linear(4, 1)

        def forward(self, images_BCHW):
            features_BC = images_BCHW.float().mean((2, 3))
            with torch.autocast("cpu", enabled=False):
                return self.last(self.hidden(features_BC).tanh()).squeeze(1)

    return Mine()
"""

HIDDEN = "self.hidden(features_BC).tanh()"
LAST = "return self.last(self.hidden(features_BC).tanh()).squeeze(1)"
MISTAKES = {
    "the card is complete and pickles": ('default_preset="whole"', 'default_preset="hole"'),
    "loading the card imports nothing heavy": ("from typing", "import torch\nfrom typing"),
    "every preset is geometry, none tests at random": ('test="none"', 'test="random_crop(32)"'),
    "every recipe resolves": ("    presets=", '    recipes={"paper": {"lr": -1}},\n    presets='),
    "one finite logit per image": (".squeeze(1)", ""),
    "the only input size is said": (
        "images_BCHW.float()",
        "images_BCHW.float().view(-1, 3, 32, 32)",
    ),
    "testing repeats itself": (HIDDEN, f"({HIDDEN} + torch.rand(4))"),
    "images do not touch each other": (
        HIDDEN,
        "(lambda x: x - x.mean(0))(self.hidden(features_BC))",
    ),
    "the memory layout changes no logit": (
        "features_BC = images_BCHW.float()",
        "features_BC = images_BCHW.float() * (1 + images_BCHW.stride(1) % 2)",
    ),
    "the seed decides the initial weights": (
        "            self.hidden =",
        "            torch.manual_seed(0)\n            self.hidden =",
    ),
    "what it sees can be drawn": (
        "        def forward",
        '        def what_it_sees(self, images_BCHW):\n            return {"a": images_BCHW[0]}'
        "\n\n        def forward",
    ),
    "gradients reach every trainable weight": (
        "            self.last =",
        "            self.idle = nn.Linear(2, 2)\n            self.last =",
    ),
    "whether the micro-batch acts is said": (
        "features_BC = images_BCHW.float().mean((2, 3))",
        "features_BC = nn.functional.dropout(images_BCHW.mean((2, 3)), 0.5, self.training)",
    ),
    "a bfloat16 step is finite": ("enabled=False", "enabled=True"),
    "frozen parts stay in eval mode": (
        "            self.last =",
        "            self.fixed = nn.BatchNorm1d(3).requires_grad_(False)\n            self.last =",
    ),
    "weights survive writing and reading": (
        "            self.last =",
        "            self.scale = torch.rand(4)\n            self.last =",
    ),
    "official keys map both ways": (
        "\n\ndef build",
        "\n\ndef official_weights(options):\n    from detectors.key_maps import PrefixMap\n"
        '    return PrefixMap((("fc.", "last."), ("fc.", "hidden.")))\n\n\ndef build',
    ),
}


@pytest.fixture(autouse=True)
def _without_plugin():
    yield
    forget("mine")


def planted(title: str) -> str:
    old, new = MISTAKES[title]
    assert old in GOOD
    source = GOOD.replace(old, new)
    if title == "weights survive writing and reading":
        source = source.replace(HIDDEN, f"({HIDDEN} * self.scale)")
    return source


def test_a_good_plugin_passes_every_check():
    register(Plugin("mine", GOOD))
    failed = [outcome for outcome in checked(Subject("mine")) if not outcome.holds]
    assert failed == []


@pytest.mark.parametrize("title", list(CHECKS))
def test_every_check_finds_its_mistake(title):
    register(Plugin("mine", planted(title)))
    outcome = outcome_of(title, Subject("mine"))
    assert not outcome.holds
    assert outcome.mend
