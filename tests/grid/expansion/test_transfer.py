"""Weights from elsewhere: another arm's fit, or a file; and what does not fit."""

import json
import shutil

import pytest
import yaml

from grid.experiment_file.loading import parse_experiment
from grid.plan.plan import make_plan, make_trials, prepare
from grid.records.commits import committed_pieces, read_commits
from grid.records.failures import read_failures
from grid.records.places import weights_key
from grid.records.tables import read_validation
from grid.refusal import Refused
from grid.store.opening import open_store


@pytest.fixture
def raw(own_run):
    return yaml.safe_load(own_run.file.read_text())


@pytest.fixture
def plan_of(own_run):
    def plan(raw):
        expansion = prepare(
            parse_experiment(raw, base=own_run.folder), cache_dir=own_run.folder / "cache"
        )
        return make_plan(expansion, open_store(own_run.store))

    return plan


def tuned(raw, **more):
    return {
        **raw["arms"][0],
        "name": "tuned",
        "weights": {"from": "a", **more},
        "recipe": {"base": "small", "epochs": 1, "batch_size": 8, "lr": 1e-4},
    }


def test_a_child_is_matched_to_the_parent_of_its_training_set_and_seed(raw, plan_of):
    raw["arms"].append(tuned(raw))
    raw["seeds"] = [0, 1]
    plan = plan_of(raw)
    fits = {f.fit.fit_id: f.fit for f in plan.fits}
    children = [f for f in fits.values() if f.parent]
    assert len(children) == 4
    for child in children:
        parent = fits[child.parent]
        assert (child.seed, child.training.label) == (parent.seed, parent.training.label)


def test_a_child_waits_for_a_parent_that_is_not_committed(raw, plan_of, own_run):
    raw["arms"].append(tuned(raw))
    raw["seeds"] = [7]
    plan = plan_of(raw)
    trials = make_trials(plan, open_store(own_run.store))
    waiting = {t.fit_id: t.waits_for for t in trials if t.waits_for}
    assert len(waiting) == 2
    assert set(waiting.values()) < {t.fit_id for t in trials}


def test_a_child_trains_from_its_parent_and_knows_what_the_parent_saw(raw, own_run, crossgen):
    """The child trains on g1; its parent trained on g2, so tests on g2's training images leak."""
    raw["arms"].append({**tuned(raw, where={"train": "g/g2"}), "train": {"sets": ["g/g1"]}})
    images = own_run.folder / "images"
    first = sorted((images / "g2" / "train" / "ai").iterdir())[0]
    shutil.copy(first, images / "g1" / "val" / "ai" / "copy.png")
    own_run.file.write_text(json.dumps(raw))
    code, _, err = crossgen("run", own_run.file, "--store", own_run.store, "--no-ray")
    assert code == 0, err
    store = open_store(own_run.store)
    commits = read_commits(store)
    [child] = [c for c in commits.values() if c["parent"]]
    assert child["description"]["weights"] == {"from": child["parent"], "epoch": "selected"}
    sql = f"SELECT sum(seen::int) AS seen FROM scores WHERE fit_id = '{child['fit_id']}'"
    _, out, _ = crossgen("query", sql, "--store", own_run.store, "--csv")
    assert out.splitlines()[1] == "1"


def test_several_parents_are_refused_and_where_picks_one(raw, plan_of):
    raw["arms"][0]["recipe"] = [
        {"base": "small", "epochs": 1, "batch_size": 8},
        {"base": "small", "epochs": 2, "batch_size": 8},
    ]
    raw["arms"].append(tuned(raw))
    with pytest.raises(Refused, match=r"2 fits of that arm match.*where"):
        plan_of(raw)


def test_another_seeds_parent_is_taken_only_by_name(raw, plan_of):
    raw["arms"].append({**tuned(raw), "seeds": [1]})
    with pytest.raises(Refused, match="0 fits of that arm match"):
        plan_of(raw)
    raw["arms"][1]["weights"]["where"] = {"seed": 0}
    fits = {f.fit.fit_id: f.fit for f in plan_of(raw).fits}
    seeds = [(child.seed, fits[child.parent].seed) for child in fits.values() if child.parent]
    assert seeds == [(1, 0), (1, 0)]


def test_given_weights_are_one_fit_per_checksum_and_are_scored(raw, own_run, crossgen, plan_of):
    store = open_store(own_run.store)
    [first, *_] = read_commits(store).values()
    source = store.local_path(weights_key(first["fit_id"], first["attempt"], 2))
    for name in ("one.safetensors", "same.safetensors"):
        shutil.copy(source, own_run.folder / name)
    arm = {
        "detector": "simple_cnn",
        "simple_cnn.size": "tiny",
        "train": "none",
        "input": raw["arms"][0]["input"],
    }
    raw["arms"] += [
        {**arm, "name": "given", "weights": "one.safetensors"},
        {**arm, "name": "again", "weights": "same.safetensors"},
    ]
    own_run.file.write_text(json.dumps(raw))
    plan = plan_of(raw)
    given = [f.fit for f in plan.fits if f.fit.seed is None]
    assert len(given) == 1
    assert given[0].fit_id.startswith("simple_cnn-given-")
    code, _, err = crossgen("run", own_run.file, "--store", own_run.store, "--no-ray")
    assert code == 0, err
    # The same weights on the same pixels give the scores of the fit that they were copied from.
    sql = (
        "SELECT count(*) AS n, max(abs(a.logit - b.logit)) AS d FROM scores a JOIN scores b "
        f"USING (pool_id, image) WHERE a.fit_id = '{given[0].fit_id}' "
        f"AND b.fit_id = '{first['fit_id']}' AND b.epoch = 2"
    )
    _, out, _ = crossgen("query", sql, "--store", own_run.store, "--csv")
    assert out.splitlines()[1] == "24,0"


