"""What every detector of the zoo must be; a new file in detectors/zoo/ is tested by being there."""

import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from repository import ROOT

import detectors.zoo
from data.operations import PipelineError, parse
from detectors.contract import (
    BadOption,
    Options,
    UnknownName,
    build,
    find_preset,
    load_card,
    names,
    options_that_differ,
    parse_options,
)
from detectors.contract_checks.card_checks import heavy_imports
from detectors.contract_checks.running import CHECKS
from detectors.contract_checks.subject import Subject
from detectors.zoo import zoo_names

REPOSITORY = ROOT
SUBPROCESS = "loading the card imports nothing heavy"


@pytest.mark.parametrize("title", [title for title in CHECKS if title != SUBPROCESS])
@pytest.mark.parametrize("name", zoo_names())
def test_the_zoo_holds_the_contract(name: str, title: str) -> None:
    CHECKS[title](Subject(name))


def test_cards_and_recipes_load_without_anything_heavy() -> None:
    assert heavy_imports(zoo_names()) == {name: [] for name in zoo_names()}


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("npr", {}),
        ("simple_cnn", {}),
        ("simple_cnn", {"input_px": 32, "dropout": 0.0}),
        ("simple_cnn", {"input_px": 32, "dropout": 0.1}),
        ("swin_t", {"size": "tiny", "drop_path": 0.0}),
        ("deit_s", {"size": "tiny", "drop_path": 0.0}),
        ("dual_input", {"size": "tiny", "backbone": "swin_t", "join": "two_streams"}),
    ],
)
def test_options_say_whether_the_micro_batch_acts(name: str, options: dict[str, Any]) -> None:
    CHECKS["whether the micro-batch acts is said"](Subject(name, options))


def test_unknown_names_are_answered_with_a_suggestion() -> None:
    with pytest.raises(UnknownName, match=r"'nrp'.*Did you mean npr\?.*simple_cnn"):
        load_card("nrp")
    card = load_card("npr")
    with pytest.raises(UnknownName, match=r"'factr' of npr.*Did you mean factor\?"):
        parse_options(card, {"factr": 0.5})
    with pytest.raises(UnknownName, match=r"'natve' of npr.*Did you mean native\?"):
        find_preset(card, "natve")
    with pytest.raises(UnknownName, match=r"'nrp'"):
        find_preset(card, "nrp/native")


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("npr", {"factor": 1.0}, r"npr\.factor = 1\.0: .*less than 1"),
        ("npr", {"factor": 0}, r"npr\.factor = 0: .*greater than 0"),
        ("npr", {"mode": "lanczos"}, r"npr\.mode = 'lanczos': .*'nearest', 'bilinear'"),
        ("simple_cnn", {"size": "tiny", "padding": 0}, "padding would change nothing"),
    ],
)
def test_options_out_of_range_are_refused(name: str, values: dict, message: str) -> None:
    with pytest.raises(BadOption, match=message):
        parse_options(load_card(name), values)


def test_only_options_that_differ_enter_the_identity() -> None:
    card = load_card("npr")
    assert options_that_differ(card, parse_options(card, {"factor": 0.5})) == {}
    options = parse_options(card, {"factor": 0.25, "mode": "nearest"})
    assert options_that_differ(card, options) == {"factor": 0.25}


def test_presets_of_another_detector_and_the_shared_one() -> None:
    npr, simple = load_card("npr"), load_card("simple_cnn")
    assert find_preset(simple, "npr/native") == npr.presets["native"]
    assert find_preset(simple, "npr") == npr.presets["forensynths"]
    assert find_preset(npr) == npr.presets["forensynths"]
    shared = find_preset(npr, "common(32)")
    assert shared == find_preset(simple, "common( 32 )")
    assert "resize" not in shared.train + shared.test
    assert parse(shared.test, "geometry").result_size(20, 300) == (32, 32)
    with pytest.raises(UnknownName):
        find_preset(npr, "common(0)")


def test_the_readmes_detector_is_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readme = (REPOSITORY / "detectors" / "README.md").read_text()
    program = readme.split("```python\n")[1].split("```")[0]
    (tmp_path / "brightness.py").write_text(program)
    monkeypatch.setattr(detectors.zoo, "__path__", [*detectors.zoo.__path__, str(tmp_path)])
    assert "brightness" in names()
    network = build("brightness", {"hidden": 3}, seed=1)
    assert network(torch.rand(2, 3, 8, 8)).shape == (2,)
    monkeypatch.delitem(sys.modules, "detectors.zoo.brightness")


def test_build_refuses_options_of_another_detector() -> None:
    with pytest.raises(BadOption, match="NPROptions"):
        build("npr", Options())


def test_common_refuses_nothing_that_is_small() -> None:
    pipelines = find_preset(load_card("npr"), "common")
    assert parse(pipelines.test, "geometry").result_size(32, 32) == (224, 224)
    native = parse(find_preset(load_card("npr"), "native").train, "geometry")
    with pytest.raises(PipelineError, match="tile"):
        native.result_size(32, 32)
