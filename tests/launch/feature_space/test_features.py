"""`crossgen features` on a small trained grid."""

import io
import json

import numpy as np
import PIL.Image
import pyarrow.parquet as pq
import pytest

from grid.records.artifacts.feature_planes import readable_planes
from grid.records.commits import committed_fits, read_commit, read_weights
from grid.records.pools.manifests import read_pool
from grid.records.proven.parquet_files import open_parquet
from grid.records.tables import read_provenance
from grid.store.opening import open_store


@pytest.fixture
def fit(finished_run):
    return sorted(committed_fits(open_store(finished_run.store)))[0]


def features(crossgen, run, fit, tmp_path, *words):
    file = tmp_path / "features.parquet"
    where = ["--fit", fit, "--store", run.store, "-o", file]
    code, out, err = crossgen("features", *where, *words)
    assert (code, err) == (0, "")
    with PIL.Image.open(file.with_suffix(".png")) as picture:
        picture.load()
    table = pq.read_table(file)
    width = sum(name.startswith("f") for name in table.column_names)
    matrix = np.stack([table[f"f{n}"].to_numpy() for n in range(width)], axis=1)
    facts = json.loads(pq.read_metadata(file).metadata[b"crossgen"])
    return table, matrix, facts, out


def classifier(store, fit, epoch):
    from safetensors.numpy import load

    state = load(read_weights(store, read_commit(store, fit), epoch))
    return state["classifier.weight"], state["classifier.bias"]


def test_the_last_layer_makes_the_logits_of_them(crossgen, finished_run, fit, tmp_path):
    table, matrix, facts, out = features(crossgen, finished_run, fit, tmp_path)
    assert table.num_rows == 24
    assert f"{matrix.shape[1]} features of 24 images" in out
    store = open_store(finished_run.store)
    epoch = read_commit(store, fit)["selected_epoch"]
    weight, bias = classifier(store, fit, epoch)
    outputs = matrix @ weight.T + bias
    logits = table["logit"].to_numpy()
    assert np.allclose(outputs[:, 1] - outputs[:, 0], logits, atol=1e-4)
    assert (facts["at"], facts["epoch"], facts["fit_id"]) == ("final", epoch, fit)
    images_are_those_of_the_pools_with_their_labels(store, fit, table)


def images_are_those_of_the_pools_with_their_labels(store, fit, table):
    commit = read_commit(store, fit)
    spec = read_provenance(store, fit, commit["attempt"])["spec"]
    known = {}
    for pool in spec["paths"]:
        rows = read_pool(store, pool, ["image_id", "label", "generator"]).to_pylist()
        known.update({row["image_id"]: row for row in rows})
    for row in table.select(["image_id", "label", "generator"]).to_pylist():
        assert row["label"] == known[row["image_id"]]["label"]
        made_by = known[row["image_id"]]["generator"] if row["label"] else "real"
        assert row["generator"] == made_by


def test_initial_features_are_of_the_seeded_network(crossgen, finished_run, fit, tmp_path):
    from detectors.contract import build

    table, untrained, facts, _ = features(crossgen, finished_run, fit, tmp_path, "--at", "init")
    assert facts["epoch"] is None
    head = build("simple_cnn", {"size": "tiny"}, seed=0).classifier
    weight, bias = (each.detach().numpy() for each in (head.weight, head.bias))
    outputs = untrained @ weight.T + bias
    assert np.allclose(outputs[:, 1] - outputs[:, 0], table["logit"].to_numpy(), atol=1e-4)


def test_so_many_images_are_drawn_of_each_pool(crossgen, finished_run, fit, tmp_path):
    few, _, facts, _ = features(crossgen, finished_run, fit, tmp_path, "--images", "3")
    assert few.num_rows == 12
    assert facts["separation"] is None


def test_training_images_are_those_that_were_trained_on(crossgen, finished_run, fit, tmp_path):
    from grid.trial.images import TrialImages

    table, _, _, _ = features(crossgen, finished_run, fit, tmp_path, "--training")
    store = open_store(finished_run.store)
    spec = read_provenance(store, fit, read_commit(store, fit)["attempt"])["spec"]
    train, _ = TrialImages(store, spec).training()
    assert sorted(table["image_id"].to_pylist()) == sorted(train.image_ids)


def test_the_store_keeps_them_and_proves_them(crossgen, own_run, fit):
    code, out, _ = crossgen("features", "--fit", fit, "--store", own_run.store)
    assert code == 0
    store = open_store(own_run.store)
    [parquet, png] = store.list(f"derived/features/{fit}/")
    assert parquet in out
    assert open_parquet(parquet, store.get(parquet)).proven
    PIL.Image.open(io.BytesIO(store.get(png))).verify()
    code, out, _ = crossgen("check", "store", "--store", own_run.store)
    assert code == 0, out


def test_both_keeps_init_and_final_side_by_side_and_computes_them_once(crossgen, own_run, fit):
    words = ("features", "--fit", fit, "--at", "both", "--store", own_run.store)
    code, out, err = crossgen(*words)
    assert (code, err) == (0, "")
    assert "features of 24 test images: computed" in out
    assert "init: real and fake told apart in all 128 features with AUC" in out
    assert f"crossgen figures feature_pca --experiment two --store {own_run.store}" in out
    store = open_store(own_run.store)
    [planes], damaged = readable_planes(store, {fit})
    assert not damaged
    assert list(planes.planes) == ["init", "final"]
    init, final = planes.planes.values()
    assert list(init.image_ids) == list(final.image_ids)
    assert not np.allclose(init.logits, final.logits)
    # The same numbers that the command gives for each of them alone.
    crossgen("features", "--fit", fit, "--at", "final", "--store", own_run.store)
    [alone] = [key for key in store.list(f"derived/features/{fit}/") if key.endswith("parquet")]
    table = open_parquet(alone, store.get(alone)).read()
    assert table["image_id"].to_pylist() == list(final.image_ids)
    assert np.array_equal(table["pc1"].to_numpy(), final.points[:, 0])
    before = {key: store.get(key) for key in store.list("artifacts/")}
    assert "there already" in crossgen(*words)[1]
    [key] = before
    store.put_checkpoint(key, b"damaged")
    assert ": computed" in crossgen(*words)[1]
    assert store.get(key) == before[key]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--at", "both", "-o", "x.parquet"], "leave -o out"),
        (["--at", "both", "--set", "g/g3"], "the fit is not scored on it"),
        (["--at", "7"], "its weights were not kept"),
        (["--at", "later"], "no weights are called so"),
        (["--set", "g/g3"], "the fit is not scored on it"),
        (["--training", "--set", "g/g1"], "either names images"),
        (["-o", "x.csv"], "its format is not known"),
    ],
)
def test_what_makes_no_sense_is_refused(crossgen, finished_run, fit, words, why):
    code, _, err = crossgen("features", "--fit", fit, *words, "--store", finished_run.store)
    assert code == 2
    assert why in err
