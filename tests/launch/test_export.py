"""`crossgen export`: one file of cells or scores, equal to what SQL answers, whole or none."""

import os
from dataclasses import replace

import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest
from synthetic_store import SyntheticGrid, write_synthetic_store

from analysis.sql.query import query
from grid.records.places import scores_key
from grid.store.opening import open_store

GRID = SyntheticGrid(
    name="exported", generators=2, seeds=2, images=12, unreadable=1, degradations=("none",)
)
JOINED = """
    SELECT s.fit_id, s.epoch, s.degradation, s.image, i.image_id, i.path, i.generator, s.label,
    s.logit, s.seen FROM scores s JOIN images i USING (pool_id, image)
    ORDER BY s.fit_id, s.pool_id, s.image"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    where = tmp_path_factory.mktemp("export")
    write_synthetic_store(open_store(where / "store"), GRID)
    return where


def test_cells_are_those_of_the_view(crossgen, folder):
    store = folder / "store"
    for ending, read in ((".parquet", pq.read_table), (".csv", pc.read_csv)):
        out = folder / f"cells{ending}"
        code, said, err = crossgen("export", "exported", "-o", out, "--store", store)
        assert (code, err) == (0, "")
        assert said.startswith(f"wrote 16 cells to {out}")
        found = read(out)
        wanted = query(open_store(store), "FROM cells")
        assert found.column_names == wanted.column_names
        assert found["auc"].to_pylist() == wanted["auc"].to_pylist()
    assert pq.read_table(folder / "cells.parquet").equals(wanted)


@pytest.mark.parametrize("ending", [".parquet", ".csv"])
def test_scores_are_joined_with_their_images(crossgen, folder, ending):
    out = folder / f"scores{ending}"
    code, said, _ = crossgen("export", "-o", out, "--scores", "--store", folder / "store")
    assert (code, said.partition(" to ")[0]) == (0, "wrote 384 scores")
    found = pq.read_table(out) if ending == ".parquet" else pc.read_csv(out)
    wanted = query(open_store(folder / "store"), JOINED)
    found = found.sort_by(
        [("fit_id", "ascending"), ("pool_id", "ascending"), ("image", "ascending")]
    )
    for name in wanted.column_names:
        ours, theirs = found[name].to_pylist(), wanted[name].to_pylist()
        if name == "logit":
            assert [v is None for v in ours] == [v is None for v in theirs]
            assert [v or 0.0 for v in ours] == pytest.approx([v or 0.0 for v in theirs], rel=1e-6)
        else:
            assert ours == theirs, name


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["exported", "-o", "x.txt"], "End it in .parquet or .csv"),
        (["exported", "-o", "none/x.csv"], "its folder is not there"),
        (["exporte", "-o", "x.csv"], "Did you mean exported"),
        (["no.yaml", "-o", "x.csv"], "there is no such file"),
        (["exported", "-o", "x.csv", "--only", "seed=0"], "without FILE"),
        (["exported", "-o", "x.csv", "--digest", "zz"], "has no such expansion"),
    ],
)
def test_what_cannot_be_written_is_refused(crossgen, folder, monkeypatch, words, said):
    monkeypatch.chdir(folder)
    code, out, err = crossgen("export", *words, "--store", folder / "store")
    assert (code, out) == (2, "")
    assert said in " ".join(err.split())
    assert not (folder / "x.csv").exists()


def test_an_older_file_stays_unless_it_is_to_be_replaced(crossgen, folder):
    out = folder / "old.csv"
    out.write_text("mine")
    code, _, err = crossgen("export", "-o", out, "--store", folder / "store")
    assert (code, out.read_text()) == (2, "mine")
    assert "--overwrite" in err
    assert crossgen("export", "-o", out, "--overwrite", "--store", folder / "store")[0] == 0
    assert out.read_text().startswith('"experiments"')


def test_a_damaged_piece_is_left_out_and_named(crossgen, folder, tmp_path):
    write_synthetic_store(open_store(tmp_path / "store"), GRID)
    piece = query(open_store(tmp_path / "store"), "SELECT fit_id, piece_id FROM pieces LIMIT 1")
    key = scores_key(*(column[0].as_py() for column in piece.columns))
    path = tmp_path / "store" / key
    data = bytearray(path.read_bytes())
    data[30] ^= 1
    path.write_bytes(data)
    out = tmp_path / "scores.parquet"
    code, said, err = crossgen("export", "-o", out, "--scores", "--store", tmp_path / "store")
    assert (code, said.partition(" to ")[0]) == (0, "wrote 372 scores")
    assert os.path.basename(key) in err  # noqa: PTH119


def test_a_store_without_scores_gives_no_file(crossgen, tmp_path):
    write_synthetic_store(open_store(tmp_path / "store"), replace(GRID, committed=0.0))
    out = tmp_path / "cells.csv"
    code, _, err = crossgen("export", "-o", out, "--store", tmp_path / "store")
    assert (code, out.exists()) == (2, False)
    assert "none of its scores" in err
