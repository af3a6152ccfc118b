"""An equalise is one registered function: plan takes it, fits train and are scored through it."""

from functools import partial

import numpy as np
import pytest

from data.operation_registry import _registry
from data.operations import operation
from data.view import OtherVersion
from grid.experiment_file.loading import parse_experiment
from grid.plan.plan import is_done, make_plan, make_trials, prepare
from grid.records.commits import read_commit
from grid.records.experiments import pieces_of_scoring
from grid.records.pieces import Piece
from grid.records.places import weights_key
from grid.records.scores.score_reading import read_scores
from grid.refusal import Refused
from grid.run.here import run_here
from grid.store.opening import open_store
from grid.trial.attempt import attempt_trial

NAME = "invert_for_this_test"
TOLD: list[int] = []
"""The labels that the equalise below was told, in order."""


@pytest.fixture
def invert():
    """All that is added to the repository for a new equalise."""

    @operation(NAME, kind="equalise", version=3, keeps_size=True)
    def invert(most: int = 255):
        def apply(image_HWC, rng, label):
            TOLD.append(label)
            return np.uint8(most) - image_HWC

        return apply

    TOLD.clear()
    yield
    del _registry["equalise", NAME]


@pytest.fixture
def expanded(tmp_path, cache, make_genimage):
    """Return a function that prepares a small experiment with some `equalise:`."""
    make_genimage(tmp_path / "images", {"g1": 1}, train=8, test=3)
    recipe = {"base": "small", "epochs": 1, "batch_size": 8}
    arm = {"name": "a", "detector": "simple_cnn", "simple_cnn.size": "tiny"}
    inputs = {"train": "none", "test": "none"}

    def expansion(**more):
        raw = {
            "schema": 1,
            "name": "e",
            "data": {"g": {"root": "images"}},
            "test": {"sets": ["g"], "degradations": ["none", "noise(8)"]},
            "arms": [{**arm, "train": {"sets": ["g"]}, "input": inputs, "recipe": recipe}],
            **more,
        }
        return prepare(parse_experiment(raw, base=tmp_path))

    return expansion


def run(expansion, store):
    trials = make_trials(make_plan(expansion, store), store)
    result = run_here(trials, attempt=attempt_trial, is_done=partial(is_done, store))
    assert len(result.done) == 1, result
    [fit_id] = expansion.fits
    commit = read_commit(store, fit_id)
    [block] = expansion.scoring[fit_id]
    pieces = list(pieces_of_scoring(block, commit))
    return commit, {
        (piece.pool_id, piece.degradation): (piece, read_scores(store, piece, commit))
        for piece in pieces
    }


@pytest.mark.usefixtures("invert")
def test_fits_train_and_are_scored_through_an_equalise(expanded, tmp_path):
    store = open_store(tmp_path / "store")
    plain_commit, plain = run(expanded(), store)
    assert TOLD == []
    commit, inverted = run(expanded(equalise=f"{NAME}( )"), store)
    assert TOLD.count(0) == TOLD.count(1)
    # Once each, for what came of it is kept; test images under each of two degradations.
    trained, validated, tested = 14, 2, 6
    assert len(TOLD) == trained + validated + 2 * tested
    assert commit["description"] == {
        **plain_commit["description"],
        "equalise": NAME,
        "operations": {f"equalise.{NAME}": 3},
    }
    assert commit["fit_id"] != plain_commit["fit_id"]
    assert plain.keys() == inverted.keys()
    for key, (piece, scores) in inverted.items():
        before, logits = plain[key]
        assert piece.equalise == NAME
        assert piece.operations[f"equalise.{NAME}"] == 3
        assert piece.piece_id != before.piece_id
        assert not scores["logit"].equals(logits["logit"])


@pytest.mark.usefixtures("invert")
def test_given_weights_are_one_fit_whatever_is_equalised(expanded, tmp_path):
    store = open_store(tmp_path / "store")
    commit, _ = run(expanded(), store)
    weights = store.get(weights_key(commit["fit_id"], commit["attempt"], 1))
    (tmp_path / "w.safetensors").write_bytes(weights)
    arm = {"name": "a", "detector": "simple_cnn", "simple_cnn.size": "tiny", "train": "none"}
    arms = [
        {**arm, "weights": {"path": "w.safetensors"}, "input": {"train": "none", "test": "none"}}
    ]
    given, plain = run(expanded(arms=arms), store)
    again, inverted = run(expanded(arms=arms, equalise=NAME), store)
    assert given["fit_id"] == again["fit_id"]
    assert not {p.piece_id for p, _ in plain.values()} & {p.piece_id for p, _ in inverted.values()}


def test_an_unknown_equalise_is_refused_with_what_is_known(expanded):
    with pytest.raises(Refused) as caught:
        expanded(equalise="mtch")
    [problem] = caught.value.problems
    assert problem.what.startswith("equalise")
    assert "Unknown equalise 'mtch'. Did you mean match" in problem.why


def test_a_piece_of_another_version_is_not_scored():
    piece = Piece(
        fit_id="npr-s0-0123456789abcdef",
        epoch=1,
        pool_id="p0",
        degradation="jpeg(75)",
        test_pipeline="none",
        equalise="none",
        operations={"degradation.jpeg": 2},
    )
    with pytest.raises(OtherVersion, match=r"degradation\.jpeg is of version 1 here and of 2"):
        _ = piece.view
