"""What `verify` owes to a device: equal numbers where they can be had, else the deviation told."""

import numpy as np
import pytest
from altered_records import alter_record

from grid.records.commits import committed_fits, committed_pieces_of, read_commit
from grid.records.pieces import Piece
from grid.records.places import provenance_key, scores_key, validation_key
from grid.records.scores.score_files import write_scores
from grid.records.scores.score_reading import read_score_footer, read_scores
from grid.records.tables import read_validation, write_validation
from grid.store.opening import open_store
from grid.upkeep.repeatability import TOLERANCE, training_must_repeat, within_tolerance

H100, A100 = "NVIDIA H100 80GB HBM3", "NVIDIA A100-SXM4-40GB"


def made_on(*devices, deterministic=None):
    recipe = {} if deterministic is None else {"deterministic": deterministic}
    attempts = [{"device": device} for device in devices]
    return {"device": devices[-1], "attempts": attempts, "spec": {"recipe": recipe}}


@pytest.mark.parametrize(
    ("then", "now", "must"),
    [
        (made_on("cpu"), made_on("cpu"), True),
        (made_on("cpu", deterministic=True), made_on("cpu"), True),
        (made_on(H100), made_on(H100), False),
        (made_on(H100, deterministic=False), made_on(H100), False),
        (made_on(H100, deterministic=True), made_on(H100), True),
        (made_on(H100, deterministic=True), made_on(A100), False),
        (made_on(H100, deterministic=True), made_on("cpu"), False),
        (made_on(H100, A100, deterministic=True), made_on(A100), False),
        (made_on("cpu", H100), made_on("cpu"), False),  # resumed from one to the other
        (made_on("cpu"), made_on(H100), False),
        ({"device": H100}, {"device": H100}, False),  # of before attempts were noted
        ({"device": "cpu"}, {"device": "cpu"}, True),
        ({}, {"device": "cpu"}, True),
        ({"device": "cpu", "spec": {"recipe": None}}, {"device": "cpu"}, True),  # given weights
    ],
)
def test_which_trainings_must_repeat(then, now, must):
    assert training_must_repeat(then, now) is must


def test_the_tolerance_of_the_same_weights_grows_with_the_logit():
    then = np.array([0.0, 50.0])
    assert within_tolerance(then, then + np.array([0.9, 45]) * TOLERANCE)
    assert not within_tolerance(then, then + np.array([1.1, 0]) * TOLERANCE)
    assert not within_tolerance(then, then + np.array([0, 55]) * TOLERANCE)


@pytest.fixture
def moved(own_run):
    """Return a function: the first fit, said to be of a device, with moved validation logits."""
    store = open_store(own_run.store)
    commit = read_commit(store, min(committed_fits(store)))
    fit_id, attempt = commit["fit_id"], commit["attempt"]

    def on(device, by=0.2, **recipe):
        def change(record):
            record["device"] = record["attempts"][0]["device"] = device
            record["spec"]["recipe"].update(recipe)

        alter_record(own_run.store / provenance_key(fit_id, attempt), change)
        table = read_validation(store, fit_id, attempt)
        store.delete(validation_key(fit_id, attempt))
        logits = table["logit"].to_numpy() + np.float32(by)
        images, labels = table["image_id"].to_pylist(), table["label"].to_numpy()
        write_validation(store, fit_id, attempt, images, labels, logits)
        return fit_id

    return on


def test_a_gpus_training_is_told_beside_the_spread_of_seeds_and_does_not_fail(
    crossgen, own_run, moved
):
    code, out, err = crossgen("verify", moved(H100), "--store", own_run.store)
    assert code == 0, err
    said = " ".join(out.split())
    assert "not held to equal numbers" in said
    assert "on average, by 0.2 at most" in said
    assert "no other seed of it is in the store" in said
    assert f"device then: {H100}" in said
    assert "contract" not in said
    seeds = ("run", own_run.file, "--store", own_run.store, "--no-ray", "--set", "seeds=[0, 1, 2]")
    assert crossgen(*seeds)[0] == 0
    _, out, _ = crossgen("verify", moved(H100), "--store", own_run.store)
    assert "2 fits of other seeds in the store: AUC " in " ".join(out.split())


@pytest.mark.parametrize("recipe", [{}, {"deterministic": True}])
def test_a_cpus_training_that_moved_fails(crossgen, own_run, moved, recipe):
    code, out, _ = crossgen("verify", moved("cpu", **recipe), "--store", own_run.store)
    assert code == 1
    assert "beyond the contract of 0.0001" in " ".join(out.split())


def test_a_piece_is_held_to_the_tolerance_whatever_trained_the_weights(crossgen, own_run, moved):
    fit_id = moved(H100)
    store = open_store(own_run.store)
    piece = min(committed_pieces_of(store, fit_id))
    key = scores_key(fit_id, piece)
    command = "verify", fit_id, "--piece", piece, "--store", own_run.store
    assert crossgen(*command)[0] == 0
    commit = read_commit(store, fit_id)
    footer, table = read_score_footer(store, key), read_scores(store, key, commit)
    store.delete(key)
    names = ("fit_id", "epoch", "pool_id", "degradation", "test_pipeline", "equalise", "operations")
    write_scores(
        store,
        Piece(**{name: footer[name] for name in names}),
        image=table["image"].to_numpy(),
        logit=table["logit"].to_numpy() + np.float32(0.01),
        seen=table["seen"].to_numpy(),
        weights_sha256=footer["weights_sha256"],
        attempt=footer["attempt"],
        seconds=1.0,
        extra={"device": H100},
    )
    code, out, _ = crossgen(*command)
    assert code == 1
    assert "beyond the contract" in " ".join(out.split())
    assert f"device then: {H100}" in " ".join(out.split())
