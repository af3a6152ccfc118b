"""Fits over a frozen backbone: what is committed, what goes with it, and what is kept of it."""

import json

import pytest
import torch
import yaml
from kept_weights import keep
from safetensors.torch import load

from detectors.networks.backbones import frozen_backbone
from grid.records.commits import committed_pieces_of, read_commits, read_weights
from grid.records.places import scores_key
from grid.records.scores.score_reading import read_scores
from grid.store.opening import open_store

CLIP, HEAD = "my-clip", "my-head"


@pytest.fixture
def raw(own_run):
    """An arm over a backbone of the weights folder, and one that goes on from it."""
    folder = own_run.folder / "weights"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        keep(folder, CLIP, frozen_backbone("tiny").extractor.state_dict())
    keep(folder, HEAD, {"weight": torch.ones(1, 32), "bias": torch.zeros(1)})
    raw = yaml.safe_load(own_run.file.read_text())
    first = {
        "name": "first",
        "detector": "univfd",
        "univfd.size": "tiny",
        "train": {"sets": ["g/g1"]},
        "input": {"train": "random_crop(12) | hflip", "test": "center_crop(12)"},
        "recipe": {"base": "small", "epochs": 2, "batch_size": 16, "views": 2},
        "weights": CLIP,
    }
    second = {**first, "name": "second", "weights": {"from": "first"}}
    return {**raw, "weights_folder": "weights", "arms": [first, second]}


@pytest.fixture
def results(own_run, crossgen):
    """Return a function: run an experiment in a store of its own; weights and logits by fit."""

    def run(raw, name):
        own_run.file.write_text(json.dumps(raw))
        place = own_run.folder / name
        code, _, err = crossgen("run", own_run.file, "--store", place, "--no-ray")
        assert code == 0, err
        store = open_store(place)
        found = {}
        for fit_id, commit in read_commits(store).items():
            logits = {
                piece: read_scores(store, scores_key(fit_id, piece), commit)["logit"].to_pylist()
                for piece in committed_pieces_of(store, fit_id)
            }
            found[fit_id] = load(read_weights(store, commit, commit["selected_epoch"])), logits
        return found

    return run


def test_a_fit_commits_its_head_and_the_checksum_of_its_backbone(raw, results, cache) -> None:
    found = results(raw, "store-1")
    assert len(found) == 2
    heads = []
    for tensors, logits in found.values():
        assert set(tensors) == {"head.weight", "head.bias", "backbone.sha256"}
        assert all(None not in each for each in logits.values())
        heads.append(tensors["head.weight"])
    assert not torch.equal(*heads), "the second arm went on from the first"
    assert len({bytes(t["backbone.sha256"].tolist()) for t, _ in found.values()}) == 1
    assert list((cache / "features").glob("*.slab"))


def test_weights_and_logits_are_the_same_bits_with_kept_features_and_without(
    raw, results, cache, monkeypatch
) -> None:
    monkeypatch.setenv("CROSSGEN_FEATURES", "0")
    plain = results(raw, "store-1")
    assert not (cache / "features").exists()
    monkeypatch.delenv("CROSSGEN_FEATURES")
    filling, kept = results(raw, "store-2"), results(raw, "store-3")
    assert plain.keys() == filling.keys() == kept.keys()
    for fit_id, (weights, logits) in plain.items():
        for others, scores in (filling[fit_id], kept[fit_id]):
            assert scores == logits
            assert all(torch.equal(weights[key], others[key]) for key in weights)


def test_a_backbone_and_a_head_by_name_are_a_whole_detector(raw, results) -> None:
    [arm, _] = raw["arms"]
    parts = {"parts": {"backbone": CLIP, "head": HEAD}}
    given = {**arm, "train": "none", "weights": parts}
    del given["recipe"]
    found = results({**raw, "arms": [given]}, "store-1")
    [(tensors, logits)] = found.values()
    assert torch.equal(tensors["head.weight"], torch.ones(1, 32))
    assert all(None not in each for each in logits.values())


def test_a_backbone_without_a_head_is_no_detector(raw, own_run, crossgen) -> None:
    [arm, _] = raw["arms"]
    given = {**arm, "train": "none", "weights": {"parts": {"backbone": CLIP}}}
    del given["recipe"]
    own_run.file.write_text(json.dumps({**raw, "arms": [given]}))
    code, _, err = crossgen("plan", own_run.file, "--store", own_run.store)
    assert code != 0
    assert "a backbone alone is no detector" in err


def test_weights_of_another_backbone_by_name_are_refused(raw, own_run, crossgen) -> None:
    other = "open_clip/ViT-L-14/laion2b_s32b_b82k"
    keep(own_run.folder / "weights", other, frozen_backbone("tiny").extractor.state_dict())
    arm = {**raw["arms"][0], "weights": other}
    own_run.file.write_text(json.dumps({**raw, "arms": [arm]}))
    code, _, err = crossgen("plan", own_run.file, "--store", own_run.store)
    assert code != 0
    assert "univfd with these options is built over tiny" in " ".join(err.split())


def test_fits_over_a_frozen_backbone_can_be_verified(raw, results, own_run, crossgen) -> None:
    found = results(raw, "store-1")
    for fit_id in found:  # the second one goes on from the first
        _, out, err = crossgen("verify", fit_id, "--store", own_run.folder / "store-1")
        assert "equal, bit for bit" in out, err
