"""`analysis.load`: a store as pandas frames, equal to SQL, typed alike whatever the rows hold."""

import logging
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from repository import ROOT
from synthetic_store import SyntheticGrid, write_synthetic_store

from analysis import load
from analysis.sql.query import QueryRefused, query
from grid.refusal import Refused
from grid.store.opening import open_store

GRID = SyntheticGrid(
    name="framed", generators=2, seeds=2, images=20, unreadable=1, degradations=("none",)
)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    opened = open_store(tmp_path_factory.mktemp("frames") / "store")
    write_synthetic_store(opened, GRID)
    return opened


def test_every_frame_has_the_rows_and_columns_of_its_view(store):
    frames = load(store.url)
    for view in ("fits", "pieces", "cells", "history", "failures"):
        rows = query(store, f"FROM {view}")
        frame = getattr(frames, view)
        assert list(frame.columns) == rows.column_names, view
        assert len(frame) == rows.num_rows, view
    for view, frame in (("scores", frames.scores()), ("images", frames.images())):
        assert list(frame.columns) == query(store, f"FROM {view} LIMIT 1").column_names
        assert len(frame) == query(store, f"SELECT count(*) AS n FROM {view}")["n"][0].as_py()


def test_types_say_what_a_column_is(store):
    frames = load(store)
    cells, scores = frames.cells, frames.scores()
    for name in ("fit_id", "detector", "test_set", "generator", "family", "degradation"):
        assert isinstance(cells[name].dtype, pd.CategoricalDtype), name
    assert cells["seed"].dtype == "Int64"
    assert cells["is_selected"].dtype == bool
    assert cells["auc"].dtype == "float64"
    assert scores["logit"].dtype == "float32"
    assert (scores["image"].dtype, scores["label"].dtype) == ("int32", "int8")
    empty = load(store).failures
    assert not len(empty)
    assert isinstance(empty["fit_id"].dtype, pd.CategoricalDtype)


def test_a_cell_is_the_mean_of_its_scores(store):
    frames = load(store)
    cell = frames.cells.iloc[0]
    pools = query(store, f"SELECT pool_id, label FROM pieces WHERE fit_id = '{cell.fit_id}'")
    assert pools.num_rows == 4
    where = f"fit_id = '{cell.fit_id}'"
    images = frames.images()[["pool_id", "image", "generator"]]
    joined = frames.scores(where).merge(images, on=["pool_id", "image"])
    rows = joined[joined["generator"] == cell.generator]
    assert rows["logit"].isna().sum() == 2  # one image of each class could not be read
    right = (rows["logit"] > 0) == (rows["label"] == 1)
    assert np.isclose(right[rows["logit"].notna()].mean(), cell.accuracy)


def test_a_condition_on_scores_is_one(store):
    frames = load(store)
    everything = frames.scores()
    assert len(frames.scores("label = 1 -- fakes")) == (everything["label"] == 1).sum()
    assert len(frames.scores("label = 1 OR label = 0")) == len(everything)
    for where in ("", "no_column = 1", "label =", "label = 1; FROM fits"):
        with pytest.raises(QueryRefused):
            frames.scores(where)


def test_experiments_are_chosen_as_by_query(store, caplog):
    assert len(load(store, experiment="framed").fits) == len(load(store).fits)
    with pytest.raises(Refused, match="framed"):
        load(store, experiment="frame")
    with caplog.at_level(logging.WARNING):
        load(store, all_expansions=True)
    assert not caplog.messages


def test_the_worked_question_of_the_readme_is_answered(tmp_path, monkeypatch):
    grid = replace(GRID, name="npr-factors", images=8, seeds=1, degradations=("none",))
    write_synthetic_store(open_store(tmp_path / "runs"), grid)
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "analysis" / "README.md").read_text()
    part = text.partition("## SQL and data frames")[2].partition("A query is one SELECT")[0]
    blocks = [each.partition("```")[0] for each in part.split("```python\n")[1:]]
    assert len(blocks) == 2
    names: dict[str, object] = {}
    for block in blocks:
        exec(block, names)
    reals = query(open_store("runs"), "SELECT fit_id FROM scores WHERE label = 0 AND logit > 0")
    assert names["taken"].wrong.sum() == reals.num_rows > 0
