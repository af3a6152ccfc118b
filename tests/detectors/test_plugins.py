"""A plug-in is one file, known by its text: what can be one, and that nothing of it runs early."""

import inspect
import pickle
import sys

import pytest
import torch
from plugin_of_tests import MEAN_COLOUR

from detectors.contract import UnknownName, build, load_card, names, parse_options
from detectors.plugins import BadPlugin, Plugin, find_plugin, register, use_plugins


@pytest.fixture(autouse=True)
def _without_plugins():
    yield
    use_plugins([])


def write(folder, text, name="mine.py"):
    (folder / name).write_text(text)
    return str(folder / name)


def test_a_file_is_a_detector_of_its_name(tmp_path):
    plugin = find_plugin(write(tmp_path, MEAN_COLOUR))
    assert "mine" not in names()
    register(plugin)
    assert "mine" in names()
    card = load_card("mine")
    assert pickle.loads(pickle.dumps(card)) == card
    assert parse_options(card, {"hidden": 3}).hidden == 3
    assert build("mine", {"hidden": 3}, seed=1)(torch.rand(2, 3, 8, 8)).shape == (2,)
    assert "class MineOptions" in inspect.getsource(card.options)
    use_plugins([])
    with pytest.raises(UnknownName):
        load_card("mine")


def test_an_importable_module_is_one_too(tmp_path, monkeypatch):
    package = tmp_path / "lab"
    package.mkdir()
    (package / "__init__.py").write_text("")
    write(package, MEAN_COLOUR)
    monkeypatch.syspath_prepend(tmp_path)
    assert find_plugin("lab.mine") == Plugin("mine", MEAN_COLOUR)
    with pytest.raises(BadPlugin, match="there is no such module"):
        find_plugin("lab.yours")


def test_nothing_of_it_runs_before_its_card_is_asked_for(tmp_path):
    plugin = find_plugin(write(tmp_path, "raise RuntimeError('it ran')\n"))
    register(plugin)
    assert "mine" in names()
    with pytest.raises(BadPlugin, match="raises RuntimeError: it ran"):
        load_card("mine")


def test_another_text_of_a_name_takes_its_place():
    register(Plugin("mine", MEAN_COLOUR))
    assert load_card("mine").version == 1
    register(Plugin("mine", MEAN_COLOUR.replace("version=1", "version=2")))
    assert load_card("mine").version == 2
    assert sys.modules["crossgen_plugin_mine"].CARD.version == 2


@pytest.mark.parametrize(
    ("text", "name", "why"),
    [
        (MEAN_COLOUR, "npr.py", "the zoo has a detector 'npr' already"),
        ("def (", "mine.py", "it is no Python"),
        (f"import beside\n{MEAN_COLOUR}", "mine.py", "it imports beside from beside it"),
        (f"from . import layers\n{MEAN_COLOUR}", "mine.py", "it imports . from beside it"),
        (MEAN_COLOUR, "my-net.py", "'my-net' is no name of a detector"),
    ],
)
def test_what_cannot_be_one_is_refused(tmp_path, text, name, why):
    (tmp_path / "beside.py").write_text("")
    with pytest.raises(BadPlugin, match=why):
        find_plugin(write(tmp_path, text, name))


def test_what_is_not_there_is_refused(tmp_path):
    with pytest.raises(BadPlugin, match=r"cannot be read \(No such file or directory\)"):
        find_plugin(str(tmp_path / "mine.py"))


def test_the_name_of_the_card_is_the_files():
    register(Plugin("mine", MEAN_COLOUR.replace('name="mine"', 'name="other"')))
    with pytest.raises(BadPlugin, match="CARD must be a Card whose name is 'mine'"):
        load_card("mine")
