"""`crossgen weights`: what a user sees of it, and its exit codes."""

import json
import os
import sys

import pytest
import torch
from repository import ROOT
from terminals import Terminal

from detectors.contract import build, load_card
from detectors.weights_folder.entries import read_entry, tensors_file
from detectors.zoo.npr import official_weights


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CROSSGEN_WEIGHTS", str(tmp_path / "weights"))
    return tmp_path / "weights"


@pytest.fixture
def checkpoint(tmp_path):
    network = build("npr", seed=1)
    official = official_weights(load_card("npr").options()).to_official(network.state_dict())
    file = tmp_path / "NPR.pth"
    torch.save({"model": official}, file)
    return file


def test_import_list_check(crossgen, folder, checkpoint):
    stated = ("--generator", "ProGAN", "--generator", "SD v1.4", "--licence", "MIT")
    code, said, _ = crossgen(
        "weights", "import", checkpoint, "--as", "npr-official", "--detector", "npr", *stated
    )
    assert code == 0
    assert "trained on: progan, sd14" in said
    entry = read_entry(folder, "npr-official")
    assert (entry.detector, entry.licence, entry.source) == ("npr", "MIT", "NPR.pth")
    code, said, _ = crossgen("weights", "list")
    assert code == 0
    assert "npr-official" in said
    assert "progan, sd14" in said
    code, said, _ = crossgen("weights", "check")
    assert (code, "1 file of weights as in its entry, 0 damaged" in said) == (0, True)
    file = tensors_file(folder, "npr-official")
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    code, said, _ = crossgen("weights", "check")
    assert code == 1
    assert "npr-official: its bytes have the checksum" in said


def test_nothing_is_written_where_something_does_not_fit(crossgen, folder, checkpoint):
    for words, why in (
        (("--as", "q", "--detector", "simple_cnn"), "knows no official keys"),
        (("--as", "q", "--detector", "npr", "--own-keys"), "unknown to the network"),
        (("--as", "q", "--detector", "nprr"), "Did you mean npr?"),
        (("--as", "q", "--detector", "npr", "--option", "factor=7"), "less than 1"),
        (("--as", "q", "--option", "factor=0.25"), "Add --detector NAME"),
        (("--as", "paper"), "a word of the experiment file"),
        (("--as", "timm/resnet18.a1_in1k", "--detector", "npr"), "published backbone"),
        (("--as", "q", "--generator", "none", "--generator", "adm"), "others are given"),
    ):
        code, _, error = crossgen("weights", "import", checkpoint, *words)
        assert code == 2
        assert why in error, words
    assert not folder.exists()


def test_the_list_names_weights_whole_at_80_columns(crossgen, folder, checkpoint, tmp_path):
    name = "a_name_that_is_longer_than_what_a_column_of_a_table_would_leave_for_it"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    crossgen("weights", "import", checkpoint, "--as", name)
    command = [sys.executable, "-m", "launch", "weights", "list"]
    with Terminal(command, columns=80, cwd=tmp_path, env=env) as terminal:
        assert terminal.wait() == 0
        lines = terminal.lines()
    at = lines.index(name)
    assert lines[at + 1].startswith("  backbone, ")


def test_a_refused_import_says_how_the_file_was_perhaps_meant(crossgen, folder, tmp_path):
    own, backbone, text = (tmp_path / name for name in ("own.pth", "backbone.pth", "text.pth"))
    torch.save(build("npr", {"size": "tiny"}, seed=1).state_dict(), own)
    torch.save({"conv1.weight": torch.zeros(1)}, backbone)
    text.write_text("hello")
    for words, why in (
        ((own, "--detector", "npr", "--option", "size=tiny"), "add --own-keys"),
        ((backbone, "--detector", "resnet50", "--option", "size=tiny"), "leave --detector out"),
        ((text,), "no checkpoint that torch can read"),
    ):
        code, _, error = crossgen("weights", "import", *words, "--as", "q")
        assert (code, why in " ".join(error.split())) == (2, True), error
    assert not folder.exists()


def test_none_says_that_no_generated_image_was_among_them(crossgen, folder, checkpoint):
    crossgen("weights", "import", checkpoint, "--as", "q", "--generator", "none")
    stored = json.loads((folder / "q.json").read_text())
    assert stored["trained_on"]["generators"] == []
    assert stored["detector"] is None


def test_an_empty_folder_says_what_to_do(crossgen, folder):
    code, said, _ = crossgen("weights", "list")
    assert code == 0
    assert "crossgen weights fetch NAME" in said
    assert crossgen("weights", "check")[0] == 0


@pytest.mark.parametrize("name", ["mine", "timm/resnet50", "open_clip/ViT-B-32"])
def test_only_published_names_are_fetched(crossgen, folder, name):
    code, _, error = crossgen("weights", "fetch", name)
    assert code == 2
    assert "refused (1 problem)" in error


def test_a_failed_download_says_how_else(crossgen, folder, monkeypatch):
    from detectors.weights_folder import fetching

    def no_network(name, *, pretrained):
        raise OSError("Name or service not known")

    facts = fetching.Published("timm/resnet18.a1_in1k", "apache-2.0", ("ImageNet-1k",), ())
    monkeypatch.setattr(fetching, "_model", no_network)
    monkeypatch.setattr(fetching, "published", lambda name: facts)
    code, _, error = crossgen("weights", "fetch", "timm/resnet18.a1_in1k")
    assert code == 2
    assert "Name or service not known" in error
    assert "crossgen weights import FILE --as timm/resnet18.a1_in1k" in error
    assert not folder.exists()
