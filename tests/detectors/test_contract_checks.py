"""Every check of the contract finds the mistake it is there for, and says what to do."""

import pytest
from plugin_of_tests import MEAN_COLOUR

from detectors.contract_checks.running import CHECKS, checked, outcome_of
from detectors.contract_checks.subject import Subject
from detectors.plugins import Plugin, register, use_plugins

HIDDEN = "self.hidden(features_BC).tanh()"
MISTAKES = {
    "the card is complete and pickles": ('default_preset="whole"', 'default_preset="hole"'),
    "loading the card imports nothing heavy": ("from pydantic", "import torch\nfrom pydantic"),
    "every preset is geometry, none tests at random": ('test="none"', 'test="random_crop(16)"'),
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
    use_plugins([])


def planted(title: str) -> str:
    old, new = MISTAKES[title]
    assert old in MEAN_COLOUR
    source = MEAN_COLOUR.replace(old, new)
    if title == "weights survive writing and reading":
        source = source.replace(HIDDEN, f"({HIDDEN} * self.scale)")
    return source


def test_a_good_plugin_passes_every_check():
    register(Plugin("mine", MEAN_COLOUR))
    failed = [outcome for outcome in checked(Subject("mine")) if not outcome.holds]
    assert failed == []


@pytest.mark.parametrize("title", list(CHECKS))
def test_every_check_finds_its_mistake(title):
    register(Plugin("mine", planted(title)))
    outcome = outcome_of(title, Subject("mine"))
    assert not outcome.holds
    assert outcome.mend
