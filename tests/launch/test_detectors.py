"""`crossgen detectors`: every detector in a list, one whole; without torch."""

import json
import os
import re
import subprocess
import sys
from itertools import pairwise
from typing import Literal

import pytest
from plugin_of_tests import MEAN_COLOUR
from pydantic import Field
from repository import ROOT
from terminals import Terminal

from detectors import measured_cost
from detectors.contract import Options, load_card
from detectors.option_words import options_in_words
from detectors.plugins import use_plugins
from detectors.zoo import zoo_names
from launch.detectors_list import in_milliseconds


@pytest.fixture(autouse=True)
def _without_plugins():
    yield
    use_plugins([])


def test_every_detector_is_listed_with_what_is_known_of_it(crossgen, monkeypatch, tmp_path):
    table = {
        "npr": {
            "ms_per_image_test": 103.0482,
            "ms_per_image_train": None,
            "input_px": 224,
            "cpu": "a CPU",
            "date": "2026-11-22",
        }
    }
    (tmp_path / "cost.json").write_text(json.dumps(table))
    monkeypatch.setattr(measured_cost, "TABLE", tmp_path / "cost.json")
    code, out, _ = crossgen("detectors")
    assert code == 0
    lines = out.splitlines()
    named = {line.partition(":")[0]: below for line, below in pairwise(lines)}
    assert [name for name in named if name in zoo_names()] == zoo_names()
    assert named["npr"].split("  ", 1)[1].split() == (
        ["any", "1.44", "M", "103", "ProGAN,", "4", "classes:", "92.5", "%", "on", "ForenSynths"]
    )
    assert named["simple_cnn"].split() == ["224", "26.1", "M", "-", "-"]
    assert "304 M (769)" in named["univfd"]
    assert "npr: differences of neighbouring pixels" in out  # its name is not said twice


def test_at_a_terminal_of_80_columns_each_detector_takes_two_lines(tmp_path):
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "launch", "detectors"]
    with Terminal(command, columns=80, cwd=tmp_path, env=env) as terminal:
        assert terminal.wait() == 0
        lines = terminal.lines()
    heads = [number for number, line in enumerate(lines) if line.split(":")[0] in zoo_names()]
    assert len(heads) == len(zoo_names())
    assert {below - above for above, below in pairwise(heads)} == {2}


@pytest.mark.parametrize("name", zoo_names())
def test_the_number_in_the_list_is_one_of_those_published(name):
    card = load_card(name)
    numbers = re.findall(r"\d+\.\d+(?= %)|(?<=AUC )\d+\.\d+", card.published_briefly)
    assert len(numbers) == bool(card.published_briefly)
    assert all(any(number in said for said in card.published) for number in numbers)


def test_one_detector_has_its_options_inputs_and_recipes(crossgen):
    code, out, _ = crossgen("detectors", "npr")
    assert code == 0
    assert "  npr.factor: 0.5   (number, above 0, below 1)\n    Scale of the shrunk image." in out
    assert "npr.mode: nearest   (nearest | bilinear | bicubic)" in out
    assert "npr/forensynths (default)\n    train: resize(256,256) | random_crop(224)" in out
    assert "  paper\n    optimizer: adam, lr: 0.0002" in out
    assert "  common\n" in out
    assert "chuangchuangtan/NPR-DeepfakeDetection at 73cde1c, licence none" in out


def test_a_file_of_ones_own_is_shown_too(crossgen, tmp_path):
    (tmp_path / "mine.py").write_text(MEAN_COLOUR)
    code, out, _ = crossgen("detectors", tmp_path / "mine.py")
    assert code == 0
    assert "mine.hidden: 4   (whole number, from 1)" in out
    assert "parameters not counted" in out
    code, _, err = crossgen("detectors", "nrp")
    assert (code, "Did you mean npr?" in err) == (2, True)


def test_values_of_every_kind_of_option_are_said():
    class ManyOptions(Options):
        count: int | None = Field(default=None, ge=1, le=9)
        """How many; None: all."""

        on: bool = True
        names: tuple[Literal["a", "b"], ...] = ("a",)
        """First line,
        second line."""

    found = {each.name: each for each in options_in_words(ManyOptions)}
    assert found["count"].values == "whole number, from 1, to 9 | none"
    assert (found["count"].default, found["count"].about) == ("none", "How many; None: all.")
    assert (found["on"].values, found["on"].default, found["on"].about) == (
        "true or false",
        "true",
        "",
    )
    assert (found["names"].values, found["names"].default) == ("list of a | b", "[a]")
    assert found["names"].about == "First line, second line."


@pytest.mark.parametrize("name", zoo_names())
def test_every_option_of_the_zoo_has_words(name):
    for option in options_in_words(load_card(name).options):
        assert "value" not in option.values.split(), option


def test_it_loads_no_torch():
    program = (
        "import sys\n"
        "from launch.detectors_command import show_detectors\n"
        "show_detectors(None)\n"
        "print(sorted({'torch', 'timm', 'ray', 'pandas', 'scipy'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


def test_costs_are_written_without_exponents():
    written = [in_milliseconds(ms) for ms in (3.9412, 31.17, 143.166, 1544.2, 31155.1)]
    assert written == ["3.94", "31.2", "143", "1,544", "31,155"]
