"""`stages:` of an arm: a chain of fits, each frozen, trained and resumed on its own."""

import pytest
import torch
import yaml
from kept_weights import TINY_RESNET

from detectors.contract import build
from detectors.weights import from_bytes
from grid.experiment_file.loading import parse_experiment
from grid.experiment_file.staged_arms import stage_recipe
from grid.experiment_file.train_spec import StageSpec
from grid.plan.plan import make_plan, make_trials, prepare
from grid.records.commits import read_commit, read_weights
from grid.refusal import Refused
from grid.store.opening import open_store
from grid.trial.attempt import attempt_trial

STAGES = [
    {"train": {"sets": ["g/g1"]}, "epochs": 1},
    {"train": {"sets": ["g/g2"]}, "epochs": 2, "freeze": ["trunk.conv1", "trunk.bn1"], "lr": 1e-2},
]


@pytest.fixture
def raw(own_run):
    raw = yaml.safe_load(own_run.file.read_text())
    arm = {
        "name": "tuned",
        "detector": "npr",
        **{f"npr.{key}": value for key, value in TINY_RESNET.items()},
        "input": raw["arms"][0]["input"],
        "recipe": {"base": "small", "epochs": 1, "batch_size": 8},
        "stages": STAGES,
    }
    return {**raw, "arms": [arm]}


@pytest.fixture
def planned(own_run):
    def planned(raw, store="store"):
        experiment = parse_experiment(raw, base=own_run.folder)
        expansion = prepare(experiment, cache_dir=own_run.folder / "cache")
        return make_plan(expansion, open_store(own_run.folder / store))

    return planned


def with_stages(raw, *stages, **arm):
    return {**raw, "arms": [{**raw["arms"][0], "stages": list(stages), **arm}]}


def by_arm(plan):
    return {planned.fit.arms[0]: planned.fit for planned in plan.fits}


def test_stages_are_a_chain_of_fits_and_the_last_bears_the_arms_name(raw, planned):
    plan = planned(raw)
    fits = by_arm(plan)
    first, last = fits["tuned.stage1"], fits["tuned"]
    assert first.parent is None
    assert last.parent == first.fit_id
    assert last.description["weights"] == {"from": first.fit_id, "epoch": "selected"}
    assert (first.training.label, last.training.label) == ("g/g1", "g/g2")
    assert (first.recipe.epochs, last.recipe.epochs, last.recipe.lr) == (1, 2, 1e-2)
    assert last.recipe.freeze == ("trunk.bn1", "trunk.conv1")
    assert [block["fit_id"] for block in plan.record["scoring"]] == [last.fit_id]
    # What another arm takes from this one is its last stage.
    child = {**raw["arms"][0], "name": "child", "weights": {"from": "tuned"}}
    del child["stages"]
    more = by_arm(planned({**raw, "arms": [*raw["arms"], {**child, "train": {"all": True}}]}))
    assert more["child"].parent == last.fit_id


def test_a_stage_is_the_fit_that_the_same_arms_written_out_give(raw, planned):
    fits = by_arm(planned(raw))
    recipe = raw["arms"][0]["recipe"]
    plain = {key: value for key, value in raw["arms"][0].items() if key != "stages"}
    second = {"epochs": 2, "freeze": STAGES[1]["freeze"], "lr": 1e-2}
    written = [
        {**plain, "name": "first", "train": STAGES[0]["train"]},
        {**plain, "name": "second", "train": STAGES[1]["train"], "recipe": {**recipe, **second}},
    ]
    written[1]["weights"] = {"from": "first"}
    other = by_arm(planned({**raw, "arms": written}))
    assert other["first"].fit_id == fits["tuned.stage1"].fit_id
    assert other["second"].fit_id == fits["tuned"].fit_id


def test_stages_are_matched_by_seed_and_by_training_set(raw, planned):
    arm = {"train": {"each": "g"}, "seeds": [0, 1]}
    fits = [f.fit for f in planned(with_stages(raw, {"epochs": 1}, {"epochs": 2}, **arm)).fits]
    by_id = {fit.fit_id: fit for fit in fits}
    last = [fit for fit in fits if fit.parent]
    assert len(last) == 4
    assert len(fits) == 8
    for fit in last:
        parent = by_id[fit.parent]
        assert (fit.seed, fit.training.label) == (parent.seed, parent.training.label)


def test_a_scored_stage_is_tested_too(raw, planned):
    plan = planned(with_stages(raw, {**STAGES[0], "scored": True}, STAGES[1]))
    assert {block["fit_id"] for block in plan.record["scoring"]} == set(plan.expansion.fits)