def test_weights_that_do_not_fit_fail_the_trial_and_say_what_is_missing(raw, own_run, crossgen):
    store = open_store(own_run.store)
    [first, *_] = read_commits(store).values()
    source = store.local_path(weights_key(first["fit_id"], first["attempt"], 2))
    shutil.copy(source, own_run.folder / "tiny.safetensors")
    raw["arms"].append(
        {
            "name": "misfit",
            "detector": "npr",
            "train": "none",
            "weights": "tiny.safetensors",
            "input": raw["arms"][0]["input"],
        }
    )
    own_run.file.write_text(json.dumps(raw))
    code, _, _ = crossgen("run", own_run.file, "--store", own_run.store, "--no-ray")
    assert code == 1
    [failure] = read_failures(store)
    assert failure["kind"] == "weights"
    assert "missing from the weights" in failure["message"]
    _, out, _ = crossgen("status", own_run.file, "--store", own_run.store)
    assert "WeightsMismatch" in out
    scored = committed_pieces(store)
    assert not any(fit_id.startswith("npr") for fit_id in scored)


def validating_more(raw, fraction=0.5, **more):
    """A child that would be validated on images that its parent was trained on."""
    child = tuned(raw, **more)
    child["recipe"]["validation_fraction"] = fraction
    return child


def test_a_child_is_not_validated_on_what_its_parent_was_trained_on(raw, own_run, crossgen):
    raw["arms"].append(validating_more(raw))
    own_run.file.write_text(json.dumps(raw))
    given = own_run.file, "--store", own_run.store
    code, out, err = crossgen("plan", *given)
    assert code == 0, err
    said = "12 of 16 images left out, because a fit that it begins with was trained on them"
    assert f"validation of g/g1: {said}" in out
    code, _, err = crossgen("run", *given, "--no-ray")
    assert code == 0, err
    store = open_store(own_run.store)
    commits = read_commits(store)
    for child in (c for c in commits.values() if c["parent"]):
        parent = commits[child["parent"]]
        validated = [
            read_validation(store, c["fit_id"], c["attempt"])["image_id"].to_pylist()
            for c in (child, parent)
        ]
        assert validated[0] == validated[1]  # here all else was the parent's training set
        assert child["n_validation"] == len(validated[0]) == 4
        assert child["n_train"] == 16
        code, out, err = crossgen("verify", child["fit_id"], "--store", own_run.store)
        assert "equal, bit for bit" in out, err
    code, out, _ = crossgen("plan", *given, "--why")
    assert "nothing to do" in out


def test_what_a_grandparent_was_trained_on_leaves_validation_too(raw, plan_of):
    """The child and its grandparent train on g1, the parent between them on g2."""
    between = {**tuned(raw, where={"train": "g/g1"}), "train": {"sets": ["g/g2"]}}
    child = {**validating_more(raw), "weights": {"from": "tuned"}, "train": {"sets": ["g/g1"]}}
    raw["arms"] += [between, {**child, "name": "child"}]
    [fit] = [f.fit for f in plan_of(raw).fits if f.fit.arms == ("child",)]
    assert (fit.selection.validation_left_out, len(fit.selection.validation)) == (12, 4)


def test_where_nothing_is_left_to_validate_on_it_is_refused(raw, own_run, plan_of):
    """The child trains on reals and fakes of g2 that lie, renamed, in what the parent saw of g1."""
    for label in ("nature", "ai"):
        for image in (own_run.folder / "images/g2/train" / label).iterdir():
            shutil.copy(image, own_run.folder / "images/g1/train" / label / f"g2_{image.name}")
    raw["arms"][0]["train"] = {"sets": ["g/g1"]}
    raw["arms"][0]["recipe"]["validation_fraction"] = 0.01
    raw["arms"].append({**tuned(raw), "train": {"sets": ["g/g2"]}})
    with pytest.raises(Refused, match=r"arms.tuned.train: .*were trained on.*declare a validation"):
        plan_of(raw)


def test_ids_stay_where_no_validation_image_was_trained_on(raw, plan_of, monkeypatch):
    raw["arms"] += [tuned(raw), {**validating_more(raw), "name": "moved"}]
    ids = {f.fit.arms[0]: f.fit.fit_id for f in plan_of(raw).fits}
    monkeypatch.setattr(
        "grid.expansion.chosen_rows.without_trained", lambda selection, trained: selection
    )
    before = {f.fit.arms[0]: f.fit.fit_id for f in plan_of(raw).fits}
    assert {arm for arm, fit_id in ids.items() if before[arm] != fit_id} == {"moved"}


def test_a_fit_of_an_earlier_version_is_still_repeated(raw, own_run, crossgen, monkeypatch):
    """Its validation holds images of its parent; its spec and its digests say so."""
    raw["arms"].append(validating_more(raw))
    own_run.file.write_text(json.dumps(raw))
    with monkeypatch.context() as patch:
        patch.setattr(
            "grid.expansion.chosen_rows.without_trained", lambda selection, trained: selection
        )
        code, _, err = crossgen("run", own_run.file, "--store", own_run.store, "--no-ray")
        assert code == 0, err
    commits = read_commits(open_store(own_run.store))
    child = next(c for c in commits.values() if c["parent"])
    assert child["n_validation"] == 16
    _, out, err = crossgen("verify", child["fit_id"], "--store", own_run.store)
    assert "equal, bit for bit" in out, err
    only = "--only", "train=g/g1"
    _, out, _ = crossgen("plan", own_run.file, "--store", own_run.store, "--why", *only)
    assert "12 validation images changed (12 gone, 0 new:" in out
