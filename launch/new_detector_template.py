"""The text of a new detector and of its test; NAME and CLASS stand for its own names."""

STARTING_FILE = '''"""NAME: say in a line what it looks at, and where it was published."""

from typing import Literal

from detectors.contract import Card, Options, Pipelines


class CLASSOptions(Options):
    size: Literal["full", "tiny"] = "full"  # tiny: for tests


CARD = Card(
    name="NAME",  # the file's name
    version=1,  # raise it when equal weights would give other logits
    title="A title of one line",
    options=CLASSOptions,
    presets={"native": Pipelines(train="random_crop(224) | hflip", test="center_crop(224)")},
    default_preset="native",
)


def build(options):
    from torch import nn  # not above: plan and --help load every card

    from detectors.networks.precision import full_precision

    class CLASS(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.features = nn.Sequential(
                nn.Conv2d(3, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()
            )
            self.classifier = nn.Linear(width, 1)

        def forward(self, images_BCHW):  # RGB in [0, 1], any size -> logit_B, larger = more fake
            features_BF = self.features(images_BCHW).mean((2, 3))
            with full_precision(images_BCHW.device.type):  # float32 under bfloat16 as well
                return self.classifier(features_BF.float()).squeeze(1)

    return CLASS(width=32 if options.size == "full" else 8)
'''

_PARAMETERS = """

def test_number_of_weights():
    assert sum(value.numel() for value in build("NAME").parameters()) == 961
"""

ZOO_TEST = f'''"""NAME; that it holds the contract is tested in test_contract.py."""

from detectors.contract import build
{_PARAMETERS}'''

PLUGIN_TEST = f'''"""NAME holds the contract of detectors: `python -m pytest test_NAME.py`."""

from pathlib import Path

import pytest

from detectors.contract import build
from detectors.contract_checks.running import CHECKS
from detectors.contract_checks.subject import Subject
from detectors.plugins import find_plugin, register

register(find_plugin(str(Path(__file__).with_name("NAME.py"))))


@pytest.mark.parametrize("title", list(CHECKS))
def test_it_holds_the_contract(title):
    CHECKS[title](Subject("NAME"))
{_PARAMETERS}'''
