"""The notebook from a store to the sweep's table: its cells run in order, its numbers are SQL's."""

import ast
import json
from dataclasses import replace

import numpy as np
import pytest
from repository import ROOT
from synthetic_store import SyntheticDetector, SyntheticGrid, write_synthetic_store

from analysis import load
from grid.store.opening import open_store

NOTEBOOK = ROOT / "analysis" / "seeds_table.ipynb"
GRID = SyntheticGrid(
    name="factors",
    detectors=tuple(
        SyntheticDetector(name="npr", options={"factor": factor}, skill=skill)
        for factor, skill in ((0.25, 2.0), (0.5, 3.0), (0.75, 2.5))
    ),
    generators=4,
    trained=1,
    seeds=2,
    images=40,
    seen=3,
    unreadable=1,
    degradations=("none",),
)


def executed(store, monkeypatch):
    monkeypatch.setenv("CROSSGEN_STORE", str(store))
    monkeypatch.delenv("CROSSGEN_EXPERIMENT", raising=False)
    names: dict[str, object] = {}
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    for cell in cells:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), NOTEBOOK.name, "exec"), names)
    return names


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebook") / "store"
    write_synthetic_store(open_store(folder), GRID)
    return folder


def test_the_table_is_that_of_sql(store, monkeypatch):
    names = executed(store, monkeypatch)
    table = names["table"]
    assert list(table.index) == [0.25, 0.5, 0.75]
    assert list(table.columns)[:3] == ["ProGAN", "StyleGAN", "Diffusion"]
    frames = load(store)
    for factor in table.index:
        for column, where in (
            ("ProGAN", "generator = 'progan'"),
            ("Diffusion", "family = 'diffusion'"),
            ("Mean (trained one in)", "true"),
            ("Mean (unseen only)", "generator <> 'progan'"),
        ):
            wanted = frames.query(
                f"SELECT 100 * avg(accuracy) AS value FROM cells WHERE {where} AND "
                f"degradation = 'none' AND (options->>'factor')::DOUBLE = {factor}"
            )
            assert table.loc[factor, column] == pytest.approx(wanted.value.item())
    assert names["accuracy"] == pytest.approx(names["one"].value)
    assert len(names["sentences"]) == 2
    assert all("95 % CI" in each and "2 comparisons, Holm" in each for each in names["sentences"])
    assert all("±" in each for each in np.ravel(names["shown"].to_numpy()))


def test_one_seed_has_no_spread_and_no_test(tmp_path, monkeypatch):
    one = replace(GRID, detectors=GRID.detectors[:2], seeds=1, images=30)
    write_synthetic_store(open_store(tmp_path / "store"), one)
    names = executed(tmp_path / "store", monkeypatch)
    assert all("not tested" in each for each in names["sentences"])
    assert not any("±" in each for each in np.ravel(names["shown"].to_numpy()))


def test_it_holds_no_outputs_and_parses():
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    for cell in cells:
        if cell["cell_type"] == "code":
            assert (cell["outputs"], cell["execution_count"]) == ([], None)
            ast.parse("".join(cell["source"]))
    assert [cell["cell_type"] for cell in cells[:2]] == ["markdown", "code"]
