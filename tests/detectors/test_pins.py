"""Pinned logits: a detector that moves under one version is found, and a new one is one file."""

import json
import sys
from pathlib import Path

import pytest

import detectors.zoo
from detectors.contract import names
from detectors.pins import check_pin, count_parameters, pinned_parameters
from detectors.zoo import zoo_names

ZOO = Path(detectors.zoo.__path__[0])


@pytest.mark.parametrize("name", names())
def test_logits_are_those_of_the_card_version(name):
    """Another value without another version would mix two detectors under one name."""
    assert check_pin(name).state in ("equal", "unpinned")


def slow_where_large(name):
    """Networks of hundreds of millions of parameters take seconds to build."""
    is_large = (pinned_parameters(name) or (0, 0))[0] > 3e7
    return pytest.param(name, marks=pytest.mark.slow) if is_large else name


@pytest.mark.parametrize("name", list(map(slow_where_large, zoo_names())))
def test_the_number_of_parameters_is_that_of_the_card_version(name):
    """`crossgen check pins --write NAME` writes it; `crossgen detectors` shows it."""
    assert pinned_parameters(name) == count_parameters(name)


@pytest.mark.parametrize("name", ["dual_input", "npr", "resnet50", "simple_cnn"])
def test_what_stores_are_full_of_is_pinned(name):
    assert (ZOO / f"{name}.pins.json").exists()


@pytest.fixture
def my_net(tmp_path, monkeypatch):
    """Return a function that writes a new detector, the one file there is of it."""
    monkeypatch.setattr(detectors.zoo, "__path__", [str(tmp_path), str(ZOO)])
    readme = (ZOO.parent / "README.md").read_text(encoding="utf-8")
    program = readme.split("```python\n")[1].split("```")[0]

    def write(version=1, hidden=8):
        program_now = (
            program.replace('"brightness"', '"my_net"')
            .replace("version=1", f"version={version}")
            .replace("default=8", f"default={hidden}")
        )
        (tmp_path / "my_net.py").write_text(program_now)
        sys.modules.pop("detectors.zoo.my_net", None)
        sys.path_importer_cache.clear()
        return tmp_path / "my_net.pins.json"

    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # two sources of one second
    yield write
    sys.modules.pop("detectors.zoo.my_net", None)


def test_a_new_detector_is_one_file_and_pinned_by_a_command(crossgen, my_net):
    pins = my_net()
    code, out, _ = crossgen("check", "pins")
    assert code == 0
    assert "my_net v1: not pinned; `crossgen check pins --write my_net` pins it" in out
    assert "npr v1: as pinned" in out
    assert crossgen("check", "pins", "--write", "my_net")[0] == 0
    assert len(json.loads(pins.read_text())["1"]) == 2
    written = pins.read_bytes()
    code, out, _ = crossgen("check", "pins")
    assert (code, "my_net v1: as pinned" in out) == (0, True)
    assert crossgen("check", "pins", "--write", "my_net")[0] == 0
    assert pins.read_bytes() == written


def test_moved_logits_are_found_and_never_pinned_over(crossgen, my_net):
    pins = my_net()
    crossgen("check", "pins", "--write", "my_net")
    written = pins.read_bytes()
    my_net(hidden=9)
    code, out, _ = crossgen("check", "pins")
    assert code == 1
    assert "raise the card's version, or undo the change" in out
    code, _, err = crossgen("check", "pins", "--write", "my_net")
    assert code == 2
    assert "Raise the card's version" in " ".join(err.split())
    assert pins.read_bytes() == written


def test_a_raised_version_is_pinned_beside_the_old_one(crossgen, my_net):
    pins = my_net()
    crossgen("check", "pins", "--write", "my_net")
    my_net(version=2, hidden=9)
    code, out, _ = crossgen("check", "pins")
    assert (code, "my_net v2: this version is not pinned" in out) == (1, True)
    assert crossgen("check", "pins", "--write", "my_net")[0] == 0
    assert sorted(json.loads(pins.read_text())) == ["1", "2", "parameters"]
    assert json.loads(pins.read_text())["parameters"] == {"1": [41, 41], "2": [46, 46]}
    assert crossgen("check", "pins")[0] == 0


def test_a_name_that_is_no_detector_is_refused(crossgen):
    code, _, err = crossgen("check", "pins", "--write", "nprr")
    assert (code, "npr" in err) == (2, True)
