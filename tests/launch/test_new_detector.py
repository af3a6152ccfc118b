"""`crossgen new detector`: what it writes works as it stands, and nothing is written over."""

import runpy
import sys

import pytest

import detectors.zoo
from data.operations import parse
from detectors.contract import find_preset, load_card
from detectors.plugins import use_plugins
from launch import new_detector


@pytest.fixture(autouse=True)
def _without_plugins():
    yield
    use_plugins([])


def test_a_plugin_passes_the_contract_and_its_own_test(crossgen, tmp_path):
    code, out, _ = crossgen("new", "detector", "edge_net", "--to", tmp_path / "mine")
    file = tmp_path / "mine" / "edge_net.py"
    assert code == 0
    assert f"crossgen check detector {file}" in out
    assert 25 <= len(file.read_text().splitlines()) <= 45
    code, out, _ = crossgen("check", "detector", file)
    assert (code, "all hold" in out) == (0, True), out
    use_plugins([])
    own_test = runpy.run_path(str(file.with_name("test_edge_net.py")))
    own_test["test_it_holds_the_contract"]("one finite logit per image")
    own_test["test_number_of_weights"]()
    preset = find_preset(load_card("edge_net"))
    assert not parse(preset.test, "geometry").is_random


def test_in_a_checkout_it_goes_into_the_zoo(crossgen, tmp_path, monkeypatch):
    (tmp_path / "tests" / "detectors").mkdir(parents=True)
    (tmp_path / "detectors" / "zoo").mkdir(parents=True)
    monkeypatch.setattr(new_detector, "packages_root", lambda: tmp_path)
    zoo = [*detectors.zoo.__path__, str(tmp_path / "detectors" / "zoo")]
    monkeypatch.setattr(detectors.zoo, "__path__", zoo)
    code, out, _ = crossgen("new", "detector", "edge_net")
    assert (code, "crossgen check detector edge_net" in out) == (0, True)
    assert (tmp_path / "tests" / "detectors" / "test_edge_net.py").exists()
    code, out, _ = crossgen("check", "detector", "edge_net")
    assert "FAILED  loading the card" in out or code == 0  # its own process sees the real zoo
    monkeypatch.delitem(sys.modules, "detectors.zoo.edge_net")


@pytest.mark.parametrize(
    ("name", "why"), [("npr", "the zoo has a detector"), ("Edge-Net", "it is no name")]
)
def test_a_name_that_cannot_be_is_refused(crossgen, tmp_path, name, why):
    code, _, err = crossgen("new", "detector", name, "--to", tmp_path)
    assert (code, why in err, list(tmp_path.iterdir())) == (2, True, [])


def test_nothing_is_written_over(crossgen, tmp_path):
    (tmp_path / "test_edge_net.py").write_text("mine")
    code, _, err = crossgen("new", "detector", "edge_net", "--to", tmp_path)
    assert (code, "the file is there already" in err) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["test_edge_net.py"]


def test_without_a_checkout_a_folder_is_asked_for(crossgen, tmp_path, monkeypatch):
    monkeypatch.setattr(new_detector, "packages_root", lambda: tmp_path)
    code, _, err = crossgen("new", "detector", "edge_net")
    assert (code, "--to" in err) == (2, True)
