"""What a matrix says of its fits: recipe, epochs, budget, input; read from the store alone."""

import dataclasses
import json

import pytest
from synthetic_store import SyntheticGrid, write_synthetic_store

from analysis.matrices.matrix_making import matrices
from analysis.page.matrix_text import matrix_lines
from analysis.page.overview import overview
from analysis.page.report import report_page
from analysis.selecting.selection import StoreSelection
from analysis.sql.query import query
from grid.records.stored_experiments import read_experiments
from grid.store.opening import open_store


def found_in(store, experiment):
    return matrices(StoreSelection.of(store, [experiment]), experiment)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    store = open_store(tmp_path_factory.mktemp("small") / "store")
    grid = SyntheticGrid(name="small", generators=3, seeds=2, images=30, degradations=("none",))
    return store, write_synthetic_store(store, grid)


def test_a_real_run_states_what_it_was_made_with(finished_run):
    store = open_store(finished_run.store)
    [experiment] = read_experiments(store)
    [matrix] = found_in(store, experiment)
    facts = dict(matrix.facts.named)
    assert facts.pop("recipe").startswith("small (lr 0.001, optimizer adamw, ")
    assert facts == {
        "epochs": "2, scored at the last",
        "training images": "28",
        "validation images": "4",
        "batch size": "8",
        "steps": "8",
        "training input": "random_crop(16, step=2) | hflip",
        "test input": "none",
        "augmentation": "none",
    }
    last = query(store, "SELECT max(step) AS step FROM history").to_pylist()
    assert facts["steps"] == str(last[0]["step"])


def test_the_page_and_the_terminal_state_them(small):
    store, experiment = small
    shown = overview(store, experiment)
    html = report_page(shown)
    assert html.count('<dl class="facts">') == len(shown.matrices) == 2
    assert "<dt>training images</dt><dd>270</dd>" in html
    assert "<dt>epochs</dt><dd>8, scored at the selected one: 6</dd>" in html
    _, *lines = (line.plain for line in matrix_lines(shown.matrices[0], "auc", 80))
    said = " ".join(lines[:3])
    assert said.startswith("recipe small; epochs: 8, scored at the selected one: 6; 270 training")
    assert "training input none; test input none; augmentation none" in said


def test_what_the_matrix_above_states_is_not_said_again(small):
    store, experiment = small
    first, second = overview(store, experiment).matrices
    same = dataclasses.replace(second, facts=first.facts)
    assert _second_line(same, first) == "settings as above"
    assert _second_line(same, None).startswith("recipe small; ")
    other = dataclasses.replace(first.facts, short="recipe other")
    assert _second_line(dataclasses.replace(second, facts=other), first) == "recipe other"


def _second_line(matrix, above):
    _, second, *_ = (line.plain for line in matrix_lines(matrix, "auc", 80, above))
    return second


def test_what_differs_between_fits_is_a_range(small):
    store, experiment = small
    changed = json.loads(json.dumps(experiment))
    fits = [fit for fit in changed["fits"] if fit["detector"] == "npr"]
    for fit in fits:
        fit["recipe"]["epochs"] = 20
    fits[0]["train"]["n"] = 1250
    selection = StoreSelection.of(store, [changed])
    commit = selection.commits[fits[1]["fit_id"]]
    commit.update(last_epoch=3, selected_epoch=2)
    facts = dict(matrices(selection, changed)[0].facts.named)
    assert facts["training images"] == "270 to 1,250"
    assert facts["epochs"] == "3 to 8 of at most 20, scored at the selected one: 2 to 6"


def test_fits_that_are_not_trained_are_said_to_be_so(small, tmp_path):
    _, experiment = small
    empty = open_store(tmp_path / "empty")
    facts = dict(found_in(empty, experiment)[0].facts.named)
    assert facts["epochs"] == "none trained yet, 8 wanted"
    assert "steps" not in facts
    grid = SyntheticGrid(
        name="half", generators=2, seeds=1, images=30, degradations=("none",), committed=0.75
    )
    half = open_store(tmp_path / "half")
    _, cnn = found_in(half, write_synthetic_store(half, grid))
    assert dict(cnn.facts.named)["epochs"].startswith("8 (1 of 2 fits trained), scored at")


def test_given_weights_have_no_training(small):
    store, experiment = small
    given = {"train": None, "recipe": {"name": "none"}, "seed": None, "weights": {"sha256": "ab"}}
    fits = [{**fit, **given} for fit in experiment["fits"][:1]]
    scoring = [s for s in experiment["scoring"] if s["fit_id"] == fits[0]["fit_id"]]
    [matrix] = found_in(store, {**experiment, "fits": fits, "scoring": scoring})
    assert matrix.facts.named == (("weights", "given, not trained here"), ("test input", "none"))
    assert matrix.facts.short == "given weights, test input none"
