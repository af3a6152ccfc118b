"""A fit that learned nothing says so in its commit; one that learned is silent."""

import hashlib
import json

import numpy as np
import pytest
import torch

from data.images import DecodedCache, ImageRows
from data.view import View
from detectors.contract import build
from grid.records.commits import read_commits
from grid.store.opening import open_store
from grid.trial.fit import fit_warnings as module
from grid.trial.fit.fit_warnings import (
    IMAGES_PROBED,
    Untrained,
    parameters_digest,
    untrained_logits,
)


def probed(*logits, of=None):
    indices = np.arange(len(logits)) if of is None else np.asarray(of)
    return Untrained(indices, np.array(logits, np.float32), "before")


def fit_warnings(untrained, logits, parameters="after"):
    return module.fit_warnings(untrained, logits, parameters)


def test_a_training_that_moves_the_logits_apart_is_silent():
    assert fit_warnings(probed(0.1, 0.1), [0.1, 0.5]) == []
    assert fit_warnings(probed(0.1, 0.2), [0.1, 0.2 + 3e-6]) == []


def test_constant_logits_are_named_with_their_number():
    [sentence] = fit_warnings(probed(0.1, 0.2, 0.3), [-1.25, -1.25, -1.25])
    assert sentence.startswith("Constant logits: all 3 validation images got -1.25.")
    assert fit_warnings(probed(0.1), [0.7]) == [], "one image is never constant"


def test_logits_of_the_untrained_network_are_recognised():
    [sentence] = fit_warnings(probed(0.1, 0.3, of=[0, 2]), [0.1, 9.0, 0.3 + 4e-7])
    assert "2 validation images differ by at most" in sentence
    assert sentence.startswith("Training changed nothing")


def test_parameters_that_stay_are_recognised_though_statistics_move_the_logits():
    network = build("resnet50", {"size": "tiny"}, seed=0)
    images_BCHW = torch.rand(8, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    before = Untrained(np.arange(2), np.zeros(2, np.float32), parameters_digest(network))
    network.train()(images_BCHW)  # running means and variances follow the images
    [sentence] = fit_warnings(before, [0.5, -0.5], parameters_digest(network))
    assert sentence.startswith("Training changed nothing: every trainable parameter")
    with torch.no_grad():
        next(network.parameters()).view(-1)[0] += 1e-6
    assert fit_warnings(before, [0.5, -0.5], parameters_digest(network)) == []


def test_a_dead_network_is_both():
    assert len(fit_warnings(probed(0.0, 0.0), [0.0, 0.0])) == 2


def test_an_image_without_a_logit_is_left_out_of_the_comparison():
    assert len(fit_warnings(probed(np.nan, 0.3), [5.0, 0.3])) == 1
    assert fit_warnings(probed(np.nan, np.nan), [5.0, 0.3]) == []


@pytest.mark.parametrize("count", [1, 10, 64, 65, 500])
def test_few_images_are_probed_evenly_and_the_network_is_left_as_it_was(count):
    ids = sorted(hashlib.sha256(str(i).encode()).hexdigest()[:32] for i in range(count))
    cache = DecodedCache(1 << 24)
    rng = np.random.default_rng(0)
    for image_id in ids:
        cache.put(image_id, rng.integers(0, 256, (8, 8, 3), dtype=np.uint8))
    rows = ImageRows(ids, np.zeros(count, np.int8), ids, cache)
    network = build("resnet50", {"size": "tiny"}, seed=0).train()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    found = untrained_logits(network, rows, View(), "cpu")
    assert len(found.indices) == len(found.logits) == min(count, IMAGES_PROBED)
    assert len(set(found.indices)) == len(found.indices)
    assert set(np.diff(found.indices)) <= {count // IMAGES_PROBED, count // IMAGES_PROBED + 1}
    assert found.indices[0] == 0
    assert count - found.indices[-1] <= count // IMAGES_PROBED + 1
    assert network.training
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())
    assert np.isfinite(found.logits).all()


# Without BatchNorm, whose running statistics move the logits even where no weight does.
ARM = {
    "name": "a",
    "detector": "simple_cnn",
    "simple_cnn.size": "seed",
    "simple_cnn.input_px": 32,
    "train": {"sets": ["g/g1"]},
    "input": {"train": "random_crop(32, step=2)", "test": "none"},
    "recipe": {"base": "small", "epochs": 1, "batch_size": 8},
}


@pytest.mark.parametrize(
    ("lr", "warned"), [(1e-3, []), (1e-12, ["Training changed nothing"])], ids=["usual", "dead"]
)
def test_the_warning_is_in_the_commit_and_in_the_view(
    make_genimage, tmp_path, cache, crossgen, lr, warned
):
    make_genimage(tmp_path / "images", {"g1": 1}, train=24, test=4, size=32)
    file = tmp_path / "e.yaml"
    recipe = {**ARM["recipe"], "lr": lr}
    experiment = {
        "schema": 1,
        "name": "e",
        "data": {"g": {"root": "images"}},
        "test": {"sets": ["g"]},
        "arms": [{**ARM, "recipe": recipe}],
    }
    file.write_text(json.dumps(experiment))
    code, _, err = crossgen("run", file, "--store", tmp_path / "store", "--no-ray")
    assert code == 0, err
    [commit] = read_commits(open_store(tmp_path / "store")).values()
    assert [sentence.split(":")[0] for sentence in commit["warnings"]] == warned
    sql = "SELECT len(warnings) AS n FROM fits"
    _, out, _ = crossgen("query", sql, "--store", tmp_path / "store", "--csv")
    assert out.splitlines()[1] == str(len(warned))
