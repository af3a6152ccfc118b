"""What every detector of the zoo must be; a new file in detectors/zoo/ is tested by being there."""

import pickle
import subprocess
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
from detectors.recipes import resolve_recipe

REPOSITORY = ROOT
# A small input for the networks that take any size.
ANY_SIZE_PX = 32


def small_network(name: str) -> tuple[torch.nn.Module, torch.Tensor]:
    """The detector with `size: tiny` where it has one, and four images that fit it."""
    card = load_card(name)
    tiny = {"size": "tiny"} if "size" in card.options.model_fields else {}
    options = parse_options(card, tiny)
    side = options.fixed_input_px() or ANY_SIZE_PX
    images_BCHW = torch.rand(4, 3, side, side, generator=torch.Generator().manual_seed(5))
    return build(name, options, seed=3), images_BCHW


@pytest.mark.parametrize("name", names())
def test_logits_are_one_finite_number_per_image(name: str) -> None:
    network, images_BCHW = small_network(name)
    logit_B = network(images_BCHW)
    assert logit_B.shape == (4,)
    assert logit_B.dtype == torch.float32
    assert bool(torch.isfinite(logit_B).all())


@pytest.mark.parametrize("name", names())
def test_gradient_reaches_every_trainable_parameter(name: str) -> None:
    network, images_BCHW = small_network(name)
    torch.nn.functional.softplus(network(images_BCHW)).sum().backward()
    trainable = [(key, value) for key, value in network.named_parameters() if value.requires_grad]
    assert trainable
    unreached = [key for key, value in trainable if value.grad is None]
    assert unreached == []
    assert any(
        float(value.grad.abs().sum()) > 0 for _, value in trainable if value.grad is not None
    )


@pytest.mark.parametrize("name", names())
def test_testing_is_deterministic_and_independent_of_the_batch(name: str) -> None:
    network, images_BCHW = small_network(name)
    network.eval()
    with torch.inference_mode():
        together_B = network(images_BCHW)
        again_B = network(images_BCHW)
        single_B = torch.cat([network(image[None]) for image in images_BCHW])
    assert torch.equal(together_B, again_B)
    tolerance_B = 1e-4 * torch.clamp(together_B.abs(), min=1.0)
    assert bool(((together_B - single_B).abs() <= tolerance_B).all())
    assert together_B.unique().numel() == 4, "the logit must depend on the image"


@pytest.mark.parametrize("name", names())
def test_the_memory_layout_changes_no_logit(name: str) -> None:
    network, images_BCHW = small_network(name)
    network.eval()
    with torch.inference_mode():
        plain_B = network(images_BCHW)
        network.to(memory_format=torch.channels_last)
        logit_B = network(images_BCHW.to(memory_format=torch.channels_last))
    tolerance_B = 1e-4 * torch.clamp(plain_B.abs(), min=1.0)
    assert bool(((plain_B - logit_B).abs() <= tolerance_B).all())


@pytest.mark.parametrize("name", names())
def test_initial_weights_are_a_function_of_the_seed(name: str) -> None:
    before = torch.random.get_rng_state()
    first, again = small_network(name)[0].state_dict(), small_network(name)[0].state_dict()
    assert all(torch.equal(first[key], again[key]) for key in first)
    card = load_card(name)
    options = {"size": "tiny"} if "size" in card.options.model_fields else {}
    other = build(name, options, seed=4).state_dict()
    assert any(not torch.equal(first[key], other[key]) for key in first)
    assert torch.equal(before, torch.random.get_rng_state()), "the global generator must be left"


@pytest.mark.parametrize("name", names())
def test_card_is_complete_picklable_and_parses(name: str) -> None:
    card = load_card(name)
    assert pickle.loads(pickle.dumps(card)) == card
    assert card.name == name
    assert card.title
    assert card.default_preset in card.presets
    for preset in ("", "common", "common(64)", *card.presets):
        pipelines = find_preset(card, preset)
        parse(pipelines.train, "geometry")
        assert not parse(pipelines.test, "geometry").is_random, "testing must not be random"
    for recipe in ("small", "common", *card.recipes):
        assert resolve_recipe(card, recipe).batch_size >= 1


@pytest.mark.parametrize(
    ("name", "options"),
    [
        *((name, {}) for name in names()),
        ("simple_cnn", {"size": "tiny"}),
        ("simple_cnn", {"input_px": 32, "dropout": 0.0}),
    ],
)
def test_options_say_whether_the_micro_batch_acts(name: str, options: dict[str, Any]) -> None:
    network = build(name, options, seed=0)
    acts = any(
        isinstance(module, torch.nn.modules.batchnorm._BatchNorm)
        or (isinstance(module, torch.nn.modules.dropout._DropoutNd) and module.p > 0)
        for module in network.modules()
    )
    assert parse_options(load_card(name), options).micro_batch_acts() == acts


def test_cards_and_recipes_load_without_torch() -> None:
    program = (
        "import sys\n"
        "from detectors import contract, recipes\n"
        "for name in contract.names():\n"
        "    card = contract.load_card(name)\n"
        "    contract.options_that_differ(card, contract.parse_options(card, {}))\n"
        "    recipes.resolve_recipe(card, 'small')\n"
        "heavy = {'torch', 'torchvision', 'timm', 'ray', 'pandas', 'PIL', 'sklearn'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "[]", "")


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