@pytest.mark.parametrize(
    ("stages", "arm", "why"),
    [
        ([{"epochs": 1}, {"epochs": 2}], {}, "stage 1 says nothing of what it trains on"),
        ([{"epochs": 1}], {"train": {"all": True}}, "one is no chain"),
        (STAGES, {"train": "none"}, "nothing is trained, in stages neither"),
        (STAGES, {"recipe": ["small", "common"]}, "several values of recipe"),
        ([STAGES[0], {**STAGES[1], "epoch": 2}], {}, "Did you mean epochs"),
        ([STAGES[0], {**STAGES[1], "recipe": {"lrr": 1}}], {}, "Did you mean lr"),
        ([STAGES[0], {"train": {"sets": ["h/g1"]}}], {}, "there is no dataset 'h'"),
        ([{"train": {"each": "g"}}, {"train": {"all": True}}], {}, "2 fits of that arm match"),
    ],
)
def test_what_is_no_chain_is_refused(raw, planned, stages, arm, why):
    with pytest.raises(Refused) as raised:
        planned(with_stages(raw, *stages, **arm))
    assert why in str(raised.value)


def test_where_picks_the_fit_that_a_stage_begins_with(raw, planned):
    chosen = {**STAGES[1], "where": {"train": "g/g2"}}
    fits = [f.fit for f in planned(with_stages(raw, {"train": {"each": "g"}}, chosen)).fits]
    [last] = [fit for fit in fits if fit.parent]
    [parent] = [fit for fit in fits if fit.fit_id == last.parent]
    assert parent.training.label == "g/g2"


@pytest.mark.parametrize(
    ("arm", "stage", "recipe"),
    [
        ("small", {}, {"base": "small"}),
        ("small", {"epochs": 2, "lr": 0.1}, {"base": "small", "epochs": 2, "lr": 0.1}),
        ({"base": "small", "steps": 9}, {"epochs": 2}, {"base": "small", "epochs": 2}),
        ({"base": "small", "lr": 1.0}, {"recipe": {"epochs": 3}}, {"base": "small", "lr": 1.0,
            "epochs": 3}),
        ({"base": "small", "lr": 1.0}, {"recipe": "common"}, {"base": "common"}),
        ({"lr": 1.0}, {"recipe": {"base": "common"}, "freeze": "a"}, {"base": "common",
            "freeze": ["a"]}),
    ],
)  # fmt: skip
def test_a_stages_recipe_goes_on_top_of_the_arms(arm, stage, recipe):
    assert stage_recipe(arm, StageSpec(**stage)) == recipe


def weights_of(store, fit_id):
    commit = read_commit(store, fit_id)
    network = build("npr", TINY_RESNET, seed=9)
    from_bytes(network, read_weights(store, commit, commit["selected_epoch"]))
    return network.state_dict()


def trained(plan, store, stops):
    """Run the trials of a plan, parents first, each stopped after so many questions at first."""
    for trial in sorted(make_trials(plan, store), key=lambda trial: trial.waits_for is not None):
        for steps in stops:
            asked = iter(range(10**6))
            spec = dict(trial.spec)
            attempt_trial(spec, lambda _: None, lambda asked=asked, n=steps: next(asked) >= n)
        outcome = attempt_trial(dict(trial.spec), lambda _: None, lambda: False)
        assert outcome.state == "done", outcome.message


def test_what_is_frozen_is_the_parents_bit_for_bit_and_a_resume_ends_the_same(
    raw, planned, own_run
):
    plan = planned(raw)
    fits, whole = by_arm(plan), open_store(own_run.folder / "store")
    trained(plan, whole, stops=())
    first = weights_of(whole, fits["tuned.stage1"].fit_id)
    last = weights_of(whole, fits["tuned"].fit_id)
    frozen = [key for key in first if key.startswith(("trunk.conv1.", "trunk.bn1."))]
    assert "trunk.bn1.running_mean" in frozen
    for key, value in first.items():
        assert torch.equal(value, last[key]) == (key in frozen), key
    interrupted = open_store(own_run.folder / "interrupted")
    trained(planned(raw, "interrupted"), interrupted, stops=(3,))
    again = weights_of(interrupted, fits["tuned"].fit_id)
    assert all(torch.equal(last[key], again[key]) for key in last)


def test_a_run_with_stages_shows_its_last_one_and_is_done(raw, own_run, crossgen):
    own_run.file.write_text(yaml.safe_dump({**raw, "name": "staged"}))
    given = own_run.file, "--store", own_run.folder / "new"
    code, _, err = crossgen("run", *given, "--no-ray")
    assert code == 0, err
    assert "nothing to do" in crossgen("plan", *given)[1]
    code, out, _ = crossgen("matrix", *given)
    assert code == 0
    assert "g2 after g1" in out
    assert crossgen("report", *given, "-o", own_run.folder / "page.html")[0] == 0
    sql = "SELECT arms, count(*) AS n FROM (SELECT unnest(arms) AS arms FROM fits) GROUP BY 1"
    _, out, err = crossgen("query", sql, "--store", own_run.folder / "new", "--csv")
    assert "tuned.stage1" in out, err


def test_a_part_that_does_not_exist_fails_the_stage_and_is_not_tried_again(raw, own_run, crossgen):
    wrong = with_stages(raw, STAGES[0], {**STAGES[1], "freeze": "trunk.conv"})
    own_run.file.write_text(yaml.safe_dump(wrong))
    code, _, _ = crossgen("run", own_run.file, "--store", own_run.store, "--no-ray")
    assert code == 1
    _, out, _ = crossgen("status", own_run.file, "--store", own_run.store)
    assert "Did you mean trunk.conv1" in out
