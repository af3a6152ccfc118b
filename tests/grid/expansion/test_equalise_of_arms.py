"""`equalise:` of an arm: an axis that stands in place of the file's, in training and in tests."""

from functools import partial

import numpy as np
import pytest
from PIL import Image

from analysis.matrices.matrix_making import matrices
from analysis.sections.accepted_bias import accepted_bias
from analysis.selecting.selection import StoreSelection
from grid.checks.bias import one_sided
from grid.experiment_file.loading import parse_experiment
from grid.plan.plan import is_done, make_plan, make_trials, prepare
from grid.plan.record_experiment import experiment_record
from grid.records.experiments import equalises_of
from grid.records.table_lists import as_asked
from grid.refusal import Refused
from grid.run.here import run_here
from grid.store.opening import open_store
from grid.trial.attempt import attempt_trial

ARM = {
    "name": "a",
    "detector": "simple_cnn",
    "simple_cnn.size": "tiny",
    "train": {"each": "g"},
    "input": {"train": "none", "test": "none"},
    "recipe": {"base": "small", "epochs": 1, "batch_size": 8},
}
BOTH = {**ARM, "equalise": ["none", "match( )"]}


@pytest.fixture
def prepared(tmp_path, cache):
    """Return a function that prepares experiments on JPEG reals and PNG fakes of one size."""
    rng = np.random.default_rng(0)
    for split, images in (("train", 10), ("val", 4)):
        for folder, ending in (("nature", "jpg"), ("ai", "png")):
            place = tmp_path / "images" / "g1" / split / folder
            place.mkdir(parents=True)
            for i in range(images):
                pixels = rng.integers(0, 256, (32, 32, 3), np.uint8)
                Image.fromarray(pixels).save(place / f"{i}.{ending}")

    def expansion(*arms, **more):
        raw = {
            "schema": 1,
            "name": "e",
            "data": {"g": {"root": "images"}},
            "test": {"sets": ["g"]},
            "arms": list(arms),
            **more,
        }
        return prepare(parse_experiment(raw, base=tmp_path))

    return expansion


def asked_by(expansion):
    return {
        fit.fit_id: (as_asked(fit.equalise), *{as_asked(b["equalise"]) for b in blocks})
        for fit in expansion.fits.values()
        for blocks in [expansion.scoring[fit.fit_id]]
    }


def test_each_fit_trains_and_is_tested_by_its_own_equalise(prepared):
    both = asked_by(prepared(BOTH))
    assert sorted(both.values()) == [("match", "match"), ("none", "none")]
    raw, matched = prepared(ARM, equalise="none"), prepared(ARM, equalise="match")
    assert both == asked_by(raw) | asked_by(matched)
    # The arm's own stands before the file's, and one arm's says nothing of another's.
    mixed = prepared({**ARM, "equalise": "none"}, {**ARM, "name": "b"}, equalise="match")
    assert both == asked_by(mixed)


def test_the_record_of_a_file_whose_arms_say_nothing_is_that_of_old(prepared):
    record = experiment_record(prepared(ARM, equalise="match"))
    assert "equalises" not in record
    assert all("asked" not in each for each in record["equalised"])
    same = experiment_record(prepared({**ARM, "equalise": "match"}, equalise="match"))
    assert same["digest"] == record["digest"]


def test_the_record_says_what_its_fits_ask_for(prepared):
    record = experiment_record(prepared(BOTH))
    assert equalises_of(record) == ["none", "match"]
    assert {each["asked"] for each in record["equalised"]} == {"match"}
    alone = experiment_record(prepared({**ARM, "equalise": "match"}))
    assert (alone["equalise"], equalises_of(alone)) == ("none", ["match"])


def test_two_squares_of_one_comparison_are_two_lists(prepared):
    expansion = prepared({**ARM, "equalise": ["match(px=16)", "match"]})
    sizes = {(m.comparison, m.asked): m.formed.table_list.size_px for m in expansion.matched}
    assert list(sizes.values()) == [16, None, 16, None]
    assert len({fit.equalise for fit in expansion.fits.values()}) == 2


def test_what_is_unequalised_is_accepted_where_it_is_said_and_refused_where_not(prepared):
    with pytest.raises(Refused, match="format x label is one-sided"):
        prepared(ARM)
    with pytest.raises(Refused, match="format x label is one-sided"):
        prepared({**ARM, "equalise": "match"}, {**ARM, "name": "silent"})
    expansion = prepared(BOTH)
    assert expansion.equalises_asked == ["none", "match"]
    assert one_sided(expansion, "none")
    assert prepared({**ARM, "equalise": "none"}).equalises_asked == ["none"]


def test_exclude_only_and_the_labels_know_it(prepared):
    expansion = prepared(BOTH, exclude=[{"equalise": "match()"}])
    assert [fit.equalise for fit in expansion.fits.values()] == ["none"]
    labels = [fit.label for fit in prepared(BOTH).fits.values()]
    assert [label.rpartition(" / ")[2] for label in labels] == ["equalise=none", "equalise=match"]


def test_a_child_begins_with_the_parent_of_its_own_equalise(prepared):
    child = {**BOTH, "name": "tuned", "weights": {"from": "a"}}
    fits = prepared(BOTH, child).fits
    children = [fit for fit in fits.values() if fit.parent]
    assert len(children) == 2
    for fit in children:
        assert as_asked(fits[fit.parent].equalise) == as_asked(fit.equalise)


def test_a_parents_equalise_tells_children_apart_in_the_matrix(prepared, tmp_path):
    def tuned(name, equalise):
        weights = {"from": "a", "where": {"equalise": equalise}}
        return {**ARM, "name": name, "equalise": "none", "weights": weights}

    expansion = prepared(BOTH, tuned("b", "none"), tuned("c", "match"))
    store = open_store(tmp_path / "store")
    make_trials(make_plan(expansion, store), store)
    record = experiment_record(expansion)
    made = matrices(StoreSelection.of(store, [record]), record)
    assert len({matrix.title for matrix in made}) == len(made) == 4


def test_no_matrix_mixes_two_and_only_the_unequalised_are_cautioned(prepared, tmp_path):
    expansion = prepared(BOTH)
    store = open_store(tmp_path / "store")
    trials = make_trials(make_plan(expansion, store), store)
    run_here(trials, attempt=attempt_trial, is_done=partial(is_done, store))
    record = experiment_record(expansion)
    selection = StoreSelection.of(store, [record])
    made = matrices(selection, record)
    titles = [matrix.title for matrix in made]
    assert titles == ["simple_cnn, equalise=none", "simple_cnn, equalise=match"]
    for matrix in made:
        [entry] = matrix.all_entries()
        assert not entry.missing
        [cell] = entry.cells
        assert as_asked(expansion.fits[cell.fit_id].equalise) == matrix.settings["equalise"]
    [(sentence, _)] = accepted_bias(selection, record)
    assert "`equalise: none`. The numbers of such fits may come from that alone." in sentence
