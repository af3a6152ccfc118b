"""Checkpoints from elsewhere: unwrapped, converted strictly, and never run."""

import argparse
import pickle

import pytest
import torch
from safetensors.torch import load as tensors_from_bytes
from safetensors.torch import save_file

from data.refusals import Refused
from detectors import weights
from detectors.contract import build, load_card
from detectors.lasting_errors import WeightsMismatch
from detectors.weights_folder.importing import for_detector, tensors_of
from detectors.zoo.npr import official_weights


@pytest.fixture(scope="module")
def npr():
    return build("npr", seed=3)


@pytest.fixture(scope="module")
def official(npr):
    return official_weights(load_card("npr").options()).to_official(npr.state_dict())


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: state,
        lambda state: {"model": state, "epoch": 3},
        lambda state: {"state_dict": {f"module.{k}": v for k, v in state.items()}},
        lambda state: {"net": {"model": {f"_orig_mod.{k}": v for k, v in state.items()}}},
        lambda state: {f"module._orig_mod.{k}": v for k, v in state.items()},
    ],
)
def test_a_checkpoint_is_unwrapped(tmp_path, wrap):
    state = {"conv.weight": torch.rand(2, 3), "conv.bias": torch.rand(2)}
    file = tmp_path / "checkpoint.pth"
    torch.save(wrap(state), file)
    found = tensors_of(file)
    assert found.keys() == state.keys()
    assert all(torch.equal(found[key], state[key]) for key in state)


def test_official_keys_become_ours_bit_for_bit(tmp_path, npr, official):
    file = tmp_path / "NPR.pth"
    torch.save({"model": official}, file)
    content = for_detector(tensors_of(file), "npr", {}, own_keys=False)
    assert content == weights.to_bytes(npr)
    ours = tmp_path / "weights-1.safetensors"
    save_file(npr.state_dict(), ours)
    assert for_detector(tensors_of(ours), "npr", {}, own_keys=True) == content


def test_a_misfit_lists_what_is_missing_and_what_is_unknown(official):
    wrong = {**official, "extra.weight": torch.zeros(1)}
    del wrong["conv1.weight"]
    with pytest.raises(WeightsMismatch) as raised:
        for_detector(wrong, "npr", {}, own_keys=False)
    assert "1 missing from the weights: trunk.conv1.weight" in str(raised.value)
    assert "1 unknown to the network: trunk.extra.weight" in str(raised.value)


class Harmful:
    """A pickle that would run a command."""

    def __reduce__(self):
        return exec, ("raise SystemExit('the pickle ran')",)


@pytest.mark.parametrize("content", [Harmful(), {"model": argparse.Namespace(a=1)}])
def test_code_in_a_checkpoint_is_refused_and_not_run(tmp_path, content):
    file = tmp_path / "harmful.pth"
    torch.save(content, file)
    with pytest.raises(Refused, match="holds more than tensors"):
        tensors_of(file)
    plain = tmp_path / "plain.pth"
    plain.write_bytes(pickle.dumps(content))
    with pytest.raises(Refused):
        tensors_of(plain)


@pytest.mark.parametrize(
    ("write", "why"),
    [
        (lambda file: torch.save({"model": {"a": torch.zeros(1), "b": 3}}, file), "beside tensors"),
        (lambda file: torch.save([1, 2], file), "a list"),
        (lambda file: torch.save({}, file), "nothing"),
        (lambda file: file.write_bytes(b"no checkpoint"), "more than tensors|cannot read"),
        (lambda file: None, "No such file"),
    ],
)
def test_what_is_no_state_dict_is_refused(tmp_path, write, why):
    file = tmp_path / "checkpoint.pth"
    write(file)
    with pytest.raises(Refused, match=why):
        tensors_of(file)


def test_a_torn_safetensors_file_is_refused(tmp_path):
    file = tmp_path / "torn.safetensors"
    save_file({"a": torch.zeros(100)}, file)
    file.write_bytes(file.read_bytes()[:-7])
    with pytest.raises(Refused, match="no whole safetensors"):
        tensors_of(file)


def test_what_is_kept_is_read_back(npr):
    content = for_detector(npr.state_dict(), "npr", {}, own_keys=True)
    assert tensors_from_bytes(content).keys() == npr.state_dict().keys()
