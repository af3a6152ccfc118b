"""`ensembles:` of a file: matched on training set and seed; what is ambiguous is refused."""

import json

import pytest
import yaml

from grid.expansion.only import narrowed
from grid.experiment_file.loading import parse_experiment
from grid.plan.plan import make_plan, prepare
from grid.refusal import Problems, Refused
from grid.store.opening import open_store

BOTH = {"name": "a+b", "of": [{"arm": "a"}, {"arm": "b"}]}


@pytest.fixture
def raw(own_run):
    """Two arms of one detector on g/g1 and g/g2, of other recipes, and two seeds."""
    raw = yaml.safe_load(own_run.file.read_text())
    recipe = {"base": "small", "epochs": 1, "batch_size": 8}
    raw["arms"].append({**raw["arms"][0], "name": "b", "recipe": recipe})
    raw["seeds"] = [0, 1]
    return raw


@pytest.fixture
def plan_of(own_run):
    def plan(raw):
        experiment = parse_experiment(raw, base=own_run.folder)
        expansion = prepare(experiment, cache_dir=own_run.folder / "cache")
        return make_plan(expansion, open_store(own_run.store))

    return plan


def test_members_share_training_set_and_seed(raw, plan_of):
    plan = plan_of({**raw, "ensembles": [BOTH]})
    fits = {f.fit.fit_id: f.fit for f in plan.fits}
    found = plan.record["ensembles"]
    assert len(found) == 4
    for each in found:
        first, second = (fits[member] for member in each["members"])
        assert (first.arms, second.arms) == (("a",), ("b",))
        assert (first.training.label, first.seed) == (second.training.label, second.seed)
    assert {(e["name"], e["by"]) for e in found} == {("a+b", "mean_logit")}


def test_without_ensembles_the_record_is_that_of_old(raw, plan_of):
    plain = plan_of(raw)
    assert "ensembles" not in plain.record
    asked = plan_of({**raw, "ensembles": [BOTH]})
    assert asked.record["fits"] == plain.record["fits"]
    assert asked.record["scoring"] == plain.record["scoring"]
    assert asked.record["digest"] != plain.record["digest"]


@pytest.mark.parametrize(
    ("ensemble", "words"),
    [
        ({"of": [{"arm": "a"}]}, "is empty|at least 2|too few"),
        ({"of": [{"arm": "a"}, {}]}, "without any value is every fit"),
        ({"of": [{"arm": "a"}, {"arm": "c"}]}, "no fit has these values"),
        ({"of": [{"arm": "a"}, {"amr": "b"}]}, "Did you mean arm"),
        ({"of": [{"arm": "a"}, {"detector": "simple_cnn"}]}, "2 fits of .* go with"),
        ({"of": [{"arm": "a"}, {"arm": "a"}]}, "stands in it twice"),
        ({"of": [{"arm": "a"}, {"arm": "b", "seed": 0}]}, "0 fits of .* members share"),
        ({"of": [{"arm": "a"}, {"arm": "b", "train": "g/g1"}]}, "0 fits of"),
        ({"name": "simple_cnn"}, "a detector of the file has this name"),
        ({"name": "a b"}, "use letters, digits"),
        ({"by": "median"}, "mean_logit"),
        ({"with": 1}, "is not a key here"),
    ],
)
def test_what_is_ambiguous_or_empty_is_refused(raw, plan_of, ensemble, words):
    with pytest.raises(Refused, match=words):
        plan_of({**raw, "ensembles": [{**BOTH, **ensemble}]})


def test_two_of_one_name_are_refused(raw, plan_of):
    with pytest.raises(Refused, match="another ensemble of the file has this name"):
        plan_of({**raw, "ensembles": [BOTH, {**BOTH, "by": "mean_probability"}]})


def test_two_on_one_training_set_and_seed_are_refused(raw, plan_of):
    """Either of two recipes leads one: results could not tell the two ensembles apart."""
    short, long = ({"base": "small", "epochs": n, "batch_size": 8} for n in (3, 4))
    raw["arms"][0]["recipe"] = [short, long]
    with pytest.raises(Refused, match="two ensembles on g/g1, seed 0"):
        plan_of({**raw, "ensembles": [BOTH]})


def test_members_that_share_no_test_are_refused(raw, plan_of):
    raw["test"]["sets"] = ["g/g1"]
    raw["arms"][1]["test"] = {"sets": ["g/g2"]}
    with pytest.raises(Refused, match="scored on nothing in common"):
        plan_of({**raw, "ensembles": [BOTH]})


def test_a_narrowed_expansion_has_ensembles_whose_members_are_all_there(raw, plan_of):
    expansion = plan_of({**raw, "ensembles": [BOTH]}).expansion
    assert len(narrowed(expansion, [("seed", "0")], Problems()).ensembles) == 2
    assert narrowed(expansion, [("arm", "a")], Problems()).ensembles == ()


def test_a_run_ensemble_is_answered_by_file_and_by_name(raw, own_run, crossgen):
    raw["seeds"] = [0]
    raw["ensembles"] = [BOTH]
    own_run.file.write_text(json.dumps(raw))
    where = "--store", own_run.store
    code, _, err = crossgen("run", own_run.file, *where, "--no-ray")
    assert code == 0, err
    sql = "SELECT train, test_set, auc FROM cells WHERE detector = 'a+b' ORDER BY ALL"
    of_file = crossgen("query", own_run.file, sql, *where, "--csv")[1]
    of_name = crossgen("query", sql, *where, "--experiment", "two", "--csv")[1]
    assert of_file == of_name
    assert len(of_name.splitlines()) == 1 + 4
    assert "2 ensembles of them: a+b" in crossgen("plan", own_run.file, *where)[1]
    code, out, _ = crossgen("matrix", own_run.file, *where)
    assert code == 0
    assert "a+b" in out
